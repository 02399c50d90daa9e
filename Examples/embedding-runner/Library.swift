import CompanionKit
import ExampleSupport

/// What the commands share.
struct Library: Sendable {
  let options: Options
  let store: SQLiteStore
  let service: EmbeddingChoice

  /// Where the files' documents are.
  static let scope = MemoryScope.workspace(.main)

  /// A companion that embeds, and does nothing else.
  ///
  /// - Parameter configure: what is not as usual.
  func makeCompanion(
    events: (any EventSink)? = nil, _ configure: (inout EmbeddingConfiguration) -> Void
  ) throws -> Companion {
    var configuration = CompanionConfiguration()
    configuration.memory.isAutomatic = false
    // Who presses Ctrl-C wants the prompt back.
    configuration.embedding.stopGrace = .seconds(1)
    if let size = options.batchSize { configuration.embedding.batchSize = size }
    configuration.embedding.retry.maximumRetries = options.retries
    configure(&configuration.embedding)
    return try Companion(
      providers: service.providers, store: store, configuration: configuration, events: events)
  }

  /// The open spaces, and which of them is used: of the model that embeds, the one that was opened last.
  func spaces() async throws -> [(space: EmbeddingSpace, isUsed: Bool)] {
    let spaces = try await store.embeddingSpaces()
    let companion = try makeCompanion { $0.isAutomatic = false }
    let model = try await companion.status().embedding.model
    await companion.stop()
    let used = spaces.last { $0.model == model }
    return spaces.map { ($0, $0 == used) }
  }

  /// The path of what was embedded or found, as a person knows it.
  func path(of source: RecallSource) async throws(StoreFailure) -> String {
    guard case .document(let id) = source else { return "\(source)" }
    return try await store.document(id)?.path ?? id.rawValue
  }

  /// What has failed in a space: what is parked first, then what is tried again.
  func failures(in space: EmbeddingSpace, limit: Int) async throws(StoreFailure) -> [FailedEmbedding] {
    var (parked, waiting): ([FailedEmbedding], [FailedEmbedding]) = ([], [])
    var last: RecallSource?
    while parked.count < limit {
      let page = try await store.failedEmbeddings(in: space, after: last, limit: 500)
      guard let end = page.last else { break }
      last = end.source
      parked += page.filter { $0.retryAt == nil }
      waiting += page.filter { $0.retryAt != nil }.prefix(limit - min(waiting.count, limit))
    }
    return Array((parked + waiting).prefix(limit))
  }
}

extension Document {
  /// The path of its file, below the folder.
  var path: String? { metadata["path"] }
}
