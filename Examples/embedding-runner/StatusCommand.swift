import CompanionKit
import ExampleSupport

/// Shows how much is embedded.
struct StatusCommand {
  let library: Library

  func run(in folder: String) async throws -> Status {
    Terminal.show("folder: \(folder)")
    Terminal.show("service: \(library.service.summary)")
    let spaces = try await library.store.embeddingSpaces()
    if spaces.isEmpty { Terminal.show("Nothing is embedded yet.") }
    for space in spaces {
      guard let coverage = try await library.store.embeddingCoverage(in: space) else { continue }
      Terminal.show("\(space): \(coverage.summary)")
      if let next = coverage.nextRetry { Terminal.show("  next try: \(next)") }
      if coverage.parked > 0 {
        for line in try await ParkedListing(library: library).lines(of: space, count: coverage.parked) {
          Terminal.show("  \(line)")
        }
      }
    }
    return .done
  }
}
