import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension TaskWitness {
  /// Compares what the store holds in the end with what it has accepted.
  func checkEnd(_ store: any CompanionStore, session: SessionID) async throws(StoreFailure) {
    let (tasks, acknowledged) = state.withLock { ($0.tasks, $0.acknowledged) }
    for (job, id) in acknowledged where try await store.task(id) == nil {
      report(.noTaskLost, "job \(job) was acknowledged as \(id), which is not in the store")
    }
    for known in tasks {
      if try await store.task(known.task.id) != known.task {
        report(.historyIsSound, "task \(known.number) is not what was stored last")
      }
      let events = try await store.taskEvents(after: .start, of: known.task.id, limit: .max)
      if events.map(\.event) != known.events {
        report(.historyIsSound, "task \(known.number) has other events than were stored")
      }
      if let flaw = CompanionDomain.TaskHistory.firstFlaw(in: events.map(\.event)) {
        report(.historyIsSound, "task \(known.number): \(flaw)")
      }
    }
    try await checkLists(store, tasks)
    try await checkConversation(store, session, tasks)
  }

  private func checkLists(_ store: any CompanionStore, _ tasks: [Known]) async throws(StoreFailure) {
    let dead = try await store.tasks(matching: TaskFilter(states: [.deadLettered]), limit: .max).map(\.id)
    let others = Set(TaskStateName.allCases).subtracting([.deadLettered])
    let live = try await store.tasks(matching: TaskFilter(states: others), limit: .max).map(\.id)
    if !Set(dead).isDisjoint(with: live) { report(.endsAreFinal, "a dead letter is live") }
    if dead.count + live.count != tasks.count {
      report(.noTaskLost, "\(tasks.count) tasks were stored, and \(dead.count + live.count) are there")
    }
    let statistics = try await store.taskStatistics()
    for state in TaskStateName.allCases {
      let count = tasks.count { $0.task.state.name == state }
      guard statistics.count(state) != count else { continue }
      report(.endsAreFinal, "\(statistics.count(state)) tasks count as \(state), and \(count) are")
    }
  }

  /// A conversation is told of each end of its tasks once.
  private func checkConversation(
    _ store: any CompanionStore, _ session: SessionID, _ tasks: [Known]
  ) async throws(StoreFailure) {
    let messages = try await store.messages(in: session, before: nil, limit: .max)
    for known in tasks where known.task.session != nil {
      let told = messages.count { $0.origin == .task(known.task.id) }
      guard told != known.announcements else { continue }
      report(
        .oneOutcome,
        "the conversation was told \(told) times of task \(known.number), not \(known.announcements)")
    }
  }
}
