import CompanionKit
import ExampleSupport
import Foundation
import Synchronization

/// Finds files by their words and by what they mean.
struct SearchCommand {
  let library: Library

  func run(_ query: String) async throws -> Status {
    let progress = ProgressTeller()
    let failure = FailureNote(progress: progress)
    let companion = try library.makeCompanion(events: failure) { embedding in
      // Somebody waits, but not for a conversation to go on.
      embedding.recallPatience = Self.patience
    }
    let result = try await progress.whileTellingOfWaits {
      try await companion.recall(
        query, in: [Library.scope], matching: library.options.filter, budget: Self.budget)
    }
    progress.clear()
    await companion.stop()
    if let failure = failure.last {
      // Whoever waits no longer cancels the call.
      let reason =
        failure.kind == .cancelled
        ? "The service that makes vectors did not answer within \(Self.patience.spoken)." : "\(failure)"
      Terminal.complain("\(reason) What is found is found by words alone.")
    }
    if !result.items.isEmpty, !library.options.printsJSON {
      Terminal.tell("Best first; scores have no unit, and compare within this search alone.")
    }
    for (place, item) in result.items.prefix(library.options.limit).enumerated() {
      guard case .document(let id) = item.source, let document = try await library.store.document(id) else {
        continue
      }
      show(document, snippet: Snippet(of: document.text, for: query).text, item.score, place: place + 1)
    }
    if result.items.isEmpty { Terminal.tell("Nothing was found.") }
    return .done
  }

  private static let patience = Duration.seconds(20)
  /// In tokens: files are shown in part, however long they are.
  private static let budget = 1_000_000_000

  private func show(_ document: Document, snippet: String, _ score: Double, place: Int) {
    let path = document.path ?? document.id.rawValue
    if library.options.printsJSON {
      return Terminal.pass([
        "type": "found", "path": .string(path), "title": .string(document.title), "score": .number(score),
        "snippet": .string(snippet),
      ])
    }
    let title = path.hasSuffix(document.title) ? "" : "  \(document.title)"
    Terminal.show(
      "\(place). \(path.singleLine)\(title)  \(String(format: "%.4f", score))\n   \(snippet.singleLine)")
  }
}

/// Keeps why the last call of a model failed, and tells of one that takes long.
private final class FailureNote: EventSink {
  private let progress: ProgressTeller
  private let failure = Mutex<ProviderFailure?>(nil)

  var last: ProviderFailure? { failure.withLock(\.self) }

  init(progress: ProgressTeller) { self.progress = progress }

  func emit(_ event: CompanionEvent) {
    progress.emit(event)
    guard case .modelCallEnded(_, let outcome) = event.kind, let failed = outcome.failure else { return }
    failure.withLock { $0 = failed }
  }
}
