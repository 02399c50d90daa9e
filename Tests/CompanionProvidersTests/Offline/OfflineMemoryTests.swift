import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionTesting
import Foundation
import Testing

struct OfflineMemoryTests {
  /// 2026-11-21 14:20 in Tokyo.
  private static let now = Timestamp(nanosecondsSinceEpoch: 1_795_238_400_000_000_000)
  private let tokyo = MemoryCalendar(timeZone: TimeZone(identifier: "Asia/Tokyo") ?? .gmt)

  /// What was said, as "speaker: words"; a minute apart, the last a minute ago.
  private func lines(_ said: [String], hoursAgo: Int = 0) -> [MemoryLine] {
    said.enumerated().map { place, text in
      let parts = text.split(separator: ": ", maxSplits: 1).map(String.init)
      return MemoryLine(
        session: SessionID(bits: 0), sequence: SequenceNumber(rawValue: Int64(place) + 1),
        time: Self.now.advanced(by: .seconds((place - said.count) * 60 - hoursAgo * 3600)),
        speaker: parts[0] == "-" ? nil : UserID(rawValue: parts[0]), text: parts.last ?? "")
    }
  }

  private func material(
    _ work: MemoryMaterial.Work, _ said: [String] = [], hoursAgo: Int = 0
  ) -> MemoryMaterial {
    MemoryMaterial(
      work: work, scope: .channel(ChannelID(bits: 1), of: WorkspaceID(bits: 1)), now: Self.now,
      calendar: tokyo,
      lines: lines(said, hoursAgo: hoursAgo))
  }

  private func memory(_ material: MemoryMaterial) async throws -> [String] {
    let request = GenerationRequest(purpose: .memory, messages: material.messages)
    let text = try await OfflineModel().generate(request).text
    #expect(try await OfflineModel().generate(request).text == text)
    return text == "-" ? [] : text.split(separator: "\n").map(String.init)
  }

  private func facts(_ said: [String], known: [String] = []) async throws -> [AnchoredFact] {
    var material = material(.facts, said)
    material.knownFacts = known
    let request = GenerationRequest(
      purpose: .memory, messages: material.messages,
      format: .json(schema: ExtractedFacts.schema, name: ExtractedFacts.schemaName))
    let facts = try ExtractedFacts(answer: try await OfflineModel().generate(request).text, calendar: tokyo)
    let (anchored, rejected) = facts.anchored(in: material.lines)
    #expect(rejected.isEmpty && facts.skipped == 0)
    return anchored
  }

  // MARK: Facts

  @Test(arguments: [
    ("My name is Anna.", "anna's name is Anna"), ("I live in Kyoto now!", "anna lives in Kyoto"),
    ("By the way, I moved to Leeds last month, so I could help.", "anna moved to Leeds"),
    ("I work at a small bakery", "anna works at a small bakery"), ("I’m a nurse.", "anna is a nurse"),
    ("I really like green tea", "anna likes green tea"),
    ("I don't like the heat of summer", "anna does not like the heat of summer"),
    ("I'm allergic to nuts, sadly", "anna is allergic to nuts"), ("I have two cats.", "anna has two cats"),
    ("My cat is called Miso", "anna's cat is called Miso"),
    ("My sister lives in Leeds too", "anna's sister lives in Leeds"),
    ("My birthday is on 3 March", "anna's birthday is 3 March"), ("I'm 31 years old", "anna is 31 years old"),
    ("I've decided to sell my car", "anna decided to sell their car"),
    ("I plan to visit Rome next spring", "anna plans to visit Rome next spring (said on 2026-11-21)"),
    ("I'm planning to leave tomorrow", "anna plans to leave on 2026-11-22"),
    ("京都に住んでいます。", "annaは京都に住んでいる"), ("先月大阪に引っ越しました", "annaは大阪に引っ越した"), ("僕は銀行で働いています", "annaは銀行で働いている"),
    ("寿司が好きです。", "annaは寿司が好き"), ("私は納豆が苦手です", "annaは納豆が苦手"), ("コーヒーは好きじゃない", "annaはコーヒーが好きではない"),
    ("猫を二匹飼っています", "annaは猫を二匹飼っている"), ("実は卵アレルギーなんです", "annaは卵アレルギー"), ("誕生日は3月5日です", "annaの誕生日は3月5日"),
    ("姉は札幌に住んでいます", "annaの姉は札幌に住んでいる"), ("1月末で辞めることにしました", "annaは1月末で辞めることにした"),
    ("我叫王芳。", "anna的名字是王芳"), ("我现在住在上海", "anna住在上海"), ("我上个月搬到北京了", "anna搬到北京"), ("我在银行工作", "anna在银行工作"),
    ("我很喜欢吃火锅", "anna喜欢吃火锅"), ("我不喜欢吃辣", "anna不喜欢吃辣"), ("我养了两只猫", "anna养了两只猫"), ("我对花生过敏", "anna对花生过敏"),
    ("ピーナッツアレルギーです。", "annaはピーナッツアレルギー"), ("猫が好きです。", "annaは猫が好き"), ("我对花生过敏。", "anna对花生过敏"),
    ("我的生日是5月12日", "anna的生日是5月12日"), ("我决定学钢琴", "anna决定学钢琴"), ("我姐姐也住在上海", "anna的姐姐住在上海"),
  ])
  func `what people say of themselves is a fact`(said: String, statement: String) async throws {
    let facts = try await facts(["anna: \(said)"])
    #expect(facts.map(\.statement) == [statement])
    #expect(facts.first?.subject == "anna" && said.contains(facts.first?.quote.text ?? "?"))
  }

