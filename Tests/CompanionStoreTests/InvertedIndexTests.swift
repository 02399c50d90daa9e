import CompanionDomain
import CompanionInMemory
import Foundation
import Testing

struct InvertedIndexTests {
  @Test(arguments: 1...12)
  func `the ranking is that of every document compared`(seed: UInt64) {
    var dice = Dice(state: seed)
    var index = InvertedIndex<String>()
    var kept: [String: TextDocument<String>] = [:]
    for step in 0..<250 {
      let id = "d\(dice.roll(120))"
      if dice.roll(4) == 0 {
        #expect(index.remove(id) == (kept.removeValue(forKey: id) != nil))
      } else {
        let document = dice.document(id)
        index.insert(document)
        kept[id] = document
      }
      guard step % 25 == 24 else { continue }
      #expect(index.count == kept.count)
      for scopes in [nil, ["a"], ["a", "b"], ["none"]] as [Set<String>?] {
        let query = TextQuery(dice.text(1 + dice.roll(4)))
        let found = ConversationRanking().ranked(
          index.candidates(for: query, scopes: scopes, limit: 1000), for: query)
        let searched = kept.values.filter { document in
          scopes.map { $0.contains(document.scope ?? "") } ?? true
        }
        let expected = EveryDocument(searched).ranked(for: query)
        #expect(found.map(\.id) == expected.map(\.id))
        for (left, right) in zip(found, expected) { #expect(abs(left.score - right.score) < 1e-9) }
      }
    }
  }

  @Test
  func `few of many candidates are the best, and common terms find nothing alone once there are enough`() {
    var dice = Dice(state: 5)
    var index = InvertedIndex<String>()
    for number in 0..<2000 { index.insert(TextDocument(id: "\(number)", text: "tea " + dice.text(3))) }
    index.insert(TextDocument(id: "rare", text: "tea with a zebra"))
    let query = TextQuery("tea zebra")
    let all = ConversationRanking().ranked(index.candidates(for: query, limit: 5000), for: query)
    let few = ConversationRanking().ranked(index.candidates(for: query, limit: 5, postings: 10), for: query)
    #expect(all.count == 2001)
    #expect(few.count == 5)
    #expect(few.map(\.id) == all.prefix(5).map(\.id))
    #expect(index.candidates(for: query, limit: 0).ids == ["rare"])
    let pruned = index.candidates(for: query, limit: 1, postings: 1)
    #expect(pruned.ids == ["rare"])
    #expect(pruned.matches.documentStatistics.documentFrequencies == [2001, 1])
    #expect(index.candidates(for: TextQuery("the")).ids.isEmpty)
    #expect(index.candidates(for: TextQuery("unknown")).ids.isEmpty)
  }

  @Test func `what a filter accepts is found by common terms too, where rarer ones find too little`() {
    var index = InvertedIndex<String>()
    for number in 0..<300 {
      index.insert(TextDocument(id: "\(number)", text: number < 20 ? "tea with a zebra" : "tea \(number)"))
    }
    for (limit, postings) in [(3, 1), (3, 10_000), (50, 1), (500, 25)] {
      let found = index.candidates(
        for: TextQuery("tea zebra"), where: { ($0.last ?? "0") == "7" }, limit: limit, postings: postings)
      #expect(found.ids.count == min(limit, 30), "\(limit) \(postings)")
      #expect(found.ids.contains("7") && found.ids.contains("17"))
      #expect(found.ids.allSatisfy { $0.last == "7" })
      #expect(found.matches.documentStatistics.documents == 300)
    }
    // Of those that fit alike the first by their names come where one has to go.
    let one = index.candidates(
      for: TextQuery("tea zebra"), where: { ["12", "5", "11"].contains($0) }, limit: 1)
    #expect(one.ids == ["11"])
  }

  @Test func `a removed document leaves no term that no other has`() {
    var index = InvertedIndex<String>()
    index.insert(TextDocument(id: "1", text: "a secret zebra", context: ["Anna"], session: "s"))
    index.insert(TextDocument(id: "2", text: "a zebra", scope: "x", session: "s"))
    #expect(index.contains(term: "secret"))
    let removed = index.remove("1")
    #expect(removed)
    #expect(!index.contains(term: "secret") && !index.contains(term: "anna") && index.contains(term: "zebra"))
    index.insert(TextDocument(id: "2", text: "tea"))
    #expect(!index.contains(term: "zebra"))
    #expect(index.candidates(for: TextQuery("zebra")).ids.isEmpty)
    #expect(index.candidates(for: TextQuery("tea"), scopes: ["x"]).ids.isEmpty)
    let removedAgain = index.remove("1")
    #expect(!removedAgain)
    #expect(index.count == 1)
  }

  @Test func `what is said in another scope has no part in what words weigh`() {
    var index = InvertedIndex<String>()
    index.insert(TextDocument(id: "1", text: "anna walks", scope: "a"))
    for number in 2..<50 { index.insert(TextDocument(id: "\(number)", text: "anna", scope: "b")) }
    let found = index.candidates(for: TextQuery("anna"), scopes: ["a"])
    #expect(found.ids == ["1"])
    #expect(found.matches.documentStatistics.documents == 1)
  }
}

/// A small conversation of two people over four sessions, and questions as people ask them later.
struct ConversationRetrievalTests {
  private static let sessions: [(date: String, turns: [(String, String)])] = [
    (
      "2023-05-08",
      [
        ("Anna", "Hi Ben! How have you been?"), ("Ben", "Good, I signed up for a pottery class."),
        ("Anna", "Nice! What will you make?"), ("Ben", "A black and white bowl, I think."),
        ("Anna", "I went to a support group yesterday and it was powerful."),
        ("Ben", "Wow, what did the people there talk about?"), ("Anna", "Their stories gave me courage."),
      ]
    ),
    (
      "2023-06-12",
      [
        ("Ben", "My kids and I took a camping trip last weekend."), ("Anna", "Where did you go?"),
        ("Ben", "To the mountains. We roasted marshmallows."),
        ("Anna", "I am preparing my talk at the school event next month."), ("Ben", "You will do great."),
      ]
    ),
    (
      "2023-07-03",
      [
        ("Anna", "I adopted two guinea pigs!"), ("Ben", "So cute. What are they called?"),
        ("Anna", "Oscar and Bella."), ("Ben", "I ran a charity race on Saturday."),
        ("Anna", "Congratulations! How was it?"), ("Ben", "Exhausting, yet the cause was mental health."),
      ]
    ),
    (
      "2023-08-20",
      [
        ("Ben", "We painted a sunset together with the kids."), ("Anna", "Lovely colours."),
        ("Anna", "I bought new running shoes."), ("Ben", "Purple ones?"), ("Anna", "Yes, for walking too."),
        ("Ben", "I have been reading a book about trees."),
      ]
    ),
  ]

