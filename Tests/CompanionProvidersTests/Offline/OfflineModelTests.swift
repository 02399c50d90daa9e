import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import CompanionTesting
import FoundationEssentials
import LoopbackServer
import Testing

struct OfflineModelTests {
  private func answer(
    _ purpose: CallPurpose = .answer, to said: String...
  ) async throws -> String {
    var messages = [PromptMessage(.system, "persona")]
    for (index, text) in said.enumerated() {
      messages.append(PromptMessage(.user, text))
      if index < said.count - 1 { messages.append(PromptMessage(.assistant, "I see.")) }
    }
    return try await OfflineModel().generate(GenerationRequest(purpose: purpose, messages: messages)).text
  }

  /// A prompt that reminds of something, as the engine makes it.
  private func reminded(
    of question: String, after said: [String], profile: [PromptExcerpt] = [], recalled: [PromptExcerpt] = [],
    summary: String? = nil, situation: [PromptExcerpt] = []
  ) throws -> GenerationRequest {
    var context = PromptContext(persona: "persona", message: question, profile: profile, recalled: recalled)
    context.summary = summary.map { ConversationSummary(text: $0, through: .zero) }
    context.situation = situation
    context.time = Timestamp(nanosecondsSinceEpoch: 0)
    let texts = said.map { (ChatMessage.Role.user, $0) } + [(.assistant, "I see.")]
    context.history = texts.enumerated().map { place, text in
      ChatMessage(
        sequence: SequenceNumber(rawValue: Int64(place + 1)), turn: TurnID(bits: 1), role: text.0,
        parts: [.text(text.1)], time: Timestamp(nanosecondsSinceEpoch: 0), origin: .person)
    }
    let prompt = try PromptCompiler().compile(context, countedBy: { $0.utf8.count / 3 })
    return GenerationRequest(purpose: .answer, messages: prompt.messages)
  }

  @Test(arguments: [
    ("Where do I live?", "Kyoto"), ("What is my sister called?", "Yui"), ("What is the weather?", "rain"),
  ])
  func `what was said before, and what is known of the conversation, is known`(
    question: String, expected: String
  ) async throws {
    let request = try reminded(
      of: question, after: ["Hello."], summary: "I live in Kyoto.\nMy sister is called Yui.",
      situation: [PromptExcerpt(source: "weather, the app", text: "rain")])
    #expect(try await OfflineModel().generate(request).text.contains(expected))
  }

  @Test(arguments: [
    ("I am Aiko and I live in Kyoto.", "Where do I live?", "Kyoto"),
    ("My name is Aiko. I like tea.", "What is my name?", "Aiko"),
    ("My sister plays the piano. I swim.", "Who plays piano?", "sister"),
    ("私は愛子と申します。京都に住んでいます。", "私の名前は何ですか", "愛子"),
    ("我叫爱子。我喜欢喝绿茶。", "我喜欢喝什么?", "绿茶"),
  ])
  func `a question is answered with what was said about it`(
    said: String, question: String, expected: String
  ) async throws {
    #expect(try await answer(to: said, question).contains(expected))
  }

  @Test(arguments: [
    ("Where do I live?", "Oslo"), ("What do I bake?", "bread"), ("What is my name?", "Aiko"),
    ("Who likes chess?", "chess"),
  ])
  func `a question is answered with what the prompt reminds of, the newest first`(
    question: String, expected: String
  ) async throws {
    let request = try reminded(
      of: question, after: ["Hello."],
      profile: [
        PromptExcerpt(
          source: "what is known about user", text: "- 2026-03-01 user: I bake bread.\n- topics: bread")
      ],
      recalled: [
        PromptExcerpt(source: "said by user, 2026-03-03", text: "I live in Oslo now."),
        PromptExcerpt(source: "said by user, 2026-03-01", text: "I am Aiko. I live in Kyoto."),
        PromptExcerpt(source: "said by you, 2026-03-04", text: "You live in Paris, I live in a computer."),
        PromptExcerpt(source: "known since, 2026-03-03", text: "user likes chess"),
      ])
    let text = try await OfflineModel().generate(request).text
    #expect(text.contains(expected) && !text.contains("2026"))
  }

