import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

/// What goes wrong while memory is formed.
struct GenerateMemoryFaultTests {
  @Test(arguments: MemoryMaterial.Work.allCases)
  func `a pass that fails stops no other, and is made up for by the next run`(
    work: MemoryMaterial.Work
  ) async throws {
    let isFailing = Mutex(true)
    let scene = MemoryScene(before: { material, _ in
      material.work == work && isFailing.withLock { $0 } ? [.fail(.serverError)] : []
    })
    try await scene.open("one", with: "anna")
    try await scene.say("fact: anna lives in Kyoto", in: "one")
    isFailing.withLock { $0 = work != .supersession }
    await scene.generate()
    isFailing.withLock { $0 = true }
    try await scene.say("fact: anna lives in Osaka", in: "one")
    let run = await scene.generate()
    #expect(run.end == .failedPartly)
    #expect(run.failures > 0)
    #expect(run.failures == scene.failures().count - (work == .supersession ? 0 : run.failures))
    let hasShortTerm = try await scene.text(.personal("one"), .shortTerm) != nil
    #expect(hasShortTerm == (work != .shortTerm))
    if work != .facts, work != .supersession { #expect(try await scene.facts().count == 2) }

    isFailing.withLock { $0 = false }
    #expect(await scene.generate().failures == 0)
    #expect(try await scene.text(.personal("one"), .longTerm)?.contains("Osaka") == true)
    #expect(try await scene.text(.personal("one"), .longTerm)?.contains("Kyoto") == true)
    #expect(try await scene.text(.anna, .longTerm)?.contains("Osaka") == true)
    #expect(try await scene.facts().count == 2)
    #expect(try await scene.facts().count { $0.supersededBy != nil } == 1)
    #expect(try await scene.store.sessionsToRemember(after: nil, limit: 1).isEmpty)
  }

  @Test func `long-term memory that failed is made up for by what was said, not by what is left of it`()
    async throws
  {
    let isFailing = Mutex(true)
    let scene = MemoryScene(
      configure: { $0.shortTermTokens = 16 },
      before: { material, _ in
        material.work == .longTerm && isFailing.withLock { $0 } ? [.fail(.overloaded)] : []
      })
    try await scene.open("one")
    for number in 1...10 {
      try await scene.say("Entry number \(number) of the diary", in: "one")
      await scene.generate()
      // Many failures in a minute open the provider's breaker, and calls would wait.
      scene.clock.advance(by: .seconds(60))
    }
    isFailing.withLock { $0 = false }
    await scene.generate()
    let text = try await scene.text(.personal("one"), .longTerm) ?? ""
    for number in 1...10 { #expect(text.contains("number \(number) of")) }
  }

  @Test func `a message that no model takes is left out, and nothing else`() async throws {
    let scene = MemoryScene(before: { material, _ in
      material.lines.contains { $0.text.contains("POISON") } ? [.fail(.contentFiltered)] : []
    })
    try await scene.open("one", with: "anna")
    for number in 1...9 { try await scene.say(number == 4 ? "POISON" : "Line \(number)", in: "one") }
    let run = await scene.generate()
    #expect(run.end == .complete)
    for (scope, kind) in [
      (MemoryScope.personal("one"), MemoryKind.shortTerm), (.personal("one"), .longTerm), (.anna, .longTerm),
    ] {
      let text = try await scene.text(scope, kind) ?? ""
      for number in 1...9 where number != 4 { #expect(text.contains("Line \(number)"), "\(scope) \(kind)") }
      #expect(!text.contains("POISON"))
    }
    let skipped = scene.events.events.compactMap { event -> MemoryPass? in
      if case .memorySkipped(let pass, _, 1, _) = event.kind { pass } else { nil }
    }
    #expect(Set(skipped) == [.channel, .channelLongTerm, .user, .facts])
    #expect(await scene.generate().calls == 0)
  }

  @Test func `the budget of calls ends a run, and the next one goes on`() async throws {
    let scene = MemoryScene(configure: { $0.callBudget = 3 })
    for number in 1...4 {
      let id = try #require(SessionID(rawValue: "s\(number)"))
      try await scene.open(id)
      try await scene.say("Line \(number)", in: id)
    }
    var runs: [MemoryRun] = []
    repeat { runs.append(await scene.generate()) } while runs.last?.end == .budget && runs.count < 20
    #expect(runs.allSatisfy { $0.calls <= 3 })
    #expect(runs.last?.end == .complete)
    for number in 1...4 {
      let channel = MemoryScope.personal(try #require(SessionID(rawValue: "s\(number)")))
      #expect(try await scene.text(channel, .longTerm) == "- Line \(number)")
    }
  }

  @Test func `writers and runs that take minutes lose nothing`() async throws {
    let scene = MemoryScene(
      configure: {
        $0.batchTokens = 400
        $0.sharing = .all
        $0.shortTermTokens = 5_000
        $0.longTermTokens = 5_000
      }, before: { _, clock in [.pause(.seconds(180), on: clock)] })
    let sessions: [SessionID] = ["one", "two"]
    for id in sessions { try await scene.open(id, at: ConversationPlace(channel: "kitchen"), with: "anna") }
    await withTaskGroup { group in
      for writer in 1...8 {
        group.addTask {
          for number in 1...10 {
            try? await scene.say("[\(writer)-\(number)]", in: sessions[number % 2])
            try? await scene.clock.sleep(for: .seconds(40))
          }
        }
      }
      // Two at a time, as in two processes.
      for _ in 1...2 {
        group.addTask { for _ in 1...5 { await scene.generate() } }
      }
      group.addTask {
        while !Task.isCancelled {
          await scene.clock.sleepers(atLeast: 1)
          scene.clock.advance(by: .seconds(20))
          await Task.yield()
        }
      }
      for _ in 1...10 { await group.next() }
      while (try? await scene.store.sessionsToRemember(after: nil, limit: 1))?.isEmpty == false {
        await scene.generate()
      }
      group.cancelAll()
    }
    for key in [
      MemoryKey(.channel("kitchen"), .shortTerm), MemoryKey(.channel("kitchen"), .longTerm),
      MemoryKey(.anna, .longTerm),
    ] {
      let memory = try #require(try await scene.store.memory(key))
      // Each message went into it exactly once.
      #expect(memory.sourceCount == 80, "\(key)")
      for writer in 1...8 {
        for number in 1...10 where key.kind == .longTerm {
          #expect(memory.text.contains("[\(writer)-\(number)]"))
        }
      }
    }
  }

  @Test(.timeLimit(.minutes(5)))
  func `what is erased while it is read does not come back`() async throws {
    let gate = Gate()
    let reached = Gate()
    let scene = MemoryScene(before: { material, _ in
      material.lines.contains { $0.text.contains("SECRET") }
        ? [.perform { reached.open() }, .wait(for: gate)] : []
    })
    try await scene.open("one", with: "anna")
    try await scene.say("SECRET", "Fine", in: "one")
    async let run = scene.generate()
    try await reached.wait()
    let moves = MemoryPass.allCases.map {
      ChangeSet.Change.moveMemoryProgress("one", $0, from: .zero, to: LogRevision(rawValue: -1))
    }
    try await scene.store.commit(
      ChangeSet([.eraseMessage(SequenceNumber(rawValue: 1), in: "one", at: scene.clock.now)] + moves))
    gate.open()
    _ = await run
    await scene.generate()
    let key = MemoryKey(.personal("one"), .longTerm)
    #expect(try await scene.store.memory(key)?.text == "- Fine")
    #expect(try await scene.text(.personal("one"), .shortTerm) == "- Fine")
    #expect(try await scene.store.previousMemory(key)?.text.contains("SECRET") != true)
  }

  @Test func `what is forgotten goes from every memory, and the rest is formed anew`() async throws {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    try await scene.open("one", at: ConversationPlace(channel: "kitchen", thread: "soup"))
    try await scene.say("fact: SECRET is near", "Fine", "Well", in: "one", from: "anna")
    await scene.generate()
    try await scene.forget(.message(SequenceNumber(rawValue: 1), in: "one"))
    #expect(await scene.generate().end == .complete)
    let memories = try await scene.store.memories(matching: MemoryFilter(), after: nil, limit: 99)
    #expect(memories.count == 6)
    for memory in memories { #expect(memory.text == "- Fine\n- Well", "\(memory.key)") }
    #expect(try await scene.facts().isEmpty)
    #expect(await scene.generate().calls == 0)
  }

  @Test(.timeLimit(.minutes(5)), arguments: MemoryMaterial.Work.allCases)
  func `no pass that is under way brings back what is forgotten meanwhile`(
    work: MemoryMaterial.Work
  ) async throws {
    let gate = Gate()
    let reached = Gate()
    let scene = MemoryScene(
      configure: { $0.sharing = .all },
      before: { material, _ in
        material.work == work && "\(material)".contains("SECRET")
          ? [.perform { reached.open() }, .wait(for: gate)] : []
      })
    try await scene.open("one", at: ConversationPlace(channel: "kitchen"))
    if work == .supersession {
      try await scene.say("fact: anna lives in Kyoto", in: "one", from: "anna")
      await scene.generate()
    }
    try await scene.say("fact: anna lives in SECRET", "Fine", in: "one", from: "anna")
    let last = try #require(try await scene.store.session("one")).lastSequence
    async let run = scene.generate()
    try await reached.wait()
    try await scene.forget(.message(SequenceNumber(rawValue: last.rawValue - 1), in: "one"))
    gate.open()
    _ = await run
    #expect(await scene.generate().failures == 0)
    for memory in try await scene.store.memories(matching: MemoryFilter(), after: nil, limit: 99) {
      #expect(!memory.text.contains("SECRET"), "\(memory.key)")
      #expect(memory.text.contains("Fine"), "\(memory.key)")
      #expect(try await scene.store.previousMemory(memory.key)?.text.contains("SECRET") != true)
    }
    #expect(try await !scene.facts().contains { $0.statement.contains("SECRET") })
  }

  @Test func `a model that refuses every request has nothing left out`() async throws {
    let isRefusing = Mutex(true)
    for kind in [ProviderFailure.Kind.invalidRequest, .contentFiltered] {
      isRefusing.withLock { $0 = true }
      let scene = MemoryScene(before: { _, _ in isRefusing.withLock { $0 } ? [.fail(kind)] : [] })
      try await scene.open("one")
      for number in 1...9 { try await scene.say("Line \(number)", in: "one") }
      #expect(await scene.generate().end == .failedPartly)
      isRefusing.withLock { $0 = false }
      await scene.generate()
      let text = try await scene.text(.personal("one"), .longTerm) ?? ""
      // One may have been the reason; no more are given up for it.
      for number in 2...9 { #expect(text.contains("Line \(number)"), "\(kind)") }
      if kind == .invalidRequest { #expect(text.contains("Line 1")) }
    }
  }
}
