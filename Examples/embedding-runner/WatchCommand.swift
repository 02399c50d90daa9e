import CompanionKit
import ExampleSupport

/// Embeds a folder, and goes on as its files change.
///
/// No system tells of all changes below a folder in one way: names, sizes and times are looked at again and again.
struct WatchCommand {
  let library: Library

  func run(_ folder: Folder) async throws -> Status {
    let isJSON = library.options.printsJSON
    var update = FolderUpdate(folder: folder, library: library)
    let report = try await update()
    Terminal.tell("\(folder.path): \(report.summary)")
    report.tellProblems()
    Terminal.tell("Embedding by \(library.service.summary).")
    let interval = library.options.interval
    let teller = WatchTeller()
    let sink: any EventSink = isJSON ? JSONEvents() : teller
    let companion = try library.makeCompanion(events: sink) { embedding in
      embedding.debounce = min(interval, embedding.debounce)
    }
    companion.start()
    do {
      return try await teller.progress.whileTellingOfWaits { () async throws -> Status in
        try await follow(&update, report)
      }
    } catch {
      await companion.stop()
      throw error
    }
  }

  /// Looks again and again, until it is cancelled.
  private func follow(_ update: inout FolderUpdate, _ first: FolderUpdate.Report) async throws -> Never {
    var told = Set(first.unreadable.map(\.description))
    while true {
      try await SystemTimeSource.system.sleep(for: library.options.interval)
      do {
        var report = try await update()
        if report.hasChanged { Terminal.tell("\(update.folder.path): \(report.summary)") }
        // It is found at each look, and told once.
        let unreadable = report.unreadable
        report.unreadable = unreadable.filter { !told.contains("\($0)") }
        report.tellProblems()
        told = Set(unreadable.map(\.description))
      } catch let problem as FileProblem {
        if told.insert("\(problem)").inserted { Terminal.complain("\(problem)") }
      }
    }
  }
}

/// Tells what goes on while a folder is watched.
private final class WatchTeller: EventSink {
  let progress = ProgressTeller()

  func emit(_ event: CompanionEvent) {
    switch event.kind {
    case .embeddingParked(let failed, _): progress.tell("parked: \(failed.source): \(failed.reason)")
    case .embeddingRunEnded(let run):
      progress.clear()
      if run.embedded > 0 { Terminal.show("embedded: \(Backfill.Total(run).summary)") }
      if run.end != .complete, run.end != .stopped { Terminal.complain("\(run.end)") }
    default: progress.emit(event)
    }
  }
}
