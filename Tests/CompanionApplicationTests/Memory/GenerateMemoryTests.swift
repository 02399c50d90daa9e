import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

struct GenerateMemoryTests {
  private let kitchen = ConversationPlace(channel: "kitchen")

  @Test func `nothing new calls no model, and what is new is read once`() async throws {
    let scene = MemoryScene()
    #expect(await scene.generate().calls == 0)
    try await scene.open("one", with: "anna")
    try await scene.say("I bake bread.", "fact: anna lives in Kyoto", in: "one")
    let run = await scene.generate()
    // Short-term and long-term memory of the channel, the person's, and the facts.
    #expect(run.calls == 4)
    #expect(run.messages == 2)
    #expect(run.end == .complete)
    #expect(run.facts == 1)
    for _ in 1...3 { #expect(await scene.generate().calls == 0) }
    #expect(try await scene.store.sessionsToRemember(after: nil, limit: 10).isEmpty)
  }

  @Test func `each scope has its kinds, with its sources`() async throws {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    let soup = ConversationPlace(channel: "kitchen", thread: "soup")
    try await scene.open("one", at: kitchen)
    try await scene.open("two", at: soup)
    try await scene.say("A", "B", in: "one", from: "anna")
    try await scene.say("C", in: "two", from: "bert")
    #expect(await scene.generate().failures == 0)
    #expect(try await scene.text(.channel("kitchen"), .shortTerm) == "- A\n- B\n- C")
    #expect(try await scene.text(.channel("kitchen"), .longTerm) == "- A\n- B\n- C")
    #expect(try await scene.text(.thread("soup", of: "kitchen", in: .main), .shortTerm) == "- C")
    #expect(try await scene.text(.workspace(.main), .shortTerm) == "- A\n- B\n- C")
    #expect(try await scene.text(.workspace(.main), .longTerm) == "- A\n- B\n- C")
    #expect(try await scene.text(.anna, .longTerm) == "- A\n- B")
    #expect(try await scene.text(.user("bert", in: .main), .longTerm) == "- C")
    let key = MemoryKey(.channel("kitchen"), .shortTerm)
    let memory = try #require(try await scene.store.memory(key))
    #expect(memory.sourceCount == 3)
    #expect(memory.origin.model == .scripted)
    #expect(memory.origin.instructions == MemoryMaterial.fingerprint(of: .shortTerm))
    let spans = try await scene.store.memorySources(of: key, after: nil, limit: 9)
    #expect(spans.map(\.session) == ["one", "two"])
    #expect(spans.map(\.count) == [2, 1])
    let workspace = try #require(try await scene.store.memory(MemoryKey(.workspace(.main), .shortTerm)))
    #expect(workspace.merged == [MergedMemory(key, version: memory.version)])
  }

  @Test func `a run is given the memory so far and what is new, and nothing else`() async throws {
    let scene = MemoryScene()
    try await scene.open("one")
    try await scene.say("The first", "The second", in: "one")
    await scene.generate()
    let before = scene.materials.count
    try await scene.say("The third", in: "one")
    await scene.generate()
    for material in scene.materials.dropFirst(before) {
      #expect(material.lines.map(\.text) == (material.merged.isEmpty ? ["The third"] : []))
      if material.work != .facts { #expect(material.previous == "- The first\n- The second") }
    }
    #expect(try await scene.text(.personal("one"), .longTerm) == "- The first\n- The second\n- The third")
    #expect(try await scene.store.previousMemory(MemoryKey(.personal("one"), .longTerm))?.version == 1)
  }

  @Test func `what the companion was reminded of, tools and announcements are in no input`() async throws {
    let scene = MemoryScene()
    try await scene.open("one")
    try await scene.say("Hello", in: "one")
    let said: [(ChatMessage.Role, ChatMessage.Origin, Bool, String)] = [
      (.assistant, .model, true, "REMINDED"),
      (.assistant, .announcement(of: scene.environment.identifiers.next()), false, "ANNOUNCED"),
      (.tool, .model, false, "TOOL"), (.tool, .repair, false, "REPAIRED"),
      (.assistant, .model, false, "UNREMINDED"),
    ]
    for (role, origin, isReminded, text) in said {
      try await scene.append(in: "one") {
        $0.role = role
        $0.origin = origin
        $0.isReminded = isReminded
        $0.parts =
          role == .tool
          ? [.toolResult(ToolResult(callID: "c", outcome: .succeeded, content: text))] : [.text(text)]
      }
    }
    await scene.generate()
    let all = scene.prompts.joined()
    for text in ["REMINDED", "ANNOUNCED", "TOOL", "REPAIRED"] where text != "REMINDED" {
      #expect(!all.contains(text))
    }
    #expect(!all.replacing("UNREMINDED", with: "").contains("REMINDED"))
    #expect(all.contains("UNREMINDED"))
    #expect(try await scene.text(.personal("one"), .shortTerm) == "- Hello")
  }

  @Test func `memories that are in every prompt make no memory`() async throws {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    try await scene.say("fact: anna lives in Kyoto", in: "one")
    await scene.generate()
    let facts = try await scene.facts()
    let longTerm = try await scene.text(.personal("one"), .longTerm)
    for turn in 1...100 {
      // It repeats what it remembers, in other words too.
      try await scene.append(in: "one") {
        $0.role = .assistant
        $0.origin = .model
        $0.isReminded = true
        $0.parts = [
          .text("fact: anna lives in Kyoto. I remember \(turn) times that Kyoto is where you live.")
        ]
      }
      #expect(await scene.generate().calls == 0)
    }
    #expect(try await scene.facts() == facts)
    #expect(try await scene.text(.personal("one"), .longTerm) == longTerm)
  }

  @Test func `an edit and a deletion are reflected by the next run`() async throws {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    try await scene.open("one", at: kitchen)
    try await scene.say(
      "fact: anna lives in Kyoto", "We meet at noon", "Bert is late", in: "one", from: "anna")
    await scene.generate()
    #expect(try await scene.facts().map(\.statement) == ["anna lives in Kyoto"])
    try await scene.store.commit(
      .amend(
        SequenceNumber(rawValue: 1), .edit([.text("fact: anna lives in Osaka")]), in: "one",
        at: scene.clock.now),
      .amend(SequenceNumber(rawValue: 3), .delete, in: "one", at: scene.clock.now))
    #expect(await scene.generate().failures == 0)
    let scopes: [(MemoryScope, MemoryKind)] = [
      (.channel("kitchen"), .shortTerm), (.channel("kitchen"), .longTerm), (.workspace(.main), .shortTerm),
      (.workspace(.main), .longTerm), (.anna, .longTerm),
    ]
    for (scope, kind) in scopes {
      let text = try #require(try await scene.text(scope, kind))
      #expect(text.contains("Osaka") && text.contains("noon"))
      #expect(!text.contains("Kyoto") && !text.contains("late"), "\(scope)")
    }
    #expect(try await scene.facts().map(\.statement) == ["anna lives in Osaka"])
    #expect(await scene.generate().calls == 0)
  }

  @Test func `a newer fact supersedes what it contradicts, which holds again when its words are gone`()
    async throws
  {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    try await scene.say("fact: anna lives in Kyoto", in: "one")
    await scene.generate()
    try await scene.say("fact: anna lives in Osaka", in: "one")
    let said = scene.clock.now
    scene.clock.advance(by: .seconds(3_600))
    #expect(await scene.generate().supersededFacts == 1)
    let facts = try await scene.facts()
    let old = try #require(facts.first { $0.statement.contains("Kyoto") })
    #expect(old.supersededBy == facts.first { $0.statement.contains("Osaka") }?.id)
    // It ended when the other was said, whenever that was read.
    #expect(old.validTo == said)
    try await scene.store.commit(.amend(SequenceNumber(rawValue: 2), .delete, in: "one", at: scene.clock.now))
    await scene.generate()
    #expect(try await scene.facts().map(\.statement) == ["anna lives in Kyoto"])
    #expect(try await scene.facts().first?.supersededBy == nil)
  }

  @Test func `what is said again and again is one fact`() async throws {
    let scene = MemoryScene()
    try await scene.open("one", with: "anna")
    for round in 1...20 {
      for _ in 1...50 { try await scene.say("fact: anna lives in Kyoto", in: "one") }
      #expect(await scene.generate().facts == (round == 1 ? 1 : 0))
    }
    #expect(try await scene.facts().count == 1)
  }

  @Test func `memory of a channel is in no other channel's prompts`() async throws {
    for sharing in [ChannelSharing.none, .all, .only(["kitchen"])] {
      let scene = MemoryScene(configure: { $0.sharing = sharing })
      for (number, channel) in ["kitchen", "garden", "attic"].enumerated() {
        let id = try #require(SessionID(rawValue: "s\(number)"))
        let place = ConversationPlace(channel: try #require(ChannelID(rawValue: channel)))
        try await scene.open(id, at: place)
        try await scene.say("secret-of-\(channel)", in: id, from: "anna")
      }
      try await scene.open("own", with: "anna")
      try await scene.say("secret-of-anna", in: "own")
      for _ in 1...2 { await scene.generate() }
      for (material, prompt) in zip(scene.materials, scene.prompts) {
        guard case .channel(let channel, _) = material.scope else { continue }
        let others = ["kitchen", "garden", "attic", "anna"].filter {
          $0 != channel.rawValue && !(channel.isPersonal && $0 == "anna")
        }
        for other in others { #expect(!prompt.contains("secret-of-\(other)"), "\(channel)") }
      }
      let workspace = try await scene.text(.workspace(.main), .longTerm) ?? ""
      #expect(workspace.contains("kitchen") == (sharing != .none))
      #expect(workspace.contains("garden") == (sharing == .all))
      // What is said personally is for the person alone.
      #expect(!workspace.contains("anna"))
      let anna = try await scene.text(.anna, .longTerm) ?? ""
      #expect(anna.contains("secret-of-anna"))
      #expect(anna.contains("garden") == (sharing == .all))
    }
  }

  @Test func `a channel that is not shared any more leaves the workspace's memory`() async throws {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    try await scene.open("one", at: kitchen)
    try await scene.open("two", at: ConversationPlace(channel: "garden"))
    try await scene.say("soup", in: "one")
    try await scene.say("roses", in: "two")
    await scene.generate()
    #expect(try await scene.text(.workspace(.main), .longTerm)?.contains("soup") == true)
    try await scene.say("tulips", in: "two")
    let other = scene.other { $0.sharing = .only(["garden"]) }
    // Until then nobody is told of it.
    for (environment, isTold) in [(scene.environment, true), (other, false)] {
      let found = try await Recall(environment: environment)("soup", in: "two", budget: 100).items
      #expect(found.contains { $0.scope == .workspace(.main) } == isTold)
      let reminder = try await Remind(environment: environment)(of: "soup", in: "two", excluding: [])
      #expect((reminder.profile + reminder.recalled).contains { $0.text.contains("soup") } == isTold)
    }
    _ = await GenerateMemory(environment: other)()
    let text = try await scene.text(.workspace(.main), .longTerm) ?? ""
    #expect(!text.contains("soup"))
    #expect(text.contains("roses") && text.contains("tulips"))
  }

  @Test func `what only went on in a channel leaves the workspace with it, too`() async throws {
    let isFailing = Mutex(true)
    let scene = MemoryScene(
      configure: { $0.sharing = .all },
      before: { material, _ in
        // The channel has no long-term memory of its own then.
        material.work == .longTerm && material.scope == .channel("kitchen") && isFailing.withLock { $0 }
          ? [.fail(.malformedResponse)] : []
      })
    try await scene.open("one", at: kitchen)
    try await scene.open("two", at: ConversationPlace(channel: "garden"))
    try await scene.say("soup", in: "one")
    try await scene.say("roses", in: "two")
    await scene.generate()
    #expect(try await scene.text(.channel("kitchen"), .longTerm) == nil)
    #expect(try await scene.text(.workspace(.main), .longTerm)?.contains("soup") == true)
    isFailing.withLock { $0 = false }
    let other = scene.other { $0.sharing = .only(["garden"]) }
    let reminder = try await Remind(environment: other)(of: "soup", in: "two", excluding: [])
    #expect(!(reminder.profile + reminder.recalled).contains { $0.text.contains("soup") })
    _ = await GenerateMemory(environment: other)()
    for kind in MemoryKind.allCases {
      let text = try await scene.text(.workspace(.main), kind) ?? ""
      #expect(!text.contains("soup") && text.contains("roses"), "\(kind)")
    }
  }

  @Test func `what was said over days is in long-term memory, though short-term memory looks back on one`()
    async throws
  {
    let scene = MemoryScene()
    try await scene.open("one", at: kitchen)
    try await scene.say("I have moved to Kyoto", in: "one")
    scene.clock.advance(by: .seconds(3 * 86_400))
    try await scene.say("Dinner at seven", in: "one")
    await scene.generate()
    let longTerm = try #require(scene.materials.first { $0.work == .longTerm })
    #expect(longTerm.lines.map(\.text) == ["I have moved to Kyoto", "Dinner at seven"])
    #expect(longTerm.merged.isEmpty)
  }

  @Test func `short-term memory of a channel that has gone silent expires`() async throws {
    let scene = MemoryScene()
    try await scene.open("one", at: kitchen)
    try await scene.say("Dinner at seven", in: "one")
    await scene.generate()
    scene.clock.advance(by: .seconds(86_300))
    #expect(await scene.generate().expired == 0)
    scene.clock.advance(by: .seconds(200))
    let run = await scene.generate()
    #expect(run.expired == 1)
    #expect(run.memories.isEmpty)
    #expect(run.calls == 0)
    let emptied = scene.events.events.count { event in
      if case .memoryStored(_, _, isEmpty: true) = event.kind { true } else { false }
    }
    #expect(emptied == 1)
    #expect(try await scene.text(.channel("kitchen"), .shortTerm) == "")
    #expect(await scene.generate().expired == 0)
    try await scene.say("Breakfast at eight", in: "one")
    await scene.generate()
    #expect(try await scene.text(.channel("kitchen"), .shortTerm) == "- Breakfast at eight")
    #expect(try await scene.text(.channel("kitchen"), .longTerm) == "- Dinner at seven\n- Breakfast at eight")
  }

  @Test func `a limit in tokens is never exceeded`() async throws {
    let counter = TokenEstimator()
    for language in ["word another thing ", "東京へ引っ越しました。", "我们明天去上海。"] {
      let scene = MemoryScene(configure: { $0.shortTermTokens = 40 })
      try await scene.open("one", at: kitchen)
      for number in 1...30 {
        try await scene.say(String(repeating: "\(number) \(language)", count: number), in: "one")
        await scene.generate()
        #expect(counter.tokens(in: try await scene.text(.channel("kitchen"), .shortTerm) ?? "") <= 40)
        #expect(counter.tokens(in: try await scene.text(.channel("kitchen"), .longTerm) ?? "") <= 500)
      }
      #expect(try await scene.text(.channel("kitchen"), .shortTerm)?.isEmpty == false)
    }
  }

  @Test func `a long history is read in batches, each with the memory of the ones before it`() async throws {
    let scene = MemoryScene(configure: {
      $0.batchTokens = 200
      $0.shortTermTokens = 5_000
      $0.longTermTokens = 5_000
    })
    try await scene.open("one", at: kitchen)
    for number in 1...60 {
      scene.clock.advance(by: .seconds(7_200))
      try await scene.say("Entry \(number) of the diary", in: "one")
    }
    scene.clock.advance(by: .seconds(100 * 86_400))
    let run = await scene.generate()
    #expect(run.end == .complete)
    let read = scene.materials.filter { $0.work == .shortTerm }
    #expect(read.count > 5)
    #expect(read.flatMap(\.lines).count == 60)
    for material in scene.materials {
      #expect(material.lines.reduce(0) { $0 + TokenEstimator().tokens(in: $1.text) } <= 400)
    }
    let longTerm = try await scene.text(.channel("kitchen"), .longTerm) ?? ""
    #expect(longTerm.contains("Entry 60 of"))
    #expect(try await scene.store.memory(MemoryKey(.channel("kitchen"), .longTerm))?.sourceCount == 60)
    // It is long ago: it is not what goes on now.
    await scene.generate()
    #expect(try await scene.text(.channel("kitchen"), .shortTerm) == "")
  }

  @Test func `the last message of a shared channel leaves the workspace's memory when it is deleted`()
    async throws
  {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    try await scene.open("one", at: kitchen)
    try await scene.say("Bert is late", in: "one")
    await scene.generate()
    #expect(try await scene.text(.workspace(.main), .longTerm) == "- Bert is late")
    try await scene.store.commit(.amend(SequenceNumber(rawValue: 1), .delete, in: "one", at: scene.clock.now))
    await scene.generate()
    #expect(try await scene.text(.workspace(.main), .longTerm) == "")
    #expect(try await scene.text(.workspace(.main), .shortTerm) == "")
  }

  @Test func `a workspace with which nothing is shared any more has no memory`() async throws {
    let scene = MemoryScene(configure: { $0.sharing = .all })
    try await scene.open("one", at: kitchen)
    try await scene.say("soup", in: "one")
    await scene.generate()
    #expect(try await scene.text(.workspace(.main), .longTerm) == "- soup")
    for sharing in [ChannelSharing.none, .only(["garden"])] {
      _ = await GenerateMemory(environment: scene.other { $0.sharing = sharing })()
      #expect(try await scene.text(.workspace(.main), .longTerm) == nil)
      #expect(try await scene.text(.workspace(.main), .shortTerm) == nil)
      await scene.generate()
      #expect(try await scene.text(.workspace(.main), .longTerm) == "- soup")
    }
  }

  @Test func `a session that is named like its channel is not personal`() async throws {
    let scene = MemoryScene()
    for id: SessionID in ["general", "random"] {
      try await scene.open(id, at: ConversationPlace(channel: try #require(ChannelID(rawValue: id.rawValue))))
      try await scene.say("secret-of-\(id)", in: id)
    }
    await scene.generate()
    #expect(try await scene.text(.user(.user, in: .main), .longTerm) == nil)
    let recall = Recall(environment: scene.environment)
    #expect(
      try await recall("secret of general", in: "random", budget: 500).items.allSatisfy {
        !$0.text.contains("general")
      })
  }
}
