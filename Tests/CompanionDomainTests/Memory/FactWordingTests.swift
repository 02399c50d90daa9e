import CompanionDomain
import Testing

struct FactWordingTests {
  private func wording(_ statement: String, of subject: String = "anna") -> FactWording {
    FactWording(subject: subject, statement: statement)
  }

  private func sayTheSame(_ one: String, _ other: String) -> Bool {
    let (one, other) = (wording(one), wording(other))
    #expect(one.saysTheSame(as: other) == other.saysTheSame(as: one))
    return one.saysTheSame(as: other)
  }

  @Test(arguments: [
    ("I live in Kyoto", "i live in  KYOTO."), ("I live in Kyoto", "Ｉ ｌｉｖｅ in Kyoto！"),
    ("京都に住んでいます", "京都に住んでいます。"),
    ("我住在京都", "我住在京都！"), ("It is 1,000 yen", "it is 1000 yen"), ("café", "Cafe"),
  ])
  func `case, width and punctuation make no other statement`(one: String, other: String) {
    #expect(wording(one).isSame(as: wording(other)))
  }

  @Test(arguments: [
    // English
    ("I live in Kyoto", "I'm living in Kyoto now"), ("I live in Kyoto", "Kyoto is where I live"),
    ("I live in Kyoto", "Anna lives in Kyoto."), ("She lives in Kyoto", "I currently live in Kyoto"),
    ("I don't like tea", "I do not like tea!"), ("I have a cat called Miso", "Anna has a cat named Miso."),
    ("I have 2 cats", "I have two cats"), ("My mom is Ruth", "My mother is Ruth"),
    ("I will move", "I'll move"), ("I can't swim", "I cannot swim"),
    // Japanese
    ("京都に住んでいます", "京都に住んでいる"), ("私は京都に住んでます", "京都に住んでいるよ"), ("犬を飼っています", "犬を飼ってる"),
    ("寿司が好きです", "私は寿司が好き。"), ("寿司は好きじゃない", "寿司が好きじゃないです"), ("今は京都に住んでいます", "京都に住んでいます"),
    ("うどんが好きです", "うどんは好きだよ"), ("私はコーヒーを飲みません", "コーヒーは飲みません"), ("猫がいます", "猫がいる"), ("京都に住んでいません", "京都に住んでいない"),
    // Chinese
    ("我住在京都", "我现在住在京都。"), ("我住在京都", "京都是我住的地方"), ("我没有猫", "我没猫"), ("我喜欢喝绿茶", "我很喜欢喝绿茶"),
    ("我有两只猫", "我有二只猫"),
  ])
  func `what is only put in other words says the same`(one: String, other: String) {
    #expect(sayTheSame(one, other))
  }

