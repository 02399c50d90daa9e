import CompanionKit
import ExampleSupport

/// Embeds everything that is new, and ends.
struct RunCommand {
  let library: Library

  func run(_ folder: Folder) async throws -> Status {
    var update = FolderUpdate(folder: folder, library: library)
    let report = try await update()
    show("\(folder.path): \(report.summary)")
    report.tellProblems()
    let status = try await embed()
    return report.unreadable.isEmpty ? status : .failed
  }

  /// Tries again what could not be embedded.
  func retry() async throws -> Status {
    for space in try await library.store.embeddingSpaces() {
      try await library.store.commit(.retryEmbeddings(in: space))
    }
    return try await embed()
  }

  private var isJSON: Bool { library.options.printsJSON }

  /// Prints a line for a person; where events are printed, beside them.
  private func show(_ line: String) { if isJSON { Terminal.tell(line) } else { Terminal.show(line) } }

  private func embed() async throws -> Status {
    Terminal.tell("Embedding by \(library.service.summary).")
    let teller = ProgressTeller()
    let sink: any EventSink = isJSON ? JSONEvents() : teller
    let companion = try library.makeCompanion(events: sink) { embedding in
      embedding.isAutomatic = false
      // Somebody waits for the end.
      (embedding.retry.base, embedding.retry.cap) = (.seconds(1), .seconds(10))
    }
    // So that what calls cost is in the ledger, whatever happens.
    companion.start()
    do {
      let backfill = Backfill(
        companion: companion, retries: library.options.retries, tell: { teller.tell($0) })
      let total = try await teller.whileTellingOfWaits { try await backfill() }
      teller.clear()
      await companion.stop()
      return try await summarise(total)
    } catch {
      teller.clear()
      await companion.stop()
      throw error
    }
  }

  private func summarise(_ total: Backfill.Total) async throws -> Status {
    let run = total.last
    show("embedded: \(total.summary)")
    var isWhole = run.end == .complete
    if let space = run.space, let coverage = try await library.store.embeddingCoverage(in: space) {
      show("\(space): \(coverage.summary)")
      isWhole = isWhole && coverage.waiting == 0 && coverage.parked == 0
      let failures = try await FailureListing(library: library).lines(of: space, coverage)
      for line in failures { Terminal.tell(line) }
      if !failures.isEmpty { Terminal.tell("embedding-runner retry tries these again.") }
    }
    if run.end != .complete {
      Terminal.complain("\(run.end) What is stored stays; the same command goes on.")
    }
    return isWhole ? .done : .failed
  }
}

extension EmbeddingCoverage {
  /// How much is embedded, on one line.
  var summary: String {
    var parts = ["\(embedded) of \(total) embedded"]
    if waiting > 0 { parts.append("\(waiting) waiting") }
    if parked > 0 { parts.append("\(parked) parked") }
    return parts.joined(separator: ", ")
  }
}
