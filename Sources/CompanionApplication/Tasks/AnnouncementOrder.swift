import CompanionDomain
import CompanionPorts
import Synchronization

/// Keeps what is told of a task in the order in which it was stored.
///
/// Whoever stores a change says so before, and tells of it after. What others have to tell of the same task
/// meanwhile, such as the worker that took it at once, comes behind.
final class AnnouncementOrder: Sendable {
  private struct Held {
    var holders = 0
    var waiting: [TaskChange] = []
  }

  private let held = Mutex<[TaskID: Held]>([:])
  private let emit: @Sendable (TaskChange) -> Void

  init(emit: @escaping @Sendable (TaskChange) -> Void) { self.emit = emit }

  /// Says that a change of these tasks is about to be stored; ``release(_:)`` has to follow.
  func hold(_ ids: [TaskID]) {
    held.withLock { held in
      for id in ids { held[id, default: Held()].holders += 1 }
    }
  }

  /// Tells of a change that is stored, at once or when its turn has come.
  func tell(_ change: TaskChange) {
    let isHeld = held.withLock { held in
      guard held[change.task.id] != nil else { return false }
      held[change.task.id]?.waiting.append(change)
      return true
    }
    if !isHeld { emit(change) }
  }

  /// Says that what was to be told of these tasks has been.
  func release(_ ids: [TaskID]) {
    for id in ids {
      while let next = takeNext(of: id) {
        for change in next { emit(change) }
      }
    }
  }

  /// What is to be told now; the last holder goes on holding while it tells. `nil` when there is nothing.
  private func takeNext(of id: TaskID) -> [TaskChange]? {
    held.withLock { held in
      guard var entry = held[id] else { return nil }
      guard entry.holders == 1 else {
        entry.holders -= 1
        held[id] = entry
        return nil
      }
      guard !entry.waiting.isEmpty else {
        held[id] = nil
        return nil
      }
      let next = entry.waiting.sorted { ($0.event?.number ?? 0) < ($1.event?.number ?? 0) }
      entry.waiting = []
      held[id] = entry
      return next
    }
  }
}