  @Test(arguments: [
    // Another number
    ("I have 2 cats", "I have 3 cats"), ("I have two cats", "I have three cats"),
    ("It costs $5", "It costs €5"),
    ("I run 3.5 km", "I run 35 km"), ("It was -5 degrees", "It was 5 degrees"), ("猫が2匹います", "猫が3匹います"),
    ("猫が二匹います", "猫が三匹います"), ("我有2只猫", "我有3只猫"), ("我有两只猫", "我有三只猫"),
    ("I was born in 1990", "I was born in 1991"),
    // A negation
    ("I like tea", "I don't like tea"), ("I like tea", "I never like tea"), ("I have cats", "I have no cats"),
    ("I eat meat", "I can't eat meat"), ("I smoke", "I no longer smoke"), ("I like tea", "I dont like tea"),
    ("肉を食べます", "肉を食べません"), ("肉を食べる", "肉を食べない"), ("寿司が好きです", "寿司が好きじゃない"), ("車がある", "車がない"),
    ("知らずに行く", "知って行く"), ("我喜欢茶", "我不喜欢茶"), ("我有猫", "我没有猫"), ("我去", "我别去"), ("有车", "无车"),
    // A name
    ("I live in Kyoto", "I live in Osaka"), ("My cat is Miso", "My cat is Mochi"), ("京都に住んでいます", "大阪に住んでいます"),
    ("我住在京都", "我住在大阪"), ("りんごが好き", "みかんが好き"), ("コーヒーが好き", "ココアが好き"), ("Anna likes Bob", "Anna likes Eve"),
    ("I live in Kyoto", "I live in Kyoto with Bob"),
    // Another role, time, wish, place, thing
    ("Bob likes Eve", "Eve likes Bob"), ("我爱你", "你爱我"), ("犬が猫を見た", "猫が犬を見た"),
    ("I live in Kyoto", "I lived in Kyoto"),
    ("I am a nurse", "I was a nurse"), ("I live in Kyoto", "I will live in Kyoto"),
    ("I swim", "I want to swim"),
    ("I might move", "I move"), ("I am from Kyoto", "I am in Kyoto"), ("Tea with milk", "Tea without milk"),
    ("I like green tea", "I like black tea"), ("I program in C", "I program in C++"),
    ("My sister is ill", "I am ill"),
    ("京都に住んでいます", "京都に住んでいました"), ("寿司を食べる", "寿司を食べたい"), ("友達と住んでいます", "友達が住んでいます"),
    ("京都から来た", "京都に来た"), ("医者です", "医者がいます"), ("朝食を食べていない", "朝食を食べない"), ("我想去京都", "我去京都"),
    ("I like 🍎", "I like 🍊"),
    ("彼は猫が好きです", "彼女は猫が好きです"), ("I know you", "I know"), ("父が叱った", "父が叱られた"), ("好きです", "大好きです"),
  ])
  func `what differs in meaning does not say the same`(one: String, other: String) {
    #expect(!sayTheSame(one, other))
  }

  @Test func `of two people nobody says the same, unless both are named`() {
    #expect(!wording("I live in Kyoto").saysTheSame(as: wording("I live in Kyoto", of: "bob")))
    #expect(!wording("京都に住んでいます").saysTheSame(as: wording("京都に住んでいます", of: "bob")))
    #expect(wording("Miso is Anna's cat").saysTheSame(as: wording("Miso is Anna's cat.", of: "Miso")))
    #expect(!wording("Anna lives in Kyoto").saysTheSame(as: wording("Bob lives in Kyoto", of: "bob")))
  }

  @Test(arguments: [
    ("Anna lives in Rome", "Anna lives in Kyoto"), ("I live in Rome", "I moved to Kyoto"),
    ("I like tea", "I don't like tea"),
    ("I am 30 years old", "I'm 31 years old"), ("I work at Acme", "I work for Initech"),
    ("I am married", "I got divorced"),
    ("大阪に住んでいます", "京都に引っ越しました"), ("寿司が好きです", "寿司はもう好きじゃない"), ("我住在上海", "我搬到北京了"), ("我喜欢茶", "我不喜欢茶"),
    ("My favourite colour is red", "My favourite colour is blue"),
  ])
  func `what may end another statement is worth asking about`(one: String, other: String) {
    #expect(wording(one).mayContradict(wording(other)) && wording(other).mayContradict(wording(one)))
  }

  @Test(arguments: [
    ("I live in Rome", "I have a cat"), ("I like tea", "My brother studies law"), ("大阪に住んでいます", "猫を飼っています"),
    ("我住在上海", "我喜欢喝茶"), ("I live in Rome", "i live in rome!"),
  ])
  func `what has nothing in common is not`(one: String, other: String) {
    #expect(!wording(one).mayContradict(wording(other)))
  }

  @Test func `people do not contradict each other`() {
    #expect(!wording("I live in Rome").mayContradict(wording("I live in Kyoto", of: "bob")))
    #expect(wording("I live in Rome").mayContradict(wording("I live in Kyoto", of: "Anna Smith")))
  }

  // MARK: Restatements

