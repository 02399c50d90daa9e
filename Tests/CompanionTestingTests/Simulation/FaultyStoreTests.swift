import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Testing

struct FaultyStoreTests {
  private static func task(_ number: Int) -> GenerationTask {
    GenerationTask(
      id: TaskID(bits: UInt128(number)),
      request: TaskRequest(
        kind: "quick", payload: TaskPayload(json: "1"), requester: .named(RequesterID(bits: 1))),
      createdAt: .epoch)
  }

  private func expect(_ store: some TaskStore, has id: TaskID) async throws {
    let task = try await store.task(id)
    #expect(task != nil)
  }

  private func expect(_ store: some TaskStore, lacks id: TaskID) async throws {
    let task = try await store.task(id)
    #expect(task == nil)
  }

  /// Runs a body with a store of which one call goes wrong.
  private func run(
    _ fault: StoreFault, atCall number: Int = 1,
    _ body: @escaping @Sendable (FaultyStore, InMemoryStore, any TimeSource) async throws -> Void
  ) throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let plan = StoreFaultPlan.once(fault, atCall: number)
      try await body(FaultyStore(store, plan: plan, time: simulator.time), store, simulator.time)
    }
  }

  @Test func `a crash before a call stores nothing, and nothing works afterwards`() throws {
    try run(.crashBefore) { faulty, store, _ in
      await #expect(throws: StoreFailure.closed) { try await faulty.commit(.insertTask(Self.task(1))) }
      try await expect(store, lacks: Self.task(1).id)
      #expect(faulty.hasCrashed)
      await #expect(throws: StoreFailure.closed) { try await faulty.commit(.insertTask(Self.task(2))) }
      await #expect(throws: StoreFailure.closed) { try await faulty.task(Self.task(2).id) }
      try await expect(store, lacks: Self.task(2).id)
    }
  }

  @Test func `a crash after a call has stored it, and says that the store is closed`() throws {
    try run(.crashAfter) { faulty, store, _ in
      await #expect(throws: StoreFailure.closed) { try await faulty.commit(.insertTask(Self.task(1))) }
      try await expect(store, has: Self.task(1).id)
      #expect(faulty.hasCrashed)
    }
  }

  @Test func `a call whose answer is lost is done, and the next one works`() throws {
    try run(.errorAfter) { faulty, _, _ in
      await #expect(throws: StoreFailure.unknown("the answer was lost")) {
        try await faulty.commit(.insertTask(Self.task(1)))
      }
      try await expect(faulty, has: Self.task(1).id)
    }
  }

  @Test func `a busy store does nothing`() throws {
    try run(.busy, atCall: 2) { faulty, store, _ in
      try await faulty.commit(.insertTask(Self.task(1)))
      await #expect(throws: StoreFailure.busy("another process")) {
        try await faulty.commit(.insertTask(Self.task(2)))
      }
      try await expect(store, lacks: Self.task(2).id)
      #expect(faulty.callCount == 2)
    }
  }

  @Test func `a slow store does it in the end`() throws {
    try run(.slow(.seconds(7))) { faulty, store, time in
      let start = time.now
      try await faulty.commit(.insertTask(Self.task(1)))
      #expect(start.duration(to: time.now) == .seconds(7))
      try await expect(store, has: Self.task(1).id)
    }
  }

  @Test func `a store that hangs never answers, until its caller is cancelled`() throws {
    try run(.hang) { faulty, store, time in
      let hasAnswered = await withTaskGroup { group in
        group.addTask {
          _ = try? await faulty.commit(.insertTask(Self.task(1)))
          return !Task.isCancelled
        }
        group.addTask {
          try? await time.sleep(for: .seconds(3600))
          return false
        }
        let first = await group.next() ?? true
        group.cancelAll()
        return first
      }
      #expect(!hasAnswered)
      try await expect(store, lacks: Self.task(1).id)
    }
  }

  @Test func `a process that is held up stores nothing until it goes on`() throws {
    try run(.busy, atCall: 99) { faulty, store, time in
      faulty.hold()
      await withDiscardingTaskGroup { group in
        group.addTask { _ = try? await faulty.commit(.insertTask(Self.task(1))) }
        try? await time.sleep(for: .seconds(60))
        let isStored = (try? await store.task(Self.task(1).id)) != .some(nil)
        #expect(!isStored)
        faulty.release()
      }
      try await expect(store, has: Self.task(1).id)
    }
  }

  @Test func `news is lost, late or doubled as the plan says`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let time = simulator.time
      let store = InMemoryStore(time: time)
      var odds = StoreFaultPlan.Odds()
      odds.lostNews = 1
      let deaf = FaultyStore(store, plan: .random(odds, from: simulator.random), time: time)
      let late = FaultyStore(
        store, plan: StoreFaultPlan(fault: { _ in nil }, newsFault: { .late(.seconds(5)) }), time: time)
      let start = time.now
      var lateNews = late.taskChanges().makeAsyncIterator()
      let deafNews = deaf.taskChanges()
      await Task.yield()
      try await store.commit(.insertTask(Self.task(1)))
      #expect(await lateNews.next() != nil)
      #expect(start.duration(to: time.now) == .seconds(5))
      let hasHeard = await withTaskGroup { group in
        group.addTask {
          for await _ in deafNews { return true }
          return false
        }
        group.addTask {
          try? await time.sleep(for: .seconds(60))
          return false
        }
        let first = await group.next() ?? true
        group.cancelAll()
        return first
      }
      #expect(!hasHeard)
    }
  }

  @Test func `without faults all goes well`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      var odds = StoreFaultPlan.Odds()
      odds.busy = 1
      let store = FaultyStore(
        InMemoryStore(time: simulator.time), plan: .random(odds, from: simulator.random), time: simulator.time
      )
      await #expect(throws: StoreFailure.busy("another process")) {
        try await store.commit(.insertTask(Self.task(1)))
      }
      store.endFaults()
      try await store.commit(.insertTask(Self.task(1)))
    }
  }
}
