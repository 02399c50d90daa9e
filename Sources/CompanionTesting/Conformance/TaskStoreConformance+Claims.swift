import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let claims: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a claim takes those that have waited longest") { store, clock in
      try await claimTakesOldest(store, clock)
    },
    ConformanceCheck("a claim is stored as it is returned") { store, clock in
      try await claimIsStored(store, clock)
    },
    ConformanceCheck("what has ended is never claimed") { store, clock in
      try await endedIsNotClaimed(store, clock)
    },
    ConformanceCheck("concurrent claims never share a task") { store, _ in
      try await claimsAreDisjoint(store)
    },
    ConformanceCheck("a released task can be claimed again") { store, clock in
      try await releasedIsClaimed(store, clock)
    },
  ]

  static let leases: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a lease holds until it expires") { store, clock in
      try await leaseHolds(store, clock)
    },
    ConformanceCheck("an expired task waits among the queued ones by its age") { store, clock in
      try await expiredWaitsByAge(store, clock)
    },
    ConformanceCheck("a task whose workers keep dying is dead-lettered") { store, clock in
      try await poisonIsDeadLettered(store, clock)
    },
    ConformanceCheck("an expired task that was to stop ends cancelled") { store, clock in
      try await cancelledIsNotRescued(store, clock)
    },
    ConformanceCheck("a stale lease changes nothing") { store, clock in
      try await staleLeaseChangesNothing(store, clock)
    },
    ConformanceCheck("the next expiry is that of the first lease to end") { store, clock in
      try await nextExpiryIsFirst(store, clock)
    },
  ]

  static let length = Duration.seconds(30)

  static func claimTakesOldest(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(claim(9), [], "what is claimed in an empty store")
    // The last was created by a clock that runs ahead: it waits for its turn and not for its time.
    for (number, second) in [(1, 10), (2, 30), (4, 20), (3, 20), (5, 1_000_000)] {
      try await store.insert(Make.task(number, createdAt: Make.time(second)))
    }
    for limit in [0, -1, .min] { try await expect(claim(limit), [], "what limit \(limit) claims") }
    try await expect(claim(1), [1], "the first claim")
    try await expect(claim(2), [3, 4], "the next two")
    try await expect(claim(.max), [2, 5], "the rest")
    try await expect(claim(9), [], "what is left")

    func claim(_ limit: Int) async throws -> [Int] {
      let claimed = try await store.claim(limit: limit, worker: Make.id(5), leaseLength: length)
      return claimed.compactMap { task in (1...5).first { Make.id($0) == task.id } }
    }
  }

  static func claimIsStored(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let task = Make.task()
    try await store.insert(task)
    let claimed = try await store.claim(limit: 1, worker: Make.id(5), leaseLength: length)
    let expected = try task.applying(.claim(by: Make.id(5), leaseLength: length), at: clock.now)
    try expect(claimed, [expected], "what is claimed")
    try await expect(store.task(task.id), expected, "what is stored")
    try await expect(store.tasks(in: [.running], limit: 9), [expected], "the running tasks")
    try await expect(store.tasks(in: [.queued], limit: 9), [], "the queued tasks")
  }

  static func endedIsNotClaimed(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let ended = try tasksInAllStates().filter(\.state.isFinal)
    try await store.commit(ChangeSet(ended.map { .insertTask($0) }))
    clock.advance(by: .seconds(1_000_000))
    try await expect(store.claim(limit: 9, worker: Make.id(5), leaseLength: length), [], "what is claimed")
    try await expect(store.nextLeaseExpiry(), nil, "the next expiry")
  }

  static func claimsAreDisjoint(_ store: any TaskStore) async throws {
    let count = 60
    try await store.commit(ChangeSet((1...count).map { .insertTask(Make.task($0)) }))
    let claimed = try await withThrowingTaskGroup(of: [GenerationTask].self) { group in
      for worker in 1...20 {
        group.addTask { try await store.claim(limit: 4, worker: Make.id(worker), leaseLength: length) }
      }
      return try await group.reduce(into: []) { $0 += $1 }
    }
    try expect(claimed.count, count, "the number of claims")
    try expect(Set(claimed.map(\.id)).count, count, "the number of tasks that are claimed")
    for task in claimed { try await expect(store.task(task.id), task, "a claimed task") }
  }

  static func releasedIsClaimed(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    for round in 1...2 {
      let claimed = try await store.claim(limit: 9, worker: Make.id(round), leaseLength: length)
      try expect(claimed.map(\.lease.rawValue), [Int64(round)], "the lease of claim \(round)")
      for task in claimed { try await store.update(task, .release(task.lease), at: clock.now) }
      try await expect(store.nextLeaseExpiry(), nil, "the next expiry after the release")
    }
  }

  static func leaseHolds(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    let first = try await store.claim(limit: 1, worker: Make.id(1), leaseLength: length)
    clock.advance(by: length - .nanoseconds(1))
    let early = try await store.claim(limit: 1, worker: Make.id(2), leaseLength: length)
    try expect(early, [], "what is claimed a nanosecond before the lease expires")
    clock.advance(by: .nanoseconds(1))
    let second = try await store.claim(limit: 1, worker: Make.id(2), leaseLength: length)
    let expected = try first.map {
      try $0.applying(.claim(by: Make.id(2), leaseLength: length), at: clock.now)
    }
    try expect(second, expected, "what is claimed when the lease expires")
    try expect(second.map(\.lease.rawValue), [2], "the lease, which is a new one")
    try expect(second.map(\.rescues), [1], "the number of rescues")
  }

  static func expiredWaitsByAge(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task(2, createdAt: Make.time(2)))
    _ = try await store.claim(limit: 1, worker: Make.id(1), leaseLength: length)
    try await store.insert(Make.task(1, createdAt: Make.time(1)))
    try await store.insert(Make.task(3, createdAt: Make.time(3)))
    clock.advance(by: length)
    for number in 1...3 {
      let claimed = try await store.claim(limit: 1, worker: Make.id(2), leaseLength: length)
      try expect(claimed.map(\.id), [Make.id(number)], "claim \(number)")
    }
  }

  static func poisonIsDeadLettered(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    for _ in 0...GenerationTask.maximumRescues {
      let claimed = try await store.claim(limit: 1, worker: Make.id(1), leaseLength: length)
      try expect(claimed.map(\.state.name), [.running], "the state of a claimed task")
      clock.advance(by: length)
    }
    let last = try await store.claim(limit: 1, worker: Make.id(1), leaseLength: length)
    try expect(last.map(\.state.name), [.deadLettered], "the state of a task that was rescued too often")
    try await expect(store.task(Make.id(1)), last.first, "the stored task")
    let more = try await store.claim(limit: 1, worker: Make.id(1), leaseLength: length)
    try expect(more, [], "what is claimed after it")
    try await expect(store.nextLeaseExpiry(), nil, "the next expiry")
  }

  static func cancelledIsNotRescued(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    for task in try await store.claim(limit: 1, worker: Make.id(1), leaseLength: length) {
      try await store.update(task, .cancel(reason: "enough"))
    }
    clock.advance(by: length)
    let claimed = try await store.claim(limit: 1, worker: Make.id(2), leaseLength: length)
    try expect(claimed.map(\.state), [.cancelled(reason: "enough")], "the state")
    try await expect(store.task(Make.id(1)), claimed.first, "the stored task")
  }

  static func staleLeaseChangesNothing(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task())
    let first = try await store.claim(limit: 1, worker: Make.id(1), leaseLength: length)
    clock.advance(by: length)
    let second = try await store.claim(limit: 1, worker: Make.id(2), leaseLength: length)
    for task in first {
      let late = try task.applying(.complete(task.lease, text: "late"), at: clock.now)
      try await expectConflict(.taskMoved) { () throws(StoreFailure) in
        try await store.commit(.updateTask(late))
      }
    }
    try await expect(store.task(Make.id(1)), second.first, "the task")
  }

  static func nextExpiryIsFirst(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(store.nextLeaseExpiry(), nil, "the next expiry of an empty store")
    for number in 1...3 { try await store.insert(Make.task(number)) }
    try await expect(store.nextLeaseExpiry(), nil, "the next expiry while nothing runs")
    var running: [GenerationTask] = []
    for seconds in [50, 20, 80] {
      running += try await store.claim(limit: 1, worker: Make.id(1), leaseLength: .seconds(seconds))
    }
    try expect(running.count, 3, "the number of claims")
    try await expectExpiry(20)
    running[1] = try await store.update(
      running[1], .renew(running[1].lease, leaseLength: .seconds(60)), at: clock.now)
    try await expectExpiry(50)
    try await store.update(running[0], .complete(running[0].lease, text: "done"), at: clock.now)
    try await expectExpiry(60)
    let begin = clock.now
    clock.advance(by: .seconds(70))
    // A lease that has expired is still the first to end: its task waits to be claimed again.
    try await expect(store.nextLeaseExpiry(), begin.advanced(by: .seconds(60)), "the expiry that has passed")

    func expectExpiry(_ seconds: Int) async throws {
      let expected = clock.now.advanced(by: .seconds(seconds))
      try await expect(store.nextLeaseExpiry(), expected, "the next expiry")
    }
  }
}
