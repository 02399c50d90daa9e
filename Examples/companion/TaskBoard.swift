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
    state.withLock { state in
      switch event.kind {
      case .taskCreated, .taskReleased: state.progress[task] = "waiting"
      case .taskStarted: state.progress[task] = "working"
      case .taskProgressed(let characters): state.progress[task] = "\(characters) characters"
      case .taskCompleted(let result): state.end(task, "[task \(task)]\n\(result.text)")
      case .taskDeadLettered(let failure): state.end(task, "[task \(task) failed] \(failure)")
      case .taskCancelled: state.end(task, "[task \(task) cancelled]")
      default: break
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
