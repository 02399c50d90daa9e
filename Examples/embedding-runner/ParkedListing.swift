import CompanionKit
import ExampleSupport

/// Lists what could not be embedded.
struct ParkedListing {
  let library: Library

  private static let limit = 20

  /// What is parked in a space, with the reasons, each on a line.
  ///
  /// - Parameter count: how much there is.
  func lines(of space: EmbeddingSpace, count: Int) async throws(StoreFailure) -> [String] {
    var lines: [String] = []
    for failed in try await library.parked(in: space, limit: Self.limit) {
      let tries = counted(failed.attempts, "try", "tries")
      lines.append("parked after \(tries): \(try await library.path(of: failed.source)): \(failed.reason)")
    }
    if count > lines.count { lines.append("parked: \(count - lines.count) more") }
    return lines
  }
}