  private func ranked(_ question: String, by ranking: ConversationRanking = ConversationRanking()) -> [String]
  {
    var index = InvertedIndex<String>()
    for (number, session) in Self.sessions.enumerated() {
      for (position, turn) in session.turns.enumerated() {
        index.insert(
          TextDocument(
            id: "\(number).\(position)", text: turn.1, context: [turn.0, session.date], session: "\(number)",
            position: position))
      }
    }
    let query = TextQuery(question)
    return ranking.ranked(index.candidates(for: query), for: query).map(\.id)
  }

  @Test(arguments: [
    ("When did Anna go to the support group?", "0.4"), ("Where did Ben camp with his kids?", "1.0"),
    ("What are the names of Anna's guinea pigs?", "2.0"), ("When did Ben run a race for charity?", "2.3"),
    ("What did Anna buy?", "3.2"), ("What was Ben's class about?", "0.1"),
    ("Which event did Anna speak at in July, at school?", "1.3"),
    ("What did they paint in August 2023?", "3.0"),
  ])
  func `the turn that answers a question comes first`(question: String, turn: String) {
    #expect(ranked(question).first == turn)
  }

  @Test(arguments: [
    ("What are Anna's guinea pigs called?", "2.2"), ("What is the cause of the charity race?", "2.5"),
    ("What did people tell at the support group that Anna went to?", "0.6"),
    ("Which food did they have on the camping trip in the mountains?", "1.2"),
  ])
  func `a turn that answers in other words is near the top for what stands around it`(
    question: String, turn: String
  ) {
    #expect(ranked(question).prefix(4).contains(turn))
  }
}

/// The ranking by its definition: each document on its own, nothing prepared.
private struct EveryDocument {
  private let documents: [(document: TextDocument<String>, terms: [String])]