  @Test(arguments: [
    "What do you know about me?", "Tell me, what do you remember about me?", "私のことを何か覚えていますか?", "你知道我的什么?",
  ])
  func `whoever asks what is known of them is told all of it, each once`(question: String) async throws {
    let request = try reminded(
      of: question, after: ["I bake bread.", "I swim."],
      profile: [
        PromptExcerpt(
          source: "what is known about user",
          text: "- 2026-03-01 user: I bake bread.\n- 2026-03-01 topics: bread")
      ], recalled: [PromptExcerpt(source: "known since, 2026-03-03", text: "user likes chess")])
    let lines = try await OfflineModel().generate(request).text.split(separator: "\n").dropFirst()
    #expect(lines == ["- user likes chess", "- I bake bread.", "- I swim."])
  }

  @Test func `whoever asks what is known of them before they have said anything is told that it is nothing`()
    async throws
  {
    #expect(try await answer(to: "What do you know about me?").contains("do not know"))
  }

  @Test func `what was not said is not known, and the model says that it is offline`() async throws {
    let text = try await answer(to: "I live in Kyoto.", "What is the largest planet?")
    #expect(text.contains("do not know") && text.contains("offline"))
    #expect(!text.contains("Kyoto"))
  }

  @Test func `the first answer says what it comes from`() async throws {
    #expect(try await answer(to: "Hello, I am Aiko.").hasPrefix("Hello, Aiko."))
    #expect(try await answer(to: "Hello.").contains("offline model"))
    #expect(try await !answer(to: "Hello.", "I like tea.").contains("offline model"))
  }

  @Test func `a summary picks what was said, in order, and no questions`() async throws {
    let text = try await answer(
      .task, to: "I grow roses in my garden.", "When do roses bloom?", "My garden is in Kyoto.",
      "Summarise our conversation")
    let lines = text.split(separator: "\n").dropFirst()
    #expect(lines == ["- I grow roses in my garden.", "- My garden is in Kyoto."])
  }

  @Test func `a search lists what matches`() async throws {
    let found = try await answer(.task, to: "I grow roses.", "I like tea.", "Find what I said about roses")
    #expect(found.contains("- I grow roses.") && !found.contains("tea"))
    let nothing = try await answer(.task, to: "I like tea.", "Find the train timetable")
    #expect(nothing.contains("nothing"))
  }

  @Test func `a message is understood by rule, as JSON`() async throws {
    let request = GenerationRequest(
      purpose: .intent, messages: [PromptMessage(.user, "Summarise a.txt")],
      format: .json(schema: IntentJudgement.schema, name: "intent"))
    let text = try await OfflineModel().generate(request).text
    let json = try JSONDecoder().decode(JSONValue.self, from: Data(text.utf8))
    #expect(IntentJudgement.intent(from: json, message: "Summarise a.txt")?.profile == .analysis)
  }

  @Test func `other JSON is refused`() async {
    let request = GenerationRequest(
      purpose: .answer, messages: [PromptMessage(.user, "Hi")], format: .json(schema: [:], name: "x"))
    let failure = await #expect(throws: ProviderFailure.self) { try await OfflineModel().generate(request) }
    #expect(failure?.kind == .invalidRequest)
  }

  @Test(arguments: ["", " ", "?", "。", "\u{0}", String(repeating: "a", count: 10_000), "👩‍👩‍👧", "I am"])
  func `no message makes it fail`(text: String) async throws {
    #expect(try await !answer(to: text).isEmpty)
    #expect(try await !answer(.task, to: text).isEmpty)
  }
}

/// The adapters that ship keep the promises of their ports.
struct AdapterConformanceTests {
  /// All but the one on JSON: the offline model refuses it for anything but an intent, and says so.
  private static let offlineChecks =
    LanguageModelConformance.checks.filter { !$0.name.contains("JSON") } + [
      LanguageModelConformance.consistency
    ]

