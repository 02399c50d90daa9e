import CompanionApplication
import CompanionKit
import ExampleSupport
import Foundation

/// What it costs to keep a document embedded, beside the service: finding it, cutting it, the call through the router,
/// and storing the vector by a comparison with the text.
///
/// The service answers at once, and the time that is spent in it is not counted. It is called alone in the same run,
/// with the same texts. Commits wait for the disk: what that costs is told by the same vectors stored by hand.
struct EmbeddingSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  private static let rounds = 5
  private static let scope = MemoryScope.workspace(.main)

  func run() async throws {
    let count = options.count ?? 10_000
    let documents = Self.documents(count)
    var vectors = SyntheticVectors(kind: options.data, dimension: options.dimension)
    let drawn = vectors.queries(Self.differentVectors)
    let standard = EmbeddingConfiguration()
    var larger = standard
    larger.batchSize = 64
    larger.pageSize = 1_280
    for configuration in [standard, larger] {
      var whole: [Double] = []
      var own: [Double] = []
      var alone: [Double] = []
      for _ in 0..<Self.rounds {
        let service = InstantEmbeddings(vectors: drawn)
        let time = try await withStore { store in
          try await Self.embed(documents, by: service, in: store, configuration)
        }
        whole.append(time / Double(count))
        own.append((time - service.microseconds) / Double(count))
        alone.append(
          try await Self.call(service, documents, batch: configuration.batchSize) / Double(count))
      }
      let name =
        "\(options.store.rawValue), \(count) documents, batches of \(configuration.batchSize), "
        + "pages of \(configuration.pageSize)"
      // The quickest round: in the others the machine did something else as well.
      figure(name, "per_document_us", own.percentile(0))
      figure("\(name), the service included", "run_us", whole.percentile(0))
      figure(
        "comparison: the service alone, batches of \(configuration.batchSize)", "call_us", alone.percentile(0)
      )
      guard options.store == .sqlite else { continue }
      let raw = try (0..<Self.rounds).map { _ in
        try Self.withFolder { folder in
          try RawVectors.microseconds(
            in: folder.appending(path: "raw.db").path, drawn, count: count, batch: configuration.batchSize)
        }
      }
      figure(
        "comparison: the vectors alone stored by hand, \(configuration.batchSize) a commit",
        "per_document_us", raw.percentile(0))
    }
  }

  private static let differentVectors = 1_024

  private func figure(_ name: String, _ metric: String, _ value: Double) {
    report.figure("embedding", name, metric, value, "us")
  }

  /// One run over all documents, as a companion makes it: its ledger is written at the same time.
  ///
  /// - Returns: how many microseconds it took.
  private static func embed(
    _ documents: [Document], by service: InstantEmbeddings, in store: any CompanionStore,
    _ embedding: EmbeddingConfiguration
  ) async throws -> Double {
    for start in stride(from: 0, to: documents.count, by: 500) {
      let page = documents[start..<min(start + 500, documents.count)]
      try await store.commit(ChangeSet(page.map { .putDocument($0) }))
    }
    var configuration = CompanionConfiguration()
    configuration.embedding = embedding
    let environment = Environment(
      providers: [Provider("instant", services: ProviderServices(embeddings: service))], store: store,
      time: .system, identifiers: TimeOrderedIdentifiers.timeOrdered, random: .system, bus: EventBus(),
      configuration: configuration)
    let runner = EmbeddingRunner(environment: environment)
    let (run, time) = await withTaskGroup(of: Void.self) { group in
      group.addTask { await environment.router.keepLedger() }
      let clock = ContinuousClock()
      let start = clock.now
      let run = await runner.runOnce()
      let time = clock.now - start
      group.cancelAll()
      return (run, time)
    }
    await environment.router.ledger.finish()
    guard run.embedded == documents.count else {
      throw BenchmarkError(message: "only \(run.embedded) documents were embedded: \(run.end)")
    }
    return time.milliseconds * 1_000
  }

  /// The same calls of the service, and nothing else.
  ///
  /// - Returns: how many microseconds they took.
  private static func call(
    _ service: InstantEmbeddings, _ documents: [Document], batch: Int
  ) async throws -> Double {
    let texts = documents.map(\.text)
    let time = try await ContinuousClock().measure {
      for start in stride(from: 0, to: texts.count, by: batch) {
        _ = try await service.embed(Array(texts[start..<min(start + batch, texts.count)]))
      }
    }
    return time.milliseconds * 1_000
  }

  private static func documents(_ count: Int) -> [Document] {
    var talk = SyntheticTalk()
    let texts = talk.sessions(count: count, user: .user).flatMap { session in session.messages.map(\.text) }
    let now = SystemTimeSource().now
    return texts.prefix(count).enumerated().map { number, text in
      Document(
        id: DocumentID(bits: UInt128(number)), scope: scope, text: text,
        createdAt: now.advanced(by: .microseconds(number - count)))
    }
  }

  private func withStore<Value>(_ body: (any CompanionStore) async throws -> Value) async throws -> Value {
    guard options.store == .sqlite else { return try await body(InMemoryStore(time: .system)) }
    let folder = try Self.makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    let store = try await SQLiteStore.sqlite(at: folder.appending(path: "embedding.db").path)
    let value = try await body(store)
    await store.close()
    return value
  }

  private static func withFolder<Value>(_ body: (URL) throws -> Value) throws -> Value {
    let folder = try makeFolder()
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder)
  }

  private static func makeFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "companion-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return folder
  }
}
