import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let due: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a task does not start before its time") { store, clock in
      try await nothingStartsEarly(store, clock)
    },
    ConformanceCheck("a task that is tried again waits for its time") { store, clock in
      try await retryWaits(store, clock)
    },
    ConformanceCheck("a clock that is set back makes tasks wait again") { store, clock in
      try await clockSetBack(store, clock)
    },
    ConformanceCheck("a claim says when the next task is due") { store, clock in
      try await nextDueIsTold(store, clock)
    },
  ]

  static func nothingStartsEarly(_ store: any TaskStore, _ clock: FakeClock) async throws {
    // It has the lowest rank as soon as it is due: it counts as waiting from then on.
    try await store.insert(Make.task(1, createdAt: Make.time(-900), notBefore: Make.time(10)))
    try await store.insert(Make.task(2, createdAt: Make.time(20)))
    clock.advance(to: Make.time(10).advanced(by: .nanoseconds(-1)))
    let early = try await store.take(1)
    try expect(early.numbers, [2], "what is claimed a nanosecond before")
    try expect(early.nextDue, Make.time(10), "when the next task is due")
    try await store.change(Make.id(2), .release(Make.lease()))
    clock.advance(by: .nanoseconds(1))
    let claimed = try await store.take()
    try expect(claimed.numbers, [1, 2], "what is claimed when it is due")
    try expect(claimed.nextDue, nil, "when the next task is due, where none is left")
  }

  static func retryWaits(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let lease = Make.lease()
    try await store.insert(
      Make.task(1), Make.claim(), .fail(lease, .handler("x", isPermanent: false), retryIn: .seconds(5)))
    try await store.insert(
      Make.task(2), Make.claim(), .reject(lease, .undecodable("x")),
      .requeue(reason: "again", delay: .seconds(3), limit: 1))
    for (seconds, number, next) in [(0, 0, 3), (2, 0, 3), (1, 2, 5), (1, 0, 5), (1, 1, 0)] {
      clock.advance(by: .seconds(seconds))
      let claimed = try await store.take()
      try expect(claimed.numbers, number == 0 ? [] : [number], "what is claimed at \(clock.now)")
      try expect(claimed.nextDue, next == 0 ? nil : Make.time(next), "when the next task is due")
    }
    try await expect(store.task(Make.id(1))?.lease, Make.lease(2), "the lease of the second attempt")
  }

  static func clockSetBack(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await store.insert(Make.task(1, notBefore: Make.time(10)))
    clock.advance(to: Make.time(20))
    try await expect(store.take(0).nextDue, nil, "when the next task is due, which is now")
    clock.advance(to: Make.time(5))
    try await store.insert(Make.task(2, notBefore: Make.time(15)))
    let early = try await store.take()
    try expect(early.numbers, [], "what is claimed after the clock was set back")
    try expect(early.nextDue, Make.time(10), "when the next task is due")
    clock.advance(to: Make.time(12))
    let claimed = try await store.take()
    try expect(claimed.numbers, [1], "what is claimed when it is due again")
    try expect(claimed.nextDue, Make.time(15), "when the next task is due")
  }

  static func nextDueIsTold(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(store.take().nextDue, nil, "when a task of an empty store is due")
    for (number, second) in [(1, 30), (2, 10), (3, 20), (4, 10)] {
      let kind: TaskKind = number == 2 ? .reasoning : .textGeneration
      try await store.insert(Make.task(number, kind: kind, notBefore: Make.time(second)))
    }
    try await store.commit(.pauseTasks(.reasoning))
    // Of whatever kind, paused or not, with or without room.
    try await expect(store.take(0).nextDue, Make.time(10), "when the first is due, for no room at all")
    try await expect(store.take(others: nil).nextDue, Make.time(10), "when the first is due, for no kind")
    clock.advance(by: .seconds(10))
    let claimed = try await store.take()
    try expect(claimed.numbers, [4], "what is claimed, beside what is paused")
    try expect(claimed.nextDue, Make.time(20), "when the next is due, and was not yet")
    try await store.change(Make.id(3), .cancel(reason: "x"))
    try await expect(store.take().nextDue, Make.time(30), "when the next is due after one was cancelled")
    clock.advance(by: .seconds(20))
    try await expect(store.take(0).nextDue, nil, "when the next is due, where all are")
    try await store.commit(.resumeTasks(.reasoning))
    try await expect(store.take().numbers, [2, 1], "what is claimed at last")
  }
}