  private static let templates: [[@Sendable (String) -> String]] = [
    [
      { "I live in \($0)" }, { "I live in \($0)." }, { "i live in \($0) now" }, { "I'm living in \($0)" },
      { "\($0) is where I live" }, { "Anna lives in \($0)" }, { "Currently I live in \($0)!" },
      { "I am now living in \($0)." }, { "Well, I live in \($0), actually" }, { "She lives in \($0)." },
    ],
    [
      { "I like \($0)" }, { "I really like \($0)." }, { "i like \($0)!" }, { "Anna likes \($0)." },
      { "She likes \($0)" }, { "I do like \($0)" }, { "I just like \($0) very so" },
      { "Oh, I like \($0), too" },
      { "\($0) is what I like" }, { "I also like the \($0)" },
    ],
    [
      { "\($0)に住んでいます" }, { "\($0)に住んでいます。" }, { "私は\($0)に住んでいる" }, { "今は\($0)に住んでます" },
      { "\($0)に住んでるよ" }, { "現在\($0)に住んでいます" }, { "僕は\($0)に住んでいるんです" }, { "\($0)に住んでいるのです。" },
      { "実は\($0)に住んでいます" }, { "私は現在\($0)に住んでいますよ" },
    ],
    [
      { "我住在\($0)" }, { "我住在\($0)。" }, { "我现在住在\($0)" }, { "\($0)是我住的地方" }, { "我目前住在\($0)呢" },
      { "其实我住在\($0)" }, { "我就住在\($0)了" }, { "现在我住在\($0)。" }, { "我是住在\($0)的" }, { "我也住在\($0)" },
    ],
  ]
  private static let contents = [
    ["Kyoto", "Rome", "New York", "São Paulo", "Berlin", "Cape Town", "Oslo", "Lima", "Hanoi", "Leeds"],
    ["tea", "green tea", "jazz", "hiking", "C++", "cats", "old films", "rye bread", "chess", "the sea"],
    ["京都", "大阪", "ローマ", "ニューヨーク", "札幌市", "名古屋", "東京都", "神戸", "ベルリン", "福岡"],
    ["京都", "上海", "北京", "纽约", "台北市", "广州", "罗马", "成都", "深圳", "柏林"],
  ]

  @Test func `of a thousand restatements one of each is left`() {
    var numbers = SplitMix64(seed: 1)
    let said = zip(Self.templates, Self.contents).flatMap { templates, contents in
      contents.map { content in templates.map { $0(content) } }
    }
    let once = said.flatMap(\.self)
    #expect(once.count == 400)
    // Each several times over, with other white space and case.
    let all = (once + once + once.prefix(200)).map { text in
      numbers.happens(0.3) ? " " + text.uppercased() : text
    }.shuffled(using: &numbers)
    #expect(all.count == 1000)
    var left: [(String, FactWording)] = []
    for text in all {
      let wording = wording(text)
      if !left.contains(where: { $0.1.saysTheSame(as: wording) }) { left.append((text, wording)) }
    }
    let repeated = left.count - said.count
    #expect(repeated < 10, "\(left.map(\.0))")
    for (place, one) in left.enumerated() {
      #expect(!left[..<place].contains { $0.1.isSame(as: one.1) })
    }
    // Nothing was lost: what is left of each content is there.
    for statements in said {
      let wordings = statements.map { wording($0) }
      #expect(left.contains { kept in wordings.contains { $0.saysTheSame(as: kept.1) } })
    }
    #expect(left.count >= said.count)
  }

  @Test func `no text makes it fail`() {
    var numbers = SplitMix64(seed: 5)
    for _ in 0..<1000 {
      let one = wording(SeededTexts.text(10, &numbers), of: SeededTexts.text(1, &numbers))
      let other = wording(SeededTexts.text(10, &numbers))
      #expect(one.saysTheSame(as: one) && !one.mayContradict(one))
      #expect(one.saysTheSame(as: other) == other.saysTheSame(as: one))
      #expect(one.mayContradict(other) == other.mayContradict(one))
    }
  }
}
