import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let claims: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a claim takes those that have waited longest") { store, _ in
      try await claimTakesOldest(store)
    },
    ConformanceCheck("a priority is a head start, and starves nobody") { store, _ in
      try await priorityIsHeadStart(store)
    },
    ConformanceCheck("a claim is stored as it is returned") { store, clock in
      try await claimIsStored(store, clock)
    },
    ConformanceCheck("only what is queued and of use is claimed") { store, clock in
      try await onlyClaimableIsClaimed(store, clock)
    },
    ConformanceCheck("concurrent claims never share a task") { store, _ in
      try await claimsAreDisjoint(store)
    },
    ConformanceCheck("a task that is released has its place in the line again") { store, clock in
      try await releasedKeepsItsPlace(store, clock)
    },
    ConformanceCheck("a claim of any length is taken") { store, clock in
      try await extremesAreTaken(store, clock)
    },
  ]

  static func claimTakesOldest(_ store: any TaskStore) async throws {
    try await expect(store.take().numbers, [], "what is claimed in an empty store")
    // The last was created by a clock that runs ahead: it waits for its turn and not for its time.
    for (number, second) in [(1, 10), (2, 30), (4, 20), (3, 20), (5, 1_000_000)] {
      try await store.insert(Make.task(number, createdAt: Make.time(second)))
    }
    for limit in [0, -1, .min] {
      try await expect(store.take(limit).numbers, [], "what limit \(limit) claims")
    }
    try await expect(store.take(1).numbers, [1], "the first claim")
    try await expect(store.take(2).numbers, [3, 4], "the next two")
    try await expect(store.take(.max).numbers, [2, 5], "the rest")
    try await expect(store.take(9).numbers, [], "what is left")
  }

  static func priorityIsHeadStart(_ store: any TaskStore) async throws {
    let line: [(number: Int, second: Int, priority: GenerationTask.Priority)] = [
      (1, 0, .normal), (2, 3599, .high), (3, 3600, .high), (4, 3601, .high), (5, -3601, .low),
      (6, -3599, .low), (7, 1, .init(rawValue: 1)), (8, 6000, .init(rawValue: 100)),
      (9, -6000, .init(rawValue: -100)), (10, -1, .normal),
    ]
    let tasks = line.map { Make.task($0.number, createdAt: Make.time($0.second), priority: $0.priority) }
    try await store.insert(tasks)
    var claimed: [Int] = []
    // In parts, so that neither the order of one claim nor that of several is left to chance.
    for limit in [1, 2, 3, 9] { claimed += try await store.take(limit).numbers }
    // By the second at which each counts as having come: 7 at -59; 2, 10 and 5 at -1; and so on.
    try expect(claimed, [7, 2, 5, 10, 1, 3, 8, 9, 4, 6], "the order in which tasks are claimed")
  }

  static func claimIsStored(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let tasks = [Make.task(1), Make.task(2, createdAt: Make.time(1))]
    try await store.insert(tasks)
    clock.advance(by: .seconds(77))
    let claimed = try await store.take(lease: .seconds(45))
    let expected = try tasks.map { try $0.applying(Make.claim(lease: .seconds(45)), at: clock.now) }
    try expect(claimed.changes, expected, "what is claimed")
    try expect(claimed.now, clock.now, "the store's time")
    for change in expected {
      try await expect(store.task(change.task.id), change.task, "what is stored")
      try await expect(
        store.events(of: change.task.id).last?.event, change.event, "the event that tells of it")
    }
    let running = try await store.tasks(matching: TaskFilter(states: [.running]), limit: 9)
    try expect(Make.numbers(running), [2, 1], "the running tasks")
    let queued = try await store.tasks(matching: TaskFilter(states: [.queued]), limit: 9)
    try expect(queued, [], "the queued tasks")
  }

  static func onlyClaimableIsClaimed(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let lease = Make.lease()
    try await store.insert(Make.task(1), .cancel(reason: "x"))
    try await store.insert(Make.task(2), Make.claim(), .complete(lease, text: "done", usage: nil))
    try await store.insert(Make.task(3), Make.claim(), .reject(lease, .undecodable("x")))
    try await store.insert(Make.task(4), Make.claim(), .wait(lease, .answer("x"), limit: .seconds(1)))
    // A lease that has expired is not claimed before somebody has rescued the task.
    try await store.insert(Make.task(5), Make.claim(lease: .seconds(1)))
    // At the head of the line, and of no use any more.
    try await store.insert(Make.task(6, createdAt: Make.time(-99), deadline: Make.time(10)))
    try await store.insert(Make.task(7, createdAt: Make.time(-98), deadline: Make.time(101)))
    try await store.insert(Make.task(8))
    clock.advance(by: .seconds(100))
    try await expect(store.take(1).numbers, [7], "the first claim")
    try await expect(store.take().numbers, [8], "the rest")
    try await store.change(Make.id(5), .rescue(lease, retryIn: .zero))
    try await store.change(Make.id(4), .endWait)
    try await expect(store.take().numbers, [4, 5], "what has come back to the line")
    try await expect(store.task(Make.id(6))?.state.name, .queued, "the state of the task that is overdue")
  }

  static func claimsAreDisjoint(_ store: any TaskStore) async throws {
    let count = 60
    try await store.insert((1...count).map { Make.task($0) })
    let claimed = try await withThrowingTaskGroup(of: [TaskChange].self) { group in
      for worker in 1...20 { group.addTask { try await store.take(4, worker: worker).changes } }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    try expect(claimed.count, count, "the number of claims")
    try expect(Set(claimed.map(\.task.id)).count, count, "the number of tasks that are claimed")
    for change in claimed { try await expect(store.task(change.task.id), change.task, "a claimed task") }
    try await expect(store.events().count, 2 * count, "the number of events")
  }

  static func releasedKeepsItsPlace(_ store: any TaskStore, _ clock: FakeClock) async throws {
    for number in 1...2 { try await store.insert(Make.task(number, createdAt: Make.time(number))) }
    for round in 1...3 {
      clock.advance(by: .seconds(10))
      let claimed = try await store.take(1, worker: round)
      try expect(claimed.numbers, [1], "claim \(round)")
      try expect(claimed.changes.map(\.task.lease), [Make.lease(Int64(round))], "its lease")
      try await store.change(Make.id(1), .release(Make.lease(Int64(round))))
    }
    try await expect(store.overdueTasks(limit: 9).nextAlarm, nil, "the next alarm when nothing runs")
  }

  static func extremesAreTaken(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let times = [Timestamp(nanosecondsSinceEpoch: .min), Make.start, .distantFuture]
    let tasks = times.enumerated().map {
      Make.task($0 + 1, createdAt: $1, priority: .init(rawValue: 60 - 60 * $0))
    }
    try await store.insert(tasks)
    var current = tasks
    for duration in [.seconds(Int64.min), .seconds(Int64.max), .zero] as [Duration] {
      let room = TaskClaim.Room(attemptLimit: duration)
      let claimed = try await store.take(lease: duration, others: room)
      current = try current.map {
        try $0.applying(Make.claim(lease: duration, attemptLimit: duration), at: clock.now).task
      }
      try expect(claimed.changes.map(\.task), current, "what is claimed for \(duration)")
      for index in current.indices {
        current[index] = try await store.change(current[index].id, .release(current[index].lease)).task
      }
    }
  }
}
