import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let retention: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("what has ended is kept for its time") { store, clock in
      try await endedIsKept(store, clock)
    },
    ConformanceCheck("the oldest goes first, as far as the limit") { store, clock in
      try await oldestGoesFirst(store, clock)
    },
    ConformanceCheck("what has not ended stays") { store, clock in try await livingStays(store, clock) },
    ConformanceCheck("a task that is removed takes along its events and its key") { store, clock in
      try await nothingIsLeft(store, clock)
    },
    ConformanceCheck("no place among the events is used twice") { store, clock in
      try await placesAreNotReused(store, clock)
    },
  ]

  private static let done = TaskTransition.complete(Make.lease(), text: "done", usage: nil)
  private static let dead = TaskTransition.reject(Make.lease(), .undecodable("x"))

  /// Ends tasks one after another: 1 completed at 10, 2 dead at 20, 3 cancelled at 30, 4 dead at 40.
  private static func insertEnded(_ store: any TaskStore, _ clock: FakeClock) async throws {
    for (number, steps) in [[Make.claim(), done], [Make.claim(), dead], [.cancel(reason: "x")]].enumerated() {
      clock.advance(to: Make.time(number * 10 + 10))
      try await store.insert(Make.task(number + 1, createdAt: Make.time(-number), key: "\(number + 1)"))
      for step in steps { try await store.change(Make.id(number + 1), step) }
    }
    clock.advance(to: Make.time(40))
    try await store.insert(Make.task(4, createdAt: Make.time(-9)), Make.claim(), dead)
  }

  static func endedIsKept(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(prune(), 0, "the number removed from an empty store")
    try await insertEnded(store, clock)
    let steps: [(second: Int, left: [Int])] = [
      (109, [1, 2, 3, 4]), (111, [2, 3, 4]), (129, [2, 3, 4]), (131, [2, 4]), (1019, [2, 4]), (1021, [4]),
      (1041, []),
    ]
    for (second, left) in steps {
      clock.advance(to: Make.time(second))
      let before = try await store.allTasks().count
      let removed = try await prune()
      let tasks = try await store.allTasks()
      try expect(Make.numbers(tasks).sorted(), left, "the tasks that are left at \(second)")
      try expect(removed, before - tasks.count, "the number that is said to be removed")
    }

    func prune() async throws -> Int {
      try await store.pruneTasks(finishedFor: .seconds(100), deadFor: .seconds(1000), limit: .max)
    }
  }

  static func oldestGoesFirst(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await insertEnded(store, clock)
    clock.advance(to: Make.time(9999))
    for (limit, left) in [(0, 4), (-1, 4), (.min, 4), (1, 3), (2, 1), (.max, 0)] as [(Int, Int)] {
      _ = try await store.pruneTasks(finishedFor: .seconds(1), deadFor: .seconds(2), limit: limit)
      let tasks = try await store.allTasks()
      try expect(
        Make.numbers(tasks).sorted(), Array([1, 2, 3, 4].suffix(left)), "the tasks that limit \(limit) leaves"
      )
    }
  }

  static func livingStays(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task(1, deadline: Make.time(1)))
    try await store.insert(Make.task(2), Make.claim())
    try await store.insert(Make.task(3), Make.claim(), .wait(Make.lease(), .answer("x"), limit: .zero))
    let requeue = TaskTransition.requeue(reason: "x", delay: .zero, limit: 1)
    try await store.insert(Make.task(4), Make.claim(), dead, requeue)
    clock.advance(by: .seconds(1_000_000_000))
    for duration in [.zero, .seconds(-1), .seconds(Int64.min), .seconds(Int64.max)] as [Duration] {
      let removed = try await store.pruneTasks(finishedFor: duration, deadFor: duration, limit: .max)
      try expect(removed, 0, "the number removed after \(duration)")
    }
    try await store.insert(Make.task(5), .cancel(reason: "x"))
    _ = try await store.pruneTasks(finishedFor: .seconds(Int64.max), deadFor: .zero, limit: .max)
    try await expect(Make.numbers(store.allTasks()), [5, 4, 3, 2, 1], "the tasks")
  }

  static func nothingIsLeft(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await insertEnded(store, clock)
    let kept = try await store.insert(Make.task(5, key: "5"))
    clock.advance(to: Make.time(9999))
    let removed = try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: .max)
    try expect(removed, 4, "the number removed")
    for number in 1...4 {
      try await expect(store.task(Make.id(number)), nil, "a task that was removed")
      try await expect(store.task(idempotencyKey: "\(number)"), nil, "the task of its key")
      try await expect(store.events(of: Make.id(number)), [], "its events")
      try await expectConflict(.noSuchTask) { () throws(StoreFailure) in
        try await store.commit(.transition(Make.id(number), .leaveToPerson, revision: nil))
      }
    }
    try await expect(store.allTasks(), [kept], "all tasks")
    try await expect(store.events().map(\.event), [kept.creation], "all events")
    try await expect(
      store.tasks(matching: TaskFilter(session: Make.id(1)), limit: 9), [kept], "a session's tasks")
    // The name and the key are free again.
    try await store.insert(Make.task(1, key: "2"), .cancel(reason: "again"))
    try await expect(store.events(of: Make.id(1)).map(\.event.number), [1, 2], "the numbers of its events")
  }

  static func placesAreNotReused(_ store: any TaskStore, _ clock: FakeClock) async throws {
    var last = EventCursor.start
    for round in 1...3 {
      try await insertEnded(store, clock)
      let events = try await store.events()
      try expect(events.count, 11, "the number of events in round \(round)")
      try expect(events.allSatisfy { $0.cursor > last }, "places behind those of what was removed")
      last = events.last?.cursor ?? last
      clock.advance(by: .seconds(9999))
      _ = try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: .max)
      try await expect(store.events(), [], "the events that are left")
    }
  }
}
