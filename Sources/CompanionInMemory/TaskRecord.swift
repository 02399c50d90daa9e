import CompanionDomain
import CompanionPorts

/// A task, and what belongs to it.
final class TaskRecord {
  let slot: Int
  /// The number of its kind in ``TaskIndexes/kinds``.
  let kind: Int
  var task: GenerationTask
  /// Where it is in the indexes.
  var place: TaskPlace
  /// The places of its events; that of number n has index n - 1.
  var cursors: [EventCursor] = []

  init(_ task: GenerationTask, slot: Int, kind: Int) {
    self.slot = slot
    self.kind = kind
    self.task = task
    place = TaskPlace(task)
    // Most tasks are created, started and completed.
    cursors.reserveCapacity(3)
  }

  func key(_ time: Timestamp) -> TaskKey { TaskKey(time: time, slot: slot) }
}

/// Where a task stands in the orders that change with its state.
struct TaskPlace: Sendable {
  /// Its place in the line, while it is queued.
  struct Queued: Sendable {
    var rank: Timestamp
    var since: Timestamp
    var notBefore: Timestamp?
  }

  var state: TaskStateName
  var queued: Queued?
  var alarm: Timestamp?
  var endedAt: Timestamp?

  init(_ task: GenerationTask) {
    state = task.state.name
    alarm = task.alarm
    endedAt = task.endedAt
    if case .queued(let queueing) = task.state, let rank = task.rank {
      queued = Queued(rank: rank, since: queueing.since, notBefore: queueing.notBefore)
    }
  }

  /// When the task ended, unless it is a dead letter.
  var finishedAt: Timestamp? { state == .deadLettered ? nil : endedAt }

  /// When the task ended, if it is a dead letter.
  var diedAt: Timestamp? { state == .deadLettered ? endedAt : nil }
}
