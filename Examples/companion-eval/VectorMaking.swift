import CompanionDomain
import CompanionPorts
import CompanionSystem
import ExampleSupport

/// Has the vectors of texts made, and waits for the service where it asks for that, or fails in a way that may pass.
///
/// Figures over fewer texts than there are would be others: what has no vector in the end is told, and nothing else.
struct VectorMaking {
  /// How many texts are sent at once.
  private static let batch = 64
  /// How often a text that fails alone is sent again.
  private static let retries = 2
  /// After so many texts that fail one after the other it is the service that fails.
  private static let mostFailedInARow = 8
  /// How many texts without a vector are named.
  private static let told = 5

  private let service: any EmbeddingService
  private let tell: (String) -> Void
  private var patience = ServicePatience()
  private var sizes: [Int: (count: Int, first: String)] = [:]
  private var missing: [(name: String, reason: String)] = []
  /// How many texts there are, and how many have a vector.
  private let total: Int
  private var made = 0
  private var failedInARow = 0

  /// - Parameters:
  ///   - total: how many texts there will be.
  ///   - tell: takes what a person is to know meanwhile.
  init(of total: Int, by service: any EmbeddingService, tell: @escaping (String) -> Void) {
    self.total = total
    self.service = service
    self.tell = tell
  }

  /// The vectors of texts with their names, in their order; an empty one for a text that could not have any.
  ///
  /// - Throws: `EmbeddingError` where the service fails at everything; the `ProviderFailure` where a text is too long.
  mutating func vectors(of texts: [(name: String, text: String)]) async throws -> [[Float]] {
    var vectors: [[Float]] = []
    for start in stride(from: 0, to: texts.count, by: Self.batch) {
      vectors += try await self.vectors(ofBatch: texts[start..<min(start + Self.batch, texts.count)])
    }
    for ((name, _), vector) in zip(texts, vectors) where !vector.isEmpty {
      if !service.isLexical, vector.allSatisfy({ abs($0) < VectorIndex.least }) {
        missing.append((name, "its vector has only zeros, which has no direction to compare"))
      }
      sizes[vector.count, default: (0, name)].count += 1
    }
    return vectors
  }

  /// - Throws: `EmbeddingError` where a text has no vector, or vectors are of several sizes.
  func checkAll() throws(EmbeddingError) {
    if !missing.isEmpty {
      var lines = missing.prefix(Self.told).map { "  \($0.name): \($0.reason)" }
      if missing.count > Self.told { lines.append("  and \(missing.count - Self.told) more") }
      throw EmbeddingError(
        description: """
          \(missing.count) of \(counted(total, "text has", "texts have")) no vector, and no figures are printed: they \
          would be of fewer texts. Change or remove these texts, or run it again:
          \(lines.joined(separator: "\n"))
          """)
    }
    guard sizes.count > 1 else { return }
    let found = sizes.sorted { ($1.value.count, $0.key) < ($0.value.count, $1.key) }.prefix(Self.told)
      .map { "\($0.value.count) have \($0.key) numbers, such as that of \($0.value.first)" }
    throw EmbeddingError(
      description:
        "The service gives vectors of different sizes: of \(total), \(found.joined(separator: "; ")).")
  }

  private mutating func vectors(
    ofBatch texts: ArraySlice<(name: String, text: String)>
  ) async throws -> [[Float]] {
    do throws(ProviderFailure) {
      return try await asked(texts.map(\.text), retries: texts.count > 1 ? 0 : Self.retries)
    } catch {
      guard error.kind != .contextLengthExceeded else { throw error }
      guard error.isOfTexts else {
        throw failure("\(error)", "Run it again when the service answers.")
      }
      if texts.count == 1, let name = texts.first?.name {
        missing.append((name, "\(error)"))
        failedInARow += 1
        guard failedInARow < Self.mostFailedInARow else {
          throw failure("\(error)", "So it is with \(failedInARow) texts in a row.")
        }
        return [[]]
      }
      // It may be for one of them.
      let middle = texts.startIndex + texts.count / 2
      return try await vectors(ofBatch: texts[..<middle]) + vectors(ofBatch: texts[middle...])
    }
  }

  private func failure(_ reason: String, _ more: String) -> EmbeddingError {
    EmbeddingError(
      description:
        "\(reason) \(more) No figures are printed: \(total - made) of \(total) texts have no vector.")
  }

  /// - Parameter retries: how often a failure that may be for the texts is no reason to give up.
  private mutating func asked(
    _ texts: [String], retries: Int
  ) async throws(ProviderFailure) -> [[Float]] {
    var retries = retries
    while true {
      let failure: ProviderFailure
      do throws(ProviderFailure) {
        let vectors = try await service.embed(texts).vectors
        patience.noteAnswer()
        (made, failedInARow) = (made + vectors.count, 0)
        return vectors
      } catch {
        failure = error
      }
      if failure.isOfTexts {
        guard retries > 0, failure.disposition != .permanentForRequest else { throw failure }
        retries -= 1
        // A server that fails may be beginning anew.
        if failure.kind == .serverError { try await rest(.seconds(1)) }
        continue
      }
      guard let wait = patience.wait(after: failure) else { throw failure }
      tell(
        "\(failure) Asked again in \(wait.spoken), \(patience.waits) of \(ServicePatience.mostWaits) times."
      )
      try await rest(wait)
    }
  }

  private func rest(_ duration: Duration) async throws(ProviderFailure) {
    do { try await SystemTimeSource.system.sleep(for: duration) } catch { throw ProviderFailure(.cancelled) }
  }
}

extension ProviderFailure {
  /// Whether others may have a vector where these texts have none.
  fileprivate var isOfTexts: Bool {
    switch kind {
    case .malformedResponse, .serverError: retryAfter == nil
    default: disposition == .permanentForRequest
    }
  }
}
