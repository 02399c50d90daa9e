/// Checks what is recorded of a task against what can have happened to one.
///
/// For hosts that keep events elsewhere, and for tests of a store. Times are not looked at: clocks may go back.
public enum TaskHistory {
  /// The first thing in a task's events that cannot be, in a sentence that names the event by its number; `nil`
  /// when all is well.
  ///
  /// - Parameter events: those of one task from its creation on. What has not happened yet is no flaw, so the
  ///   start of a good history is one.
  /// - Complexity: one pass.
  public static func firstFlaw(in events: [TaskEvent]) -> String? {
    var reader = TaskHistoryReader()
    for (index, event) in events.enumerated() {
      let expected = Int64(index) + 1
      guard event.number == expected else {
        return "Event \(event.number) stands where event \(expected) is expected."
      }
      guard event.task == events[0].task else {
        return "Event \(event.number) is of the task \(event.task), not \(events[0].task)."
      }
      if let flaw = reader.flaw(in: event.kind) { return "Event \(event.number) \(flaw)." }
    }
    return nil
  }
}

/// What is known of a task from its events so far.
private struct TaskHistoryReader {
  private enum Place {
    case nowhere
    case queued
    case running
    /// Running, and asked to stop for a reason.
    case stopping(String)
    case waiting
    case completed
    case cancelled
    case deadLettered(isReviewed: Bool)
  }

  private var place = Place.nowhere
  private var lease: Int64 = 0
  /// The number of the attempt that runs or is next.
  private var attempt = 1
  /// How many workers have died, one after another.
  private var rescues = 0

  /// What is wrong with the next event, as the rest of a sentence that begins with it; `nil` for nothing.
  mutating func flaw(in event: TaskEvent.Kind) -> String? {
    switch (place, event) {
    case (.nowhere, .created):
      place = .queued
    case (.nowhere, _):
      return "is the first, and tells of no creation"
    case (.queued, .started(let start)):
      return flaw(in: start)
    case (.running, .progressed), (.stopping, .progressed):
      return nil
    case (.running, .waiting):
      place = .waiting
      rescues = 0
    case (.waiting, .woken):
      place = .queued
    case (.running, .completed):
      place = .completed
    case (.running, .retried(let failure, _)):
      place = .queued
      attempt += 1
      // A handler's own failure may look like a dead worker; it is none then.
      if case .abandoned(let count) = failure, count == rescues + 1 { rescues = count } else { rescues = 0 }
    case (.running, .released):
      place = .queued
      rescues = 0
    case (.running, .cancelRequested(let reason)):
      place = .stopping(reason)
    case (.queued, .cancelled), (.waiting, .cancelled):
      place = .cancelled
    case (.stopping(let asked), .cancelled(let reason)):
      guard asked == reason else { return "cancels for another reason than was asked for: \(reason)" }
      place = .cancelled
    case (.queued, .deadLettered), (.waiting, .deadLettered), (.running, .deadLettered):
      place = .deadLettered(isReviewed: false)
    case (.deadLettered(isReviewed: false), .leftToPerson):
      place = .deadLettered(isReviewed: true)
    case (.deadLettered, .requeued):
      place = .queued
      attempt = 1
      rescues = 0
    default:
      return "(\(name(of: event))) cannot come when the task is \(name(of: place))"
    }
    return nil
  }

  private mutating func flaw(in start: TaskStart) -> String? {
    guard start.lease.rawValue == lease + 1 else {
      return "starts with lease \(start.lease.rawValue) where \(lease + 1) is expected"
    }
    guard start.attempt == attempt else {
      return "starts attempt \(start.attempt) where \(attempt) is expected"
    }
    guard start.rescues == rescues || start.rescues == 0 else {
      return "starts after \(start.rescues) dead workers where \(rescues) are expected"
    }
    place = .running
    lease += 1
    rescues = start.rescues
    return nil
  }

  private func name(of place: Place) -> String {
    switch place {
    case .nowhere: "not created"
    case .queued: "queued"
    case .running: "running"
    case .stopping: "running and asked to stop"
    case .waiting: "waiting"
    case .completed: "completed"
    case .cancelled: "cancelled"
    case .deadLettered(isReviewed: false): "dead-lettered"
    case .deadLettered(isReviewed: true): "dead-lettered and left to a person"
    }
  }

  private func name(of event: TaskEvent.Kind) -> String {
    switch event {
    case .created: "created"
    case .started: "started"
    case .progressed: "progressed"
    case .waiting: "waiting"
    case .woken: "woken"
    case .completed: "completed"
    case .retried: "retried"
    case .released: "released"
    case .cancelRequested: "cancel requested"
    case .cancelled: "cancelled"
    case .deadLettered: "dead-lettered"
    case .leftToPerson: "left to a person"
    case .requeued: "requeued"
    }
  }
}
