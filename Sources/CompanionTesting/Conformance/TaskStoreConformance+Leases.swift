import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let leases: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a lease holds until it expires") { store, clock in try await leaseHolds(store, clock) },
    ConformanceCheck("a lease that is renewed holds longer") { store, clock in
      try await renewedHoldsLonger(store, clock)
    },
    ConformanceCheck("a stale lease changes nothing") { store, clock in
      try await staleLeaseChangesNothing(store, clock)
    },
    ConformanceCheck("a lease number only grows") { store, clock in try await leaseGrows(store, clock) },
    ConformanceCheck("a task whose workers keep dying is dead-lettered") { store, clock in
      try await poisonIsDeadLettered(store, clock)
    },
  ]

  static let alarms: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("whatever runs out is found when it does, the first before the others") { store, clock in
      try await alarmsAreFound(store, clock)
    },
    ConformanceCheck("what has been seen to is not found again") { store, clock in
      try await handledIsNotFound(store, clock)
    },
  ]

  private static func rescue(_ lease: LeaseNumber) -> TaskTransition { .rescue(lease, retryIn: .zero) }

  static func leaseHolds(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    _ = try await store.take(lease: .seconds(30))
    clock.advance(by: .seconds(30) - .nanoseconds(1))
    try await expectRefusal(.notRunOut(until: Make.time(30))) { () throws(StoreFailure) in
      try await store.commit(.transition(Make.id(1), rescue(Make.lease()), revision: nil))
    }
    try await expect(store.overdueTasks(limit: 9).tasks, [], "what is overdue a nanosecond before the end")
    clock.advance(by: .nanoseconds(1))
    let overdue = try await store.overdueTasks(limit: 9)
    try expect(Make.numbers(overdue.tasks), [1], "what is overdue when the lease expires")
    try expect(overdue.now, clock.now, "the store's time")
    let rescued = try await store.change(Make.id(1), rescue(Make.lease())).task
    try expect(rescued.rescues, 1, "the number of rescues")
    try await expect(store.take(worker: 6).changes.map(\.task.lease), [Make.lease(2)], "the new lease")
  }

  static func renewedHoldsLonger(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let task = try await store.insert(Make.task(), Make.claim(lease: .seconds(30)))
    clock.advance(by: .seconds(20))
    let renewed = try await store.change(task.id, .renew(task.lease, leaseLength: .seconds(30)))
    try expect(renewed.event, nil, "the event of a renewal")
    try expect(renewed.task.revision, 2, "the revision")
    try await expect(store.overdueTasks(limit: 9).nextAlarm, Make.time(50), "the next alarm")
    try await store.change(task.id, .renew(task.lease, leaseLength: .seconds(1)))
    try await expect(store.overdueTasks(limit: 9).nextAlarm, Make.time(50), "an alarm that is not shortened")
    clock.advance(by: .seconds(29))
    try await expect(store.overdueTasks(limit: 9).tasks, [], "what is overdue before the new end")
    try await expect(store.events().count, 2, "the number of events")
  }

  static func staleLeaseChangesNothing(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    _ = try await store.take(worker: 1)
    clock.advance(by: .seconds(30))
    try await store.change(Make.id(1), rescue(Make.lease(1)))
    let current = try await store.take(worker: 2).changes.map(\.task)
    let late: [TaskTransition] = [
      .complete(Make.lease(1), text: "late", usage: nil), .renew(Make.lease(1), leaseLength: .seconds(90)),
      .report(Make.lease(1), TaskProgress(note: "late"), usage: TokenUsage(input: 1, output: 1)),
      .fail(Make.lease(1), .deadlinePassed, retryIn: nil), .release(Make.lease(1)), .stop(Make.lease(1)),
      .wait(Make.lease(1), .answer("late"), limit: nil), .reject(Make.lease(1), .undecodable("late")),
      rescue(Make.lease(1)), .timeOut(Make.lease(1), retryIn: nil),
    ]
    for transition in late {
      let refusal = TransitionRefusal.staleLease(held: Make.lease(1), current: Make.lease(2))
      try await expectRefusal(refusal) { () throws(StoreFailure) in
        try await store.commit(.transition(Make.id(1), transition, revision: nil))
      }
    }
    try await expect(store.allTasks(), current, "the task")
    try await store.change(Make.id(1), .complete(Make.lease(2), text: "in time", usage: nil))
  }

  static func leaseGrows(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    for round in 1...6 as ClosedRange<Int64> {
      let lease = Make.lease(round)
      try await expect(store.take().changes.map(\.task.lease), [lease], "lease \(round)")
      // However a lease ends, the next has a higher number.
      let ends: [[TaskTransition]] = [
        [.release(lease)], [.wait(lease, .answer("x"), limit: nil), .wake(input: nil)],
        [.fail(lease, .deadlinePassed, retryIn: .zero)],
        [.fail(lease, .deadlinePassed, retryIn: nil), .requeue(reason: "x", delay: .zero, limit: 9)],
      ]
      for step in ends[Int(round) % ends.count] { try await store.change(Make.id(1), step) }
      clock.advance(by: .seconds(1))
    }
  }

  static func poisonIsDeadLettered(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    for round in 1...Int64(GenerationTask.maximumRescues + 1) {
      let claimed = try await store.take()
      try expect(claimed.numbers, [1], "claim \(round)")
      clock.advance(by: .seconds(30))
      try await store.change(Make.id(1), rescue(Make.lease(round)))
    }
    try await expect(store.task(Make.id(1))?.state.name, .deadLettered, "the state")
    try await expect(store.take().numbers, [], "what is left to claim")
    try await expect(store.overdueTasks(limit: 9).nextAlarm, nil, "the next alarm")
  }

  /// Five tasks with alarms at 10 (a wait), 20 (an attempt), 30 (a lease), 40 and 50 (the tasks' deadlines), and
  /// three with none.
  private static func insertAlarms(_ store: any TaskStore) async throws {
    let claim = Make.claim(lease: .seconds(30))
    let wait = TaskTransition.wait(Make.lease(), .answer("x"), limit: .seconds(10))
    try await store.insert(Make.task(4, deadline: Make.time(40)))
    try await store.insert(Make.task(3, deadline: Make.time(99)), claim)
    try await store.insert(Make.task(1, deadline: Make.time(99)), claim, wait)
    try await store.insert(Make.task(2), Make.claim(lease: .seconds(90), attemptLimit: .seconds(20)))
    let forever = TaskTransition.wait(Make.lease(), .answer("x"), limit: nil)
    try await store.insert(Make.task(5, deadline: Make.time(50)), claim, forever)
    try await store.insert(Make.task(6))
    try await store.insert(Make.task(7), claim, forever)
    try await store.insert(Make.task(8, deadline: Make.time(5)), .cancel(reason: "x"))
  }

  static func alarmsAreFound(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(store.overdueTasks(limit: 9).nextAlarm, nil, "the next alarm in an empty store")
    try await insertAlarms(store)
    for (second, count) in [(0, 0), (9, 0), (10, 1), (15, 1), (20, 2), (30, 3), (49, 4), (50, 5), (999, 5)] {
      clock.advance(to: Make.time(second))
      for limit in [.min, -1, 0, 1, 3, .max] {
        let overdue = try await store.overdueTasks(limit: limit)
        let expected = Array(1...5).prefix(count).prefix(max(0, limit))
        try expect(
          Make.numbers(overdue.tasks), Array(expected), "what is overdue at \(second), at most \(limit)")
        try expect(overdue.nextAlarm, count == 5 ? nil : Make.time(count * 10 + 10), "the next alarm")
        try expect(overdue.now, Make.time(second), "the store's time")
        for task in overdue.tasks { try await expect(store.task(task.id), task, "a task that is overdue") }
      }
    }
  }

  static func handledIsNotFound(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await insertAlarms(store)
    clock.advance(to: Make.time(100))
    let steps: [(Int, TaskTransition, Int)] = [
      (4, .expire, 4), (2, .timeOut(Make.lease(), retryIn: .zero), 3), (1, .expire, 2),
      (3, .rescue(Make.lease(), retryIn: .zero), 2), (5, .cancel(reason: "x"), 1), (3, .expire, 0),
    ]
    for (number, transition, left) in steps {
      try await store.change(Make.id(number), transition)
      try await expect(store.overdueTasks(limit: 9).tasks.count, left, "the number that is left")
    }
    try await expect(store.overdueTasks(limit: 9).nextAlarm, nil, "the next alarm")
  }
}