  init(_ documents: some Collection<TextDocument<String>>) {
    self.documents = documents.map { ($0, $0.terms) }.sorted { left, right in
      (left.0.position, left.0.id) < (right.0.position, right.0.id)
    }
  }

  func ranked(for query: TextQuery) -> [RankedItem<String>] {
    let sessions = Dictionary(grouping: documents.filter { $0.document.session != nil }) {
      "\($0.document.scope ?? "-") \($0.document.session ?? "")"
    }
    let texts = documents.map(\.terms)
    let sessionTexts = sessions.mapValues { $0.flatMap(\.terms) }
    let average = mean(texts)
    var own: [String: Double] = [:]
    var windows: [String: Double] = [:]
    var ofSessions: [String: Double] = [:]
    for (document, terms) in documents { own[document.id] = score(terms, query, among: texts, average) }
    for (name, turns) in sessions {
      for (place, turn) in turns.enumerated() {
        let window = turns[max(0, place - 1)...min(turns.count - 1, place + 1)].flatMap(\.terms)
        windows[turn.document.id] = score(window, query, among: texts, 3 * average)
        ofSessions[turn.document.id] = score(
          sessionTexts[name] ?? [], query, among: Array(sessionTexts.values), mean(Array(sessionTexts.values))
        )
      }
    }
    // Only what shares a term itself, or has a neighbour that does, is looked for.
    let best = (own.values.max() ?? 0, windows.values.max() ?? 0, ofSessions.values.max() ?? 0)
    return documents.compactMap { document, _ in
      let part = best.0 > 0 ? (own[document.id] ?? 0) / best.0 : 0
      let window = windows[document.id].map { best.1 > 0 ? $0 / best.1 : 0 } ?? part
      guard window > 0 else { return nil }
      let session = ofSessions[document.id].map { best.2 > 0 ? $0 / best.2 : 0 } ?? part
      return RankedItem(id: document.id, score: part + 0.5 * window + 0.5 * session)
    }
    .sorted { abs($0.score - $1.score) < 1e-12 ? $0.id < $1.id : $0.score > $1.score }
  }

  private func mean(_ texts: [[String]]) -> Double {
    texts.isEmpty ? 0 : Double(texts.reduce(0) { $0 + $1.count }) / Double(texts.count)
  }

  private func score(
    _ terms: [String], _ query: TextQuery, among texts: [[String]], _ average: Double
  ) -> Double {
    var inverses: [Double] = []
    var words = 0.0
    var stretches: [Int: Double] = [:]
    for term in query.terms {
      let count = Double(terms.count { $0 == term.text })
      let having = Double(texts.count { $0.contains(term.text) })
      let inverse = log(1 + (Double(texts.count) - having + 0.5) / (having + 0.5))
      if having > 0 { inverses.append(inverse) }
      let (k1, b) = term.saturation == .word ? (0.9, 0.4) : (0.5, 0.75)
      let score =
        term.weight * inverse * count * (k1 + 1)
        / (count + k1 * (1 - b + b * Double(terms.count) / average))
      if let stretch = term.stretch {
        stretches[stretch, default: 0] += score
      } else {
        words += score
      }
    }
    let word = inverses.isEmpty ? 0 : 4 * inverses.reduce(0, +) / Double(inverses.count)
    return stretches.sorted { $0.key < $1.key }.map(\.value).filter { $0 > 0 }
      .reduce(words) { $0 + word * pow($1 / word, 0.75) }
  }
}

/// A small generator, the same in every run.
private struct Dice {
  var state: UInt64

  mutating func roll(_ sides: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int((state >> 33) % UInt64(sides))
  }

  mutating func text(_ count: Int) -> String {
    let words = [
      "tea", "kyoto", "piano", "walks", "rain", "bread", "moon", "river", "茶", "京都", "anna", "the",
    ]
    return (0..<count).map { _ in words[min(roll(12), roll(12))] }.joined(separator: " ")
  }

  mutating func document(_ id: String) -> TextDocument<String> {
    TextDocument(
      id: id, text: text(roll(9)), context: roll(2) == 0 ? ["Anna"] : [],
      scope: [nil, "a", "b"][roll(3)], session: [nil, "s", "t"][roll(3)], position: roll(6))
  }
}
