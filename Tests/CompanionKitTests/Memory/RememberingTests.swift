import CompanionDomain
import CompanionKit
import CompanionTesting
import Testing

/// Memory from the first message to the prompt, with the offline model.
struct RememberingTests {
  private func companion(
    _ store: InMemoryStore, model: some LanguageModel = .offline,
    configure: (inout CompanionConfiguration) -> Void = { _ in }
  ) -> Companion {
    var configuration = CompanionConfiguration()
    configuration.intents = .rules
    configuration.memory.isAutomatic = false
    configure(&configuration)
    return Companion(model: model, store: store, configuration: configuration)
  }

  @Test func `what is said in one conversation is in the prompts of the next one`() async throws {
    let store = InMemoryStore.inMemory
    let model = ScriptedModel.answering("I see.")
    let first = companion(store)
    first.start()
    _ = try await first.send("My name is Anna and I live in Kyoto.").text()
    await first.generateMemory()
    await first.stop()
    let second = companion(store, model: model)
    second.start()
    let session = try await second.startSession().id
    _ = try await second.send("What do you know about Kyoto?", in: session).text()
    await second.stop()
    let prompt = try #require(model.requests.last?.messages.map(\.text).joined(separator: "\n"))
    let remembered = FencedBlock.all(in: prompt).filter { ["profile", "recalled"].contains($0.kind) }
    #expect(remembered.contains { $0.content.contains("Kyoto") && $0.content.contains("Anna") })
    #expect(try await second.history(of: session).last?.isReminded == true)
  }

  @Test func `an open conversation goes on with what another process has made of its messages`() async throws
  {
    let store = InMemoryStore.inMemory
    let model = ScriptedModel.answering("I see.")
    let companions = [companion(store, model: model), companion(store, model: model)]
    for companion in companions { companion.start() }
    let session = try await companions[0].startSession().id
    for text in ["The code is 1234.", "The door is red."] {
      _ = try await companions[0].send(text, in: session).text()
    }
    try await companions[1].editMessage(.zero.next, in: session, to: "The code is secret.")
    _ = try await companions[0].send("Go on.", in: session).text()
    let edited = model.requests.last?.messages.map(\.text).joined(separator: "\n") ?? ""
    #expect(edited.contains("The code is secret.") && !edited.contains("1234"))
    try await companions[1].forget(.message(.zero.next, in: session))
    _ = try await companions[0].send("And now?", in: session).text()
    let forgotten = model.requests.last?.messages.map(\.text).joined(separator: "\n") ?? ""
    #expect(forgotten.contains("red") && !forgotten.contains("code"))
    for companion in companions { await companion.stop() }
  }

  @Test func `no prompt is given anything where recalling is off`() async throws {
    let store = InMemoryStore.inMemory
    let model = ScriptedModel.answering("I see.")
    let companion = companion(store, model: model) { $0.memory.recallTokens = 0 }
    companion.start()
    _ = try await companion.send("I live in Kyoto.").text()
    let session = try await companion.startSession().id
    _ = try await companion.send("Kyoto?", in: session).text()
    await companion.stop()
    let prompt = try #require(model.requests.last?.messages.map(\.text).joined(separator: "\n"))
    #expect(!prompt.contains("I live in Kyoto"))
    #expect(try await companion.history(of: session).last?.isReminded == false)
  }

  @Test(arguments: [
    ("我对花生过敏。", "user对花生过敏"), ("我住在上海。", "user住在上海"), ("ピーナッツアレルギーです。", "userはピーナッツアレルギー"),
    ("京都に住んでいます。", "userは京都に住んでいる"),
  ])
  func `a short statement in Chinese or Japanese is remembered, and is a fact once`(
    said: String, statement: String
  ) async throws {
    let store = InMemoryStore.inMemory
    let companion = companion(store)
    companion.start()
    let session = try await companion.startSession().id
    _ = try await companion.send(said, in: session).text()
    await companion.generateMemory()
    let known = try await companion.remember(statement, in: session)
    let other = try await companion.remember(said, in: session)
    await companion.stop()
    let facts = try await store.facts(matching: FactFilter(), after: nil, limit: 9)
    #expect(facts.first { $0.statement == statement }?.subject == "user")
    #expect(!known.isNew && known.fact.statement == statement)
    #expect(facts.count == (other.isNew ? 2 : 1))
    let memories = try await store.memories(matching: MemoryFilter(), after: nil, limit: 9)
    #expect(memories.filter { $0.text.contains(said) }.count == 3)
  }

  @Test func `a thousand repeated statements leave no duplicate, and next to no near one`() async throws {
    let store = InMemoryStore.inMemory
    let companion = companion(store)
    companion.start()
    let session = try await companion.startSession().id
    let places = ["Kyoto", "Osaka", "Berlin", "Lima", "Oslo"]
    let forms: [(Int, String) -> String] = [
      { _, place in "My sister lives in \(place)." }, { _, place in "my sister lives in \(place)" },
      { _, place in "My sister lives in \(place)!" }, { _, place in "So, my sister lives in \(place) now." },
      { number, place in number.isMultiple(of: 2) ? "I work in \(place)." : "I work in \(place) now." },
    ]
    var messages: [ChatMessage] = []
    let start = SystemTimeSource().now
    for number in 0..<1_000 {
      let text = forms[number % forms.count](number, places[(number / forms.count) % places.count])
      messages.append(
        ChatMessage(
          sequence: SequenceNumber(rawValue: Int64(number + 1)), turn: TurnID(bits: UInt128(number)),
          role: .user,
          parts: [.text(text)], time: start.advanced(by: .seconds(number)), origin: .person))
    }
    try await store.commit(.append(messages, to: session, after: .zero))
    await companion.generateMemory()
    await companion.stop()
    let facts = try await store.facts(matching: FactFilter(), after: nil, limit: 2_000)
    #expect(!facts.isEmpty)
    let wordings = facts.map { FactWording(subject: $0.subject, statement: $0.statement) }
    var exact = 0
    var near = 0
    for (place, wording) in wordings.enumerated() {
      for other in wordings[..<place] {
        if wording.isSame(as: other) { exact += 1 } else if wording.saysTheSame(as: other) { near += 1 }
      }
    }
    #expect(exact == 0)
    #expect(Double(near) < 0.01 * Double(facts.count))
    #expect(facts.count <= 3 * places.count)
  }
}