  @Test(arguments: [
    "Do I live in Kyoto?", "If I lived in Kyoto I would walk", "Maybe I like tea", "I would love to",
    "I'd like tea",
    "He said I live in Rome", "I used to work at the bank", "I like it", "I like how you say that",
    "Bob lives in Leeds",
    "I wish I had a cat", "I have a meeting", "I'm a bit tired", "I'm going to bed", "I hope I like tea",
    "Just kidding, I live in Rome",
    "京都に住んでいますか？", "もし京都に住んでいたら", "京都に住みたい", "健は京都に住んでいます", "猫が好きかも", "弟は猫が好きらしい", "昔は京都に住んでいました",
    "我住在上海吗？", "如果我住在海边", "我想住在海边", "听说我喜欢茶", "小明住在上海", "我可能搬到北京", "希望我喜欢",
  ])
  func `what is asked, supposed, wished or said of others is none`(said: String) async throws {
    #expect(try await facts(["anna: \(said)"]).isEmpty)
  }

  @Test func `the companion's words are no source, and what is known is not told again`() async throws {
    #expect(try await facts(["-: I live in Kyoto."]).isEmpty)
    #expect(try await facts(["anna: I live in Kyoto.", "anna: I'm living in Kyoto!"]).count == 1)
    #expect(try await facts(["anna: I live in Kyoto."], known: ["Anna lives in Kyoto."]).isEmpty)
  }

  @Test(arguments: [
    ("anna lives in Rome", "anna moved to Kyoto"), ("anna likes tea", "anna does not like tea any more"),
    ("Anna works at Acme.", "anna works at Initech"), ("annaは京都に住んでいる", "annaは大阪に引っ越した"),
    ("annaは寿司が好き", "annaは寿司が好きではない"),
    ("anna住在上海", "anna搬到北京"), ("anna喜欢茶", "anna不喜欢茶"), ("anna is 30 years old", "anna is 31 years old"),
  ])
  func `a newer statement of the same kind ends an older one`(known: String, new: String) async throws {
    #expect(try await superseded([known], by: [new]) == [[0, 0]])
  }

  @Test(arguments: [
    ("anna lives in Rome", "bob moved to Kyoto"), ("anna likes tea", "anna likes coffee"),
    ("anna likes tea", "anna does not like coffee"),
    ("anna lives in Rome", "anna lives in Rome."), ("anna works at Acme", "anna works as a nurse"),
    ("annaは寿司が好き", "annaは納豆が苦手"),
    ("anna住在上海", "小明搬到北京"), ("anything", "anything else"),
  ])
  func `what can hold together stays`(known: String, new: String) async throws {
    #expect(try await superseded([known], by: [new]).isEmpty)
  }

