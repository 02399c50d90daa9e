import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

/// What forming memory costs.
struct GenerateMemoryCostTests {
  @Test func `what the store is asked grows with what is new, not with its square`() async throws {
    func calls(sessions: Int) async throws -> Int {
      let stores = Mutex<FaultyStore?>(nil)
      let scene = MemoryScene(
        over: { store in
          let counting = FaultyStore(store, time: FakeClock())
          stores.withLock { $0 = counting }
          return counting
        }, configure: { $0.batchTokens = 200 })
      for number in 1...sessions {
        let id = try #require(SessionID(rawValue: "s\(number)"))
        try await scene.open(id, at: ConversationPlace(channel: "kitchen"))
        try await scene.say("One line \(number)", "Another one \(number)", in: id)
      }
      #expect(await scene.generate().end == .complete)
      return stores.withLock { $0?.callCount ?? 0 }
    }
    let few = try await calls(sessions: 20)
    let many = try await calls(sessions: 160)
    #expect(few > 20)
    #expect(many < 9 * few)
  }

  @Test(arguments: [1, 2, 3])
  func `a budget that is smaller than a step ends it all the same`(budget: Int) async throws {
    for isOfTokens in [false, true] {
      let scene = MemoryScene(configure: {
        $0.sharing = .all
        if isOfTokens { $0.tokenBudget = budget } else { $0.callBudget = budget }
      })
      try await scene.open("one", at: ConversationPlace(channel: "kitchen", thread: "soup"))
      let people: [UserID] = ["anna", "ben", "chloe", "dan", "eve"]
      func generate() async -> [MemoryRun] {
        var runs: [MemoryRun] = []
        repeat { runs.append(await scene.generate()) } while runs.last?.end == .budget && runs.count < 40
        return runs
      }
      for person in people {
        try await scene.say("fact: \(person) lives in Kyoto", "\(person) waits", in: "one", from: person)
      }
      var runs = await generate()
      for person in people {
        try await scene.say("fact: \(person) lives in Osaka", in: "one", from: person)
      }
      let place = SequenceNumber(rawValue: 2)
      try await scene.store.commit(.amend(place, .delete, in: "one", at: scene.clock.now))
      runs += await generate()
      #expect(runs.last?.end == .complete)
      // One call for each of five people is the longest step.
      #expect(runs.allSatisfy { $0.calls <= 5 })
      #expect(try await scene.store.sessionsToRemember(after: nil, limit: 1).isEmpty)
      for person in people {
        let text = try await scene.text(.user(person, in: .main), .longTerm) ?? ""
        #expect(text.contains("\(person) lives in Osaka") && !text.contains("anna waits"))
      }
      let scope = MemoryScope.workspace(.main)
      for kind in scope.kinds { #expect(try await scene.text(scope, kind)?.contains("anna waits") == false) }
    }
  }

  @Test func `however much is said in a room, every pass gets on within its budget`() async throws {
    let scene = MemoryScene(configure: {
      $0.sharing = .all
      $0.callBudget = 10
      $0.batchTokens = 100
    })
    try await scene.open("one", at: ConversationPlace(channel: "kitchen"))
    var facts = 0
    for round in 1...12 {
      // More than a run can pay for, each time.
      for person in 1...12 {
        let name = try #require(UserID(rawValue: "p\(person)"))
        try await scene.say("fact: p\(person) likes number \(round)", in: "one", from: name)
      }
      let run = await scene.generate()
      #expect(run.calls <= 10)
      facts += run.facts
    }
    #expect(facts > 0)
    let people = try await scene.store.memories(matching: MemoryFilter(), after: nil, limit: 99)
      .filter { if case .user = $0.key.scope { true } else { false } }
    #expect(!people.isEmpty)
  }

  @Test func `a budget of one call gets past a message that no model takes`() async throws {
    let scene = MemoryScene(
      configure: { $0.callBudget = 1 },
      before: { material, _ in
        material.lines.contains { $0.text.contains("POISON") } ? [.fail(.contentFiltered)] : []
      })
    try await scene.open("one", with: "anna")
    for number in 1...6 { try await scene.say(number == 4 ? "POISON" : "Line \(number)", in: "one") }
    var runs: [MemoryRun] = []
    repeat { runs.append(await scene.generate()) } while runs.last?.end == .budget && runs.count < 60
    #expect(runs.last?.end == .complete)
    let text = try await scene.text(.anna, .longTerm) ?? ""
    for number in 1...6 where number != 4 { #expect(text.contains("Line \(number)")) }
  }

  @Test func `a provider that is down is asked no more often than the budget allows`() async throws {
    let scene = MemoryScene(configure: { $0.callBudget = 3 }, before: { _, _ in [.fail(.serverError)] })
    for number in 1...9 {
      let id = try #require(SessionID(rawValue: "s\(number)"))
      try await scene.open(id)
      try await scene.say("Line \(number)", in: id)
    }
    #expect(await scene.generate().calls <= 3)
  }

  @Test func `no calls or no tokens are a budget too`() async throws {
    for isOfTokens in [false, true] {
      let scene = MemoryScene(configure: {
        if isOfTokens { $0.tokenBudget = 0 } else { $0.callBudget = 0 }
      })
      try await scene.open("one")
      try await scene.say("Line", in: "one")
      let run = await scene.generate()
      #expect(run.calls == 0)
      #expect(run.end == .budget)
    }
  }

  @Test
  func `an answer may be twice as long as a memory, and is asked for again when thoughts have used it up`()
    async throws
  {
    let scene = MemoryScene(before: { material, _ in
      material.work == .longTerm && material.scope == .personal("one") ? [.text("-"), .finish(.length)] : []
    })
    try await scene.open("one")
    try await scene.say("Line", in: "one")
    await scene.generate()
    let limits = scene.model.requests.map { request in
      (MemoryMaterial(request.messages)?.work, request.maximumOutputTokens)
    }
    #expect(limits.first { $0.0 == .shortTerm }?.1 == 2 * 300 + 1_024)
    #expect(limits.filter { $0.0 == .longTerm }.map(\.1) == [2_024, nil, 2_024])
    #expect(limits.first { $0.0 == .facts }.map { $0.1 == nil } == true)
  }
}
