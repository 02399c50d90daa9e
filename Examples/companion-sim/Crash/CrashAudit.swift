import CompanionKit
import Foundation

/// Checks every task that was acknowledged against what the file says of it.
struct CrashAudit {
  let path: String
  let ledger: CrashLedger.Contents

  /// - Throws: the store's failure, when the file cannot be read.
  func check(into verdict: inout CrashVerdict) async throws(StoreFailure) {
    let store = try await SQLiteStore(path: path, time: SystemTimeSource())
    try await store.checkIntegrity()
    for id in ledger.acknowledged {
      guard let task = try await store.task(id) else {
        verdict.lost.append("\(id) is not there.")
        continue
      }
      let events = try await store.taskEvents(after: .start, of: id, limit: .max).map(\.event)
      check(task, events, into: &verdict)
    }
    for (key, ids) in ledger.keys.sorted(by: { $0.key < $1.key }) {
      let names = ids.sorted().map(\.rawValue).joined(separator: ", ")
      if ids.count > 1 { verdict.doubled.append("The key \(key) was acknowledged for several: \(names).") }
      guard let kept = try await store.task(idempotencyKey: key) else { continue }
      if !ids.contains(kept.id) {
        verdict.doubled.append("The key \(key) was acknowledged for \(names), and is \(kept.id)'s.")
      }
    }
    await store.close()
    if FileManager.default.fileExists(atPath: path + "-wal") {
      verdict.flaws.append("The write-ahead log is left, although everybody has closed the file.")
    }
  }

  private func check(_ task: GenerationTask, _ events: [TaskEvent], into verdict: inout CrashVerdict) {
    if let flaw = TaskStory(task: task, events: events).firstFlaw {
      verdict.flaws.append("\(task.id): \(flaw)")
    }
    let told = ledger.completions[task.id] ?? []
    if let doubling = doubling(of: task, events, told) { verdict.doubled.append("\(task.id) \(doubling).") }
    switch task.state {
    case .completed: verdict.completed += 1
    case .deadLettered(let letter):
      verdict.deadLetters.append("\(task.id): \(letter.failure)")
      if !told.isEmpty { verdict.flaws.append("\(task.id) was reported as completed, and is a dead letter.") }
    case let state where state.isFinal:
      verdict.flaws.append("\(task.id) is \(state.name.rawValue), and nobody asked for that.")
    default:
      verdict.hanging.append("\(task.id) has not ended: \(task.state.name.rawValue).")
    }
  }

  /// How a task has more than one outcome; `nil` when it has not.
  private func doubling(of task: GenerationTask, _ events: [TaskEvent], _ told: [LeaseNumber]) -> String? {
    let ends = events.count { $0.kind.isEnd }
    if ends > 1 { return "has ended \(ends) times" }
    let leases = told.map { "\($0.rawValue)" }.joined(separator: ", ")
    if told.count > 1 { return "was reported as completed \(told.count) times, under lease \(leases)" }
    if case .completed = task.state, let lease = told.first, lease != task.lease {
      return "was reported as completed under lease \(lease.rawValue), and is under \(task.lease.rawValue)"
    }
    return nil
  }
}

extension TaskEvent.Kind {
  /// Whether the task has ended by it.
  var isEnd: Bool {
    switch self {
    case .completed, .cancelled, .deadLettered: true
    default: false
    }
  }
}