  @Test(arguments: offlineChecks)
  func `the offline model`(check: ConformanceCheck<any LanguageModel>) async throws {
    try await check.run(on: OfflineModel(), measuredBy: .system)
  }

  @Test(arguments: LanguageModelConformance.checks + [LanguageModelConformance.consistency])
  func `the model behind the Chat Completions API`(
    check: ConformanceCheck<any LanguageModel>
  ) async throws {
    let server = try LoopbackServer { request, connection in
      let body = try JSONDecoder().decode(JSONValue.self, from: request.body)
      let text = body["response_format"] == nil ? "Hello there" : #"{"greeting":"Hello"}"#
      guard body["stream"] == true else {
        return try connection.respond(
          200, ["Content-Type": "application/json"], OpenAIScript.answer(text: text))
      }
      try connection.stream(OpenAIScript.stream(text: text))
    }
    let model = OpenAICompatibleModel(
      baseURL: server.url("/v1"), model: "m", transport: ModelUnderTest.transport, time: .system)
    try await check.run(on: model, measuredBy: .system)
  }

  @Test(
    arguments: LanguageModelConformance.checks + [LanguageModelConformance.consistency],
    ["claude-opus-5", "claude-opus-4-1"])
  func `the model behind the Messages API`(
    check: ConformanceCheck<any LanguageModel>, model: String
  ) async throws {
    let server = try LoopbackServer { request, connection in
      let body = try JSONDecoder().decode(JSONValue.self, from: request.body)
      let isForced = body["tool_choice"]?["type"] == "tool"
      let isJSON = isForced || body["output_config"]?["format"] != nil
      let text = isJSON ? #"{"greeting":"Hello"}"# : "Hello there"
      guard body["stream"] == true else {
        let call = #"{"type":"tool_use","id":"c","name":"greeting","input":\#(text)}"#
        return try connection.respond(
          200, ["Content-Type": "application/json"],
          AnthropicScript.answer(isForced ? call : AnthropicScript.text(text)))
      }
      try connection.stream(AnthropicScript.stream(text: text))
    }
    let tested = AnthropicModel(
      baseURL: server.url(), model: model, transport: ModelUnderTest.transport, time: .system)
    try await check.run(on: tested, measuredBy: .system)
  }

  @Test(arguments: EmbeddingServiceConformance.checks)
  func `the offline vectors`(check: ConformanceCheck<any EmbeddingService>) async throws {
    try await check.run(on: OfflineEmbeddings(), measuredBy: .system)
  }

  @Test(arguments: EmbeddingServiceConformance.checks)
  func `the service behind the Embeddings API`(
    check: ConformanceCheck<any EmbeddingService>
  ) async throws {
    let server = try LoopbackServer { request, connection in
      let input = try JSONDecoder().decode(JSONValue.self, from: request.body)["input"]
      guard case .array(let texts) = input else { return try connection.respond(400, [:], "{}") }
      // Of each text its bytes, counted by their low bits; the last text first.
      let items = texts.enumerated().reversed().map { index, text in
        var counts = [Int](repeating: 1, count: 16)
        if case .string(let text) = text { for byte in text.utf8 { counts[Int(byte % 16)] += 1 } }
        return #"{"index":\#(index),"embedding":\#(counts)}"#
      }
      try connection.respond(200, [:], #"{"data":[\#(items.joined(separator: ","))]}"#)
    }
    let service = OpenAICompatibleEmbeddings(
      baseURL: server.url("/v1"), model: "m", maximumBatch: 32, transport: ModelUnderTest.transport,
      time: .system)
    try await check.run(on: service, measuredBy: .system)
  }

  @Test(arguments: TimeSourceConformance.checks)
  func `the system's clock`(check: ConformanceCheck<any TimeSource>) async throws {
    try await check.run(on: SystemTimeSource(), measuredBy: .system)
  }
}
