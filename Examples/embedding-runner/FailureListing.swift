import CompanionKit
import ExampleSupport

/// Lists what could not be embedded.
struct FailureListing {
  let library: Library

  private static let limit = 20

  /// What is parked in a space, and what has failed and waits to be tried again, with the reasons, each on a line.
  ///
  /// - Parameter coverage: how much there is.
  func lines(of space: EmbeddingSpace, _ coverage: EmbeddingCoverage) async throws(StoreFailure) -> [String] {
    guard coverage.parked > 0 || coverage.nextRetry != nil else { return [] }
    var lines: [String] = []
    let failures = try await library.failures(in: space, limit: Self.limit)
    for failed in failures {
      let tries = counted(failed.attempts, "try", "tries")
      let state = failed.retryAt == nil ? "parked after \(tries)" : "waiting, \(tries) counted"
      lines.append("\(state): \(try await library.path(of: failed.source)): \(failed.reason)")
    }
    let parked = coverage.parked - failures.count { $0.retryAt == nil }
    if parked > 0 { lines.append("parked: \(parked) more") }
    return lines
  }
}
