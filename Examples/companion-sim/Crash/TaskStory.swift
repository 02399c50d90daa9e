import CompanionKit

/// A task and everything that is said to have happened to it.
struct TaskStory {
  let task: GenerationTask
  let events: [TaskEvent]

  /// What is wrong with it; `nil` when nothing is.
  var firstFlaw: String? {
    if let flaw = TaskHistory.firstFlaw(in: events) { return flaw }
    guard task.lastEvent == Int64(events.count) else {
      return "\(events.count) events are there, and it counts \(task.lastEvent)."
    }
    let lease = events.reduce(LeaseNumber(rawValue: 0)) { lease, event in
      if case .started(let start) = event.kind { start.lease } else { lease }
    }
    guard task.lease == lease else {
      return "Its lease is \(task.lease.rawValue), and the last claim's \(lease.rawValue)."
    }
    let hasEnded = events.contains { $0.kind.isEnd }
    guard task.state.isFinal == hasEnded else {
      return "It is \(task.state.name.rawValue), and its history says otherwise."
    }
    return nil
  }
}
