import CompanionKit
import ExampleSupport

/// Shows how much is embedded.
struct StatusCommand {
  let library: Library

  func run(in folder: String) async throws -> Status {
    let isJSON = library.options.printsJSON
    if isJSON {
      Terminal.pass([
        "type": "status", "folder": .string(folder), "service": .string(library.service.summary),
      ])
    } else {
      Terminal.show("folder: \(folder)")
      Terminal.show("service: \(library.service.summary)")
    }
    let spaces = try await library.spaces()
    if spaces.isEmpty, !isJSON { Terminal.show("Nothing is embedded yet.") }
    for (space, isUsed) in spaces {
      guard let coverage = try await library.store.embeddingCoverage(in: space) else { continue }
      if isJSON { try await pass(space, coverage, isUsed) } else { try await show(space, coverage, isUsed) }
    }
    return .done
  }

  private func show(
    _ space: EmbeddingSpace, _ coverage: EmbeddingCoverage, _ isUsed: Bool
  ) async throws(StoreFailure) {
    Terminal.show("\(space): \(coverage.summary)\(isUsed ? "" : ", not used")")
    guard isUsed else {
      return Terminal.show(
        "  embedding-runner forget-model \"\(space.model.provider) \(space.model.model)\" --dimension \(space.dimension) removes its vectors"
      )
    }
    if let next = coverage.nextRetry { Terminal.show("  next try: \(next)") }
    for line in try await FailureListing(library: library).lines(of: space, coverage) {
      Terminal.show("  \(line)")
    }
  }

  private func pass(
    _ space: EmbeddingSpace, _ coverage: EmbeddingCoverage, _ isUsed: Bool
  ) async throws(StoreFailure) {
    var line: [String: JSONValue] = [
      "type": "space", "provider": .string(space.model.provider), "model": .string(space.model.model),
      "dimension": .integer(Int64(space.dimension)), "used": .bool(isUsed),
      "embedded": .integer(Int64(coverage.embedded)), "waiting": .integer(Int64(coverage.waiting)),
      "parked": .integer(Int64(coverage.parked)),
    ]
    line["next_try"] = coverage.nextRetry.map { .string("\($0)") }
    Terminal.pass(.object(line))
    var last: RecallSource?
    while true {
      let page = try await library.store.failedEmbeddings(in: space, after: last, limit: 500)
      guard let end = page.last else { return }
      last = end.source
      for failed in page {
        var line: [String: JSONValue] = [
          "type": "failed", "model": .string(space.model.model),
          "dimension": .integer(Int64(space.dimension)),
          "path": .string(try await library.path(of: failed.source)),
          "attempts": .integer(Int64(failed.attempts)), "reason": .string(failed.reason),
          "parked": .bool(failed.retryAt == nil),
        ]
        line["next_try"] = failed.retryAt.map { .string("\($0)") }
        Terminal.pass(.object(line))
      }
    }
  }
}