  private func superseded(_ known: [String], by new: [String]) async throws -> [[Int]] {
    var material = material(.supersession)
    material.knownFacts = known
    material.newFacts = new
    let request = GenerationRequest(
      purpose: .memory, messages: material.messages,
      format: .json(schema: Supersessions.schema, name: Supersessions.schemaName))
    let answer = try await OfflineModel().generate(request).text
    return try Supersessions(answer: answer, known: known.count, new: new.count).pairs.map {
      [$0.known, $0.new]
    }
  }

  // MARK: Short-term

  @Test func `a short-term memory tells what goes on, and what is asked`() async throws {
    let memory = try await memory(
      material(
        .shortTerm,
        [
          "anna: Hi!", "anna: The garden needs new roses by tomorrow.", "-: I see, shall I remind you?",
          "bob: ok",
          "bob: I ordered roses for the garden yesterday.", "anna: Where is the key for the shed?",
        ]))
    #expect(
      memory == [
        "- 2026-11-21 14:15 anna: The garden needs new roses by 2026-11-22.",
        "- 2026-11-21 14:18 bob: I ordered roses for the garden on 2026-11-20.",
        "- 2026-11-21 14:19 anna: Where is the key for the shed? (open question)",
        "- 2026-11-21 14:19 topics: garden, roses",
      ])
  }

  @Test func `lines stay for a day, and a question until somebody else speaks`() async throws {
    var material = material(.shortTerm, ["bob: The key hangs behind the kitchen door."])
    material.previous = """
      - 2026-11-20 14:00 anna: The old one that is over now.
      - 2026-11-20 14:30 anna: The roses need more water.
      - 2026-11-21 13:00 anna: Where is the key? (open question)
      - 2026-11-21 13:00 topics: roses, keys
      no date
      """
    #expect(
      try await memory(material) == [
        "- 2026-11-20 14:30 anna: The roses need more water.",
        "- 2026-11-21 14:19 bob: The key hangs behind the kitchen door.",
      ])
  }

  @Test func `what was said more than a day ago is not current`() async throws {
    #expect(
      try await memory(material(.shortTerm, ["anna: The roses need more water."], hoursAgo: 25)).isEmpty)
  }

  @Test(arguments: [
    "我对花生过敏。", "我养了猫。", "我住上海。", "今天下雨了。", "猫が好きです。", "卵アレルギーです。", "ピーナッツアレルギーです。", "姉は京都です。",
    "iPhoneを買った。", "The roses need water.",
  ])
  func `a statement is told however few characters its language needs`(said: String) async throws {
    #expect(try await memory(material(.shortTerm, ["anna: \(said)"])).count == 1)
  }

  @Test(arguments: [
    "好的。", "谢谢！", "你好！", "没问题。", "我知道了。", "晚安。", "哈哈，好的。", "不客气！", "真的很感谢。", "はい。", "了解です。", "承知しました。",
    "はい、分かりました。", "ありがとうございます！", "お疲れ様です。", "大丈夫です。", "お願いします。", "そうですね。", "オッケー！", "OKです。", "ok", "Thanks!",
    "Good morning!", "Sounds good.",
  ])
  func `greetings, thanks and agreement are not told`(said: String) async throws {
    #expect(try await memory(material(.shortTerm, ["anna: \(said)"])).isEmpty)
  }

  // MARK: Long-term

  @Test func `a long-term memory keeps what was there, and adds what lasts`() async throws {
    var material = material(
      .longTerm, ["anna: I moved to Kyoto.", "anna: The bus is late.", "anna: Where do I live?"])
    material.previous = "- 2026-01-05 anna: I like tea."
    material.merged = [
      .init(
        title: "x",
        text: "- 2026-11-20 10:00 bob: We decided to plant roses.\n- 2026-11-20 11:00 bob: It rains.")
    ]
    #expect(
      try await memory(material) == [
        "- 2026-01-05 anna: I like tea.", "- 2026-11-20 bob: We decided to plant roses.",
        "- 2026-11-21 anna: I moved to Kyoto.",
      ])
    material.previous = try await memory(material).joined(separator: "\n")
    #expect(try await memory(material).count == 3)
  }

  @Test(arguments: [MemoryMaterial.Work.shortTerm, .longTerm])
  func `what was deleted goes, and what was changed is told anew`(work: MemoryMaterial.Work) async throws {
    var material = material(work)
    material.previous = """
      - 2026-11-21 anna: I moved to Kyoto for work.
      - 2026-11-21 anna: I like green tea with milk.
      - 2026-11-21 bob: I like green tea with milk.
      """
    let said = lines(["anna: I moved to Osaka for work.", "anna: "])
    material.corrections = [
      MemoryCorrection(line: said[0], old: "I moved to Kyoto for work."),
      MemoryCorrection(line: said[1], old: "I like green tea with milk."),
    ]
    let memory = try await memory(material).joined(separator: "\n")
    #expect(!memory.contains("Kyoto") && memory.contains("anna: I moved to Osaka for work."))
    #expect(!memory.contains("anna: I like green") && memory.contains("bob: I like green"))
  }

  @Test func `beyond the limit the least significant goes first`() async throws {
    var material = material(
      .longTerm, ["anna: I play piano.", "anna: I plan to visit Rome.", "anna: I live in Kyoto."])
    material.previous = "- 2026-01-05 anna: My birthday is on 3 March."
    material.tokenLimit = 40
    let memory = try await memory(material)
    #expect(
      memory == ["- 2026-01-05 anna: My birthday is on 3 March.", "- 2026-11-21 anna: I live in Kyoto."])
  }

  // MARK: Judgement

  @Test(arguments: [
    ([PromptMessage(.user, "I am back. What is next?")], true), ([PromptMessage(.user, "明日は晴れますか")], true),
    ([PromptMessage(.user, "What is next? Never mind.")], false),
    ([PromptMessage(.user, "Good night.")], false),
    ([PromptMessage(.user, "What?"), PromptMessage(.assistant, "This.")], false), ([], false),
  ])
  func `it speaks up only when a question is open`(dialogue: [PromptMessage], expected: Bool) async throws {
    let request = GenerationRequest(
      purpose: .judgement, messages: [PromptMessage(.system, "Judge.")] + dialogue,
      format: .json(schema: [:], name: "judgement"))
    let text = try await OfflineModel().generate(request).text
    let answer = try #require(JSONValue(json: Data(text.utf8)))
    #expect(answer["should_respond"] == .bool(expected))
    #expect(
      answer["confidence"]?.number == (expected ? 0.75 : 0.9) && answer["reason"]?.string?.isEmpty == false)
  }

  @Test func `a memory without its material is refused`() async {
    let request = GenerationRequest(purpose: .memory, messages: [PromptMessage(.user, "Remember.")])
    let failure = await #expect(throws: ProviderFailure.self) { try await OfflineModel().generate(request) }
    #expect(failure?.kind == .invalidRequest)
  }

  @Test func `no material makes it fail, and what it makes keeps its form`() async throws {
    var numbers = SplitMix64(seed: 9)
    let pieces = [
      "I live in ", "Kyoto", "。", "に住んでいます", "我住在", "? ", "\n", "- ", "2026-11-20 ", "anna: ", "<memory>",
      "\u{301}", "if ",
      " and ", "🙂", "My cat is called ", "I decided to ", "すし", "が好き", "$1", "@", "\\", "\"",
      "(open question)", "topics: ",
    ]
    func text() -> String {
      (0..<Int.random(in: 0...10, using: &numbers)).reduce(into: "") { text, _ in
        text += pieces.randomElement(using: &numbers) ?? ""
      }
    }
    for round in 0..<60 {
      let work = MemoryMaterial.Work.allCases[round % 4]
      var material = material(work, (0..<5).map { _ in "anna: \(text())" })
      material.previous = text()
      material.merged = [.init(title: text(), text: text())]
      material.corrections = [MemoryCorrection(line: lines(["bob: \(text())"])[0], old: text())]
      material.knownFacts = [text()]
      material.newFacts = [text()]
      switch work {
      case .shortTerm, .longTerm:
        for line in try await memory(material) { #expect(line.hasPrefix("- 20"), "\(line)") }
      case .facts: _ = try await facts(material.lines.map { "anna: \($0.text)" }, known: material.knownFacts)
      case .supersession: _ = try await superseded(material.knownFacts, by: material.newFacts)
      }
    }
  }
}
