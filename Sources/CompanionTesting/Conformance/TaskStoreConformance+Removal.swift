import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let removal: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a task that has ended is removed, however it ended") { store, clock in
      try await endedIsRemoved(store, clock)
    },
    ConformanceCheck("the events of a removed task go with it") { store, _ in try await eventsGo(store) },
    ConformanceCheck("the key of a removed task is free") { store, _ in try await keyIsFree(store) },
    ConformanceCheck("a task that has not ended is not removed") { store, clock in
      try await livingIsNotRemoved(store, clock)
    },
    ConformanceCheck("a removal names a task that is there") { store, _ in
      try await unknownIsNotRemoved(store)
    },
    ConformanceCheck("a set removes the task that it ends") { store, _ in try await setEndsAndRemoves(store)
    },
    ConformanceCheck("a removal is undone with its set") { store, clock in
      try await removalIsUndone(store, clock)
    },
    ConformanceCheck("the removal of a task is told") { store, _ in try await removalIsTold(store) },
  ]

  private static let done = TaskTransition.complete(Make.lease(), text: "done", usage: nil)
  private static let dead = TaskTransition.reject(Make.lease(), .undecodable("x"))
  private static let cancel = TaskTransition.cancel(reason: "enough")

  static func endedIsRemoved(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let kept = try await store.insert(Make.task(1000, key: "kept"))
    let statistics = try await store.taskStatistics()
    for script in TaskScript.all {
      clock.advance(to: Make.start)
      let before = try await store.overdueTasks(limit: .max)
      var task = try await store.insert(script.task)
      for step in script.steps {
        clock.advance(by: .seconds(step.seconds))
        task = try await store.change(task.id, step.transition).task
      }
      if !task.state.isFinal {
        try await store.change(task.id, cancel)
        task = try await store.task(task.id) ?? task
      }
      // One that runs has only been asked to stop.
      if !task.state.isFinal { task = try await store.change(task.id, .stop(task.lease)).task }
      let changed = try await store.commit(.removeTask(task.id))
      try expect(changed, [], "what is returned for a removal")
      try await expect(store.task(task.id), nil, "the removed task, which was \(task.state.name)")
      try await expect(store.allTasks(), [kept], "all tasks")
      for filter in [
        TaskFilter(states: [task.state.name]), TaskFilter(session: Make.id(3)),
        TaskFilter(requester: Make.id(9)),
      ] {
        try await expect(store.tasks(matching: filter, limit: 9), [], "the tasks of \(filter)")
      }
      try await expect(store.taskStatistics(), statistics, "the statistics")
      clock.advance(to: Make.start)
      try await expect(store.overdueTasks(limit: .max), before, "what has an alarm")
    }
  }

  static func eventsGo(_ store: any TaskStore) async throws {
    try await store.insert(Make.task(1))
    try await store.insert(Make.task(2), Make.claim(), done)
    try await store.change(Make.id(1), Make.claim())
    let last = try await store.events().last?.cursor ?? .start
    let left = try await store.events(of: Make.id(1))
    try await store.commit(.removeTask(Make.id(2)))
    try await expect(store.events(of: Make.id(2)), [], "the events of the removed task")
    try await expect(store.events(), left, "all events")
    // Its name is free again, and no place among the events is used twice.
    try await store.insert(Make.task(2), cancel)
    let events = try await store.events(of: Make.id(2))
    try expect(events.map(\.event.number), [1, 2], "the numbers of the events of another with its name")
    try expect(events.allSatisfy { $0.cursor > last }, "places behind those of what was removed")
    // Nor where the newest are what is removed.
    try await store.commit(.removeTask(Make.id(2)), .insertTask(Make.task(3)))
    let newest = try await store.events(of: Make.id(3))
    let isBehind = zip(events.suffix(1), newest).allSatisfy { $0.cursor < $1.cursor }
    try expect(newest.count == 1 && isBehind, "a place behind those of the newest that was removed")
  }

  static func keyIsFree(_ store: any TaskStore) async throws {
    try await store.insert(Make.task(1, key: "a wish"), cancel)
    try await store.insert(Make.task(2, key: "another"), cancel)
    try await store.commit(.removeTask(Make.id(1)))
    try await expect(store.task(idempotencyKey: "a wish"), nil, "the task of the key")
    let next = try await store.insert(Make.task(3, key: "a wish"))
    try await expect(store.task(idempotencyKey: "a wish"), next, "the next task of the key")
    try await expectConflict(.keyTaken(Make.id(2))) { () throws(StoreFailure) in
      try await store.commit(.insertTask(Make.task(4, key: "another")))
    }
  }

  static func livingIsNotRemoved(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let wait = TaskTransition.wait(Make.lease(), .provider("all rest"), limit: .seconds(9))
    let requeue = TaskTransition.requeue(reason: "x", delay: .zero, limit: 1)
    let living = [
      try await store.insert(Make.task(1)),
      try await store.insert(Make.task(2, notBefore: Make.time(90), deadline: Make.time(95))),
      try await store.insert(Make.task(3), Make.claim()),
      try await store.insert(Make.task(4), Make.claim(), cancel),
      try await store.insert(Make.task(5), Make.claim(), wait),
      try await store.insert(Make.task(6), Make.claim(), dead, requeue),
    ]
    let events = try await store.events()
    // Nor does time end them.
    for second in [0, 9999] {
      clock.advance(to: Make.time(second))
      for task in living {
        try await expectRefusal(.notEnded(task.state.name)) { () throws(StoreFailure) in
          try await store.commit(.removeTask(task.id))
        }
        try await expect(store.task(task.id), task, "the task that is not removed")
      }
    }
    try await expect(store.events(), events, "the events")
  }

  static func unknownIsNotRemoved(_ store: any TaskStore) async throws {
    let kept = try await store.insert(Make.task(1), cancel)
    try await store.insert(Make.task(2), cancel)
    try await store.commit(.removeTask(Make.id(2)))
    for sets in [[9], [2], [1, 1], [1, 2]] {
      try await expectConflict(.noSuchTask) { () throws(StoreFailure) in
        try await store.commit(ChangeSet(sets.map { .removeTask(Make.id($0)) }))
      }
      try await expect(store.allTasks(), [kept], "all tasks")
    }
    try await expectConflict(.noSuchTask) { () throws(StoreFailure) in
      try await store.commit(.removeTask(kept.id), .transition(kept.id, .leaveToPerson, revision: nil))
    }
    try await expect(store.task(kept.id), kept, "the task of a set that failed")
  }

  static func setEndsAndRemoves(_ store: any TaskStore) async throws {
    let running = try await store.insert(Make.task(1, key: "a wish"), Make.claim())
    let ended = try running.applying(done, at: Make.start)
    let next = Make.task(2, key: "a wish")
    let changed = try await store.commit(
      .transition(running.id, done, revision: 1), .removeTask(running.id), .insertTask(next))
    try expect(changed, [ended, TaskChange(task: next, event: next.creation)], "what the set returns")
    try await expect(store.allTasks(), [next], "all tasks")
    try await expect(store.task(idempotencyKey: "a wish"), next, "the task of the key")
    // Another under the same name, and one that comes and goes with its set.
    let again = Make.task(2, "again", key: "a wish")
    try await store.commit(
      .transition(next.id, cancel, revision: nil), .removeTask(next.id), .insertTask(again),
      .insertTask(Make.task(3)), .transition(Make.id(3), cancel, revision: nil), .removeTask(Make.id(3)))
    try await expect(store.allTasks(), [again], "all tasks after a set that adds what it removes")
    try await expect(store.events().map(\.event), [again.creation], "all events")
    try await store.change(again.id, Make.claim(), revision: 0)
  }

  static func removalIsUndone(_ store: any TaskStore, _ clock: FakeClock) async throws {
    // More events than a store may keep in one piece.
    let count = 120
    for number in 1...count {
      let end = number % 2 == 0 ? done : dead
      try await store.insert(Make.task(number, key: "\(number)"), Make.claim(), end)
    }
    let waiting = try await store.insert(Make.task(200, deadline: Make.time(90)))
    let tasks = try await store.allTasks()
    let events = try await store.events()
    let statistics = try await store.taskStatistics()
    let alarms = try await store.overdueTasks(limit: .max)
    let removals = (1...count).map { ChangeSet.Change.removeTask(Make.id($0)) }
    let others: [ChangeSet.Change] = [
      .insertTask(Make.task(1, "again", key: "2")), .insertTask(Make.task(301, key: "1")),
      .transition(Make.id(301), cancel, revision: nil), .removeTask(Make.id(301)),
      .insertTask(Make.task(302, key: "1")), .transition(waiting.id, cancel, revision: nil),
      .removeTask(waiting.id),
    ]
    let failing: [(StoreConflict, ChangeSet.Change)] = [
      (.noSuchTask, .removeTask(Make.id(9))), (.taskExists, .insertTask(Make.task(1))),
      (.refused(.notEnded(.queued)), .removeTask(Make.id(302))),
      (.keyTaken(Make.id(302)), .insertTask(Make.task(303, key: "1"))),
    ]
    for (conflict, change) in failing {
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(ChangeSet(removals + others + [change]))
      }
      try await expect(store.allTasks(), tasks, "all tasks")
      try await expect(
        store.tasks(matching: TaskFilter(session: Make.id(1)), limit: .max), tasks, "a session's")
      for task in tasks {
        guard let key = task.request.idempotencyKey else { continue }
        try await expect(store.task(idempotencyKey: key), task, "the task of its key")
      }
      try await expect(store.events(), events, "all events")
      try await expect(store.events(of: Make.id(7)), events.filter { $0.event.task == Make.id(7) }, "of one")
      try await expect(store.taskStatistics(), statistics, "the statistics")
      try await expect(store.overdueTasks(limit: .max), alarms, "what has an alarm")
    }
    try await store.change(Make.id(7), .requeue(reason: "again", delay: .zero, limit: 1))
    try await expect(
      store.events(of: Make.id(7)).map(\.event.number), [1, 2, 3, 4], "the numbers of a task's events")
    try await expect(store.take(1).numbers, [7], "what is claimed")
    clock.advance(by: .seconds(9999))
    let removed = try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: .max)
    try expect(removed, count - 1, "the number of those that are removed for their age")
  }

  static func removalIsTold(_ store: any TaskStore) async throws {
    try await store.insert(Make.task(1), cancel)
    var changes = store.taskChanges().makeAsyncIterator()
    try await store.commit(.removeTask(Make.id(1)))
    try expect(await changes.next() != nil, "a stream that goes on while its store is there")
  }
}
