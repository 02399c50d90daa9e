import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let changeSets: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a change builds on those before it, and each is returned in its place") {
      store, clock in
      try await changesBuild(store, clock)
    },
    ConformanceCheck("one failing change leaves nothing of its set") { store, clock in
      try await setIsAtomic(store, clock)
    },
    ConformanceCheck("a message and its task are stored together") { store, _ in
      try await messageAndTask(store)
    },
    ConformanceCheck("cancelling the caller does not tear a set") { store, _ in
      try await cancellationTearsNothing(store)
    },
  ]

  static func changesBuild(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(store.commit(ChangeSet([])), [], "what a set of nothing returns")
    let task = Make.task(1)
    let claimed = try task.applying(Make.claim(), at: clock.now)
    let done = TaskTransition.complete(Make.lease(), text: "done", usage: nil)
    let completed = try claimed.task.applying(done, at: clock.now)
    let other = Make.task(2)
    let changed = try await store.commit(
      .insertTask(task), .pauseTasks(.reasoning), .transition(task.id, Make.claim(), revision: 0),
      .insertTask(other), .moveSchedule(Make.id(1), from: nil, to: Make.time(1)),
      .transition(task.id, done, revision: 1))
    let expected = [
      TaskChange(task: task, event: task.creation), claimed,
      TaskChange(task: other, event: other.creation), completed,
    ]
    try expect(changed, expected, "what the set returns")
    try await expect(store.task(task.id), completed.task, "the task")
    try await expect(
      store.events().map(\.event), expected.compactMap(\.event), "the events, in the order of the changes")
  }

  static func setIsAtomic(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let running = try await store.insert(Make.task(1, key: "taken"), Make.claim())
    try await store.commit(.pauseTasks(.reasoning), .moveSchedule(Make.id(1), from: nil, to: Make.time(9)))
    let events = try await store.events()
    let statistics = try await store.taskStatistics()
    let failing: [(StoreConflict, ChangeSet.Change)] = [
      (.taskExists, .insertTask(Make.task(1))), (.taskExists, .insertTask(Make.task(2))),
      (.keyTaken(running.id), .insertTask(Make.task(4, key: "taken"))),
      (.keyTaken(Make.id(2)), .insertTask(Make.task(4, key: "new"))),
      (.noSuchTask, .transition(Make.id(9), .endWait, revision: nil)),
      (.taskMoved, .transition(running.id, .cancel(reason: "x"), revision: 1)),
      (.refused(.notWaiting(.running)), .transition(Make.id(2), .endWait, revision: nil)),
      (.scheduleMoved, .moveSchedule(Make.id(1), from: Make.time(9), to: Make.time(11))),
    ]
    for (conflict, change) in failing {
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(
          .insertTask(Make.task(2, key: "new")), .insertTask(Make.task(3, notBefore: Make.time(7))),
          .transition(running.id, .renew(running.lease, leaseLength: .seconds(90)), revision: 1),
          .transition(running.id, .report(running.lease, TaskProgress(note: "x"), usage: nil), revision: 2),
          .transition(Make.id(2), Make.claim(), revision: nil), .pauseTasks(nil),
          .pauseTasks(.textGeneration), .resumeTasks(.reasoning),
          .moveSchedule(Make.id(1), from: Make.time(9), to: Make.time(10)),
          .moveSchedule(Make.id(2), from: nil, to: Make.time(10)), change)
      }
      try await expect(store.allTasks(), [running], "all tasks")
      try await expect(store.task(Make.id(2)), nil, "the task that the failed set adds")
      try await expect(store.task(idempotencyKey: "new"), nil, "the task of its key")
      try await expect(store.events(), events, "the events")
      try await expect(store.events(of: running.id), events, "the events of the task that was there")
      try await expect(store.taskStatistics(), statistics, "the statistics")
      try await expect(store.pausedTasks(), TaskPause(kinds: [.reasoning]), "the pauses")
      try await expect(store.nextOccurrence(of: Make.id(1)), Make.time(9), "the schedule that was there")
      try await expect(store.nextOccurrence(of: Make.id(2)), nil, "the schedule that was not")
      try await expect(store.overdueTasks(limit: 9).nextAlarm, Make.time(30), "the next alarm")
      try await expect(store.take().nextDue, nil, "when the next task is due")
    }
    clock.advance(by: .seconds(3600))
    try await expect(store.take().numbers, [], "what can be claimed")
    let next = try await store.change(running.id, .cancel(reason: "enough"))
    try expect(next.event?.number, 3, "the number of the event after one that succeeds")
    try await store.insert(Make.task(2, key: "new"))
  }

  static func messageAndTask(_ store: any TaskStore) async throws {
    guard let store = store as? any ConversationStore & TaskStore else { return }
    try await store.begin(messages: 1)
    let message = Make.message(2)
    let changed = try await store.commit(
      .append([message], to: Make.id(1), after: Make.at(1)), .insertTask(Make.task(1)))
    try expect(changed.map(\.task), [Make.task(1)], "what the set returns")
    try await expect(store.log().last, message, "the message")
    try await expect(store.task(Make.id(1)), Make.task(1), "the task")

    try await expectConflict(.taskExists) { () throws(StoreFailure) in
      try await store.commit(
        .append([Make.message(3)], to: Make.id(1), after: Make.at(2)), .insertTask(Make.task(1)))
    }
    try await expectConflict(.logMoved) { () throws(StoreFailure) in
      try await store.commit(
        .insertTask(Make.task(2)), .transition(Make.id(1), Make.claim(), revision: nil),
        .append([Make.message(2)], to: Make.id(1), after: Make.at(1)))
    }
    try await expectRefusal(.notWaiting(.queued)) { () throws(StoreFailure) in
      try await store.commit(
        .append([Make.message(3)], to: Make.id(1), after: Make.at(2)),
        .transition(Make.id(1), .wake(input: "x"), revision: nil))
    }
    try await expect(store.log().count, 2, "the number of messages")
    try await expect(store.task(Make.id(1)), Make.task(1), "the task that the failed sets change")
    try await expect(store.task(Make.id(2)), nil, "the task of a failed set")
    try await expect(store.events().count, 1, "the number of events")
  }

  static func cancellationTearsNothing(_ store: any TaskStore) async throws {
    for number in 1...50 {
      let isStored = await withTaskGroup(of: Bool.self) { group in
        group.addTask {
          do {
            try await store.commit(
              .insertTask(Make.task(number)), .transition(Make.id(number), Make.claim(), revision: nil))
            return true
          } catch { return false }
        }
        group.cancelAll()
        return await group.next() ?? false
      }
      let task = try await store.task(Make.id(number))
      let events = try await store.events(of: Make.id(number)).count
      try expect(events, task == nil ? 0 : 2, "the number of events of a set whose caller was cancelled")
      try expect(task?.revision ?? 1, 1, "the revision of its task")
      try expect(!isStored || task != nil, "what was acknowledged to be stored")
    }
  }
}
