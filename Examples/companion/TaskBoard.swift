import CompanionKit
import Synchronization

/// Where background tasks stand, and what they have brought back that nobody has been shown yet.
final class TaskBoard: EventSink {
  fileprivate struct State {
    var progress: [TaskID: String] = [:]
    var results: [String] = []
  }

  private let state = Mutex(State())

  func emit(_ event: CompanionEvent) {
    guard let task = event.task else { return }
    guard case .task(let kind, let value) = event.kind else { return }
    state.withLock { state in
      switch kind {
      case .created, .released, .woken, .requeued: state.progress[task] = "queued"
      case .started: state.progress[task] = "working"
      case .progressed(let progress): state.progress[task] = progress.note ?? "working"
      case .waiting: state.progress[task] = "waiting"
      case .retried: state.progress[task] = "will be tried again"
      case .cancelRequested: state.progress[task] = "stopping"
      case .completed:
        if case .completed(let result) = value.state { state.end(task, "[task \(task)]\n\(result.text)") }
      case .deadLettered(let failure): state.end(task, "[task \(task) failed] \(failure)")
      case .cancelled: state.end(task, "[task \(task) cancelled]")
      case .leftToPerson: break
      }
    }
  }

  /// The results that have not been taken yet.
  func takeResults() -> [String] {
    state.withLock { state in
      defer { state.results = [] }
      return state.results
    }
  }

  /// One line on what goes on; `nil` when there is nothing to say.
  var summary: String? {
    let (progress, results) = state.withLock { ($0.progress, $0.results.count) }
    var parts = progress.sorted { $0.key < $1.key }.map { "task …\($0.key.rawValue.suffix(6)): \($0.value)" }
    if results > 0 {
      parts.append("\(results == 1 ? "a result is" : "\(results) results are") here: press Enter")
    }
    return parts.isEmpty ? nil : parts.joined(separator: "   ")
  }
}

extension TaskBoard.State {
  fileprivate mutating func end(_ task: TaskID, _ result: String) {
    progress[task] = nil
    results.append(result)
  }
}
