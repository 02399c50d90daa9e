import CompanionDomain
import Foundation
import Testing

struct ExtractedFactsTests {
  private let tokyo = MemoryCalendar(timeZone: TimeZone(identifier: "Asia/Tokyo") ?? .gmt)

  private func read(_ answer: String) throws -> ExtractedFacts {
    try ExtractedFacts(answer: answer, calendar: tokyo)
  }

  private func line(_ speaker: String?, _ text: String, _ number: Int64) -> MemoryLine {
    MemoryLine(
      session: SessionID(bits: 1), sequence: SequenceNumber(rawValue: number), time: .epoch,
      speaker: speaker.flatMap(UserID.init(rawValue:)), text: text)
  }

  private func json(
    statement: String = "Anna lives in Kyoto.", quote: String, message: Int = 1, subject: String = "anna"
  ) throws -> String {
    let item: [String: Any] = [
      "subject": subject, "statement": statement, "quote": quote, "message": message, "confidence": 0.9,
    ]
    return String(decoding: try JSONSerialization.data(withJSONObject: ["facts": [item]]), as: UTF8.self)
  }

  private static let whole = #"""
    {"facts":[{"subject":"anna","statement":"Anna lives in Kyoto.","quote":"I live in Kyoto","message":1,
    "valid_from":"2026-11-20","valid_to":"","confidence":0.9}]}
    """#

  @Test(arguments: [
    whole, "Here you are:\n```json\n\(whole)\n```\nAnything else?", "[1] says {it}: \(whole)",
    "\u{FEFF}\(whole)",
    #"[{"subject":"anna","statement":"Anna lives in Kyoto.","quote":"I live in Kyoto","message":"[1]","valid_from":"2026-11-20T10:00:00","confidence":"0.9"}]"#,
    String(whole.dropLast(2)) + #",{"subject":"an"#,
  ])
  func `an answer is read, whatever stands around it`(answer: String) throws {
    let facts = try read(answer)
    let item = try #require(facts.items.first)
    #expect(facts.items.count == 1)
    #expect(item.subject == "anna" && item.statement == "Anna lives in Kyoto." && item.line == 1)
    #expect(item.confidence == 0.9 && item.validTo == nil)
    #expect(item.validFrom.map { tokyo.day(of: $0) } == "2026-11-20")
  }

  @Test(arguments: [
    "", "There is nothing.", "{", "{}", "[1,2]", #"{"facts":1}"#, "]}", String(repeating: "[", count: 5000),
  ])
  func `what is no list of facts is an error`(answer: String) {
    #expect(throws: MemoryAnswerFailure.noList(of: "facts")) { try read(answer) }
  }

  @Test(arguments: ["[]", #"{"facts":[]}"#, "none: []"])
  func `nothing found is no error`(answer: String) throws {
    #expect(try read(answer).items.isEmpty)
  }

  @Test func `single facts that are wrong are skipped and counted`() throws {
    let facts = try read(
      #"{"facts":[1,null,{"statement":"a"},{"statement":1,"quote":"b"},{"statement":"A","quote":"b"},"x"]}"#)
    #expect(facts.items.map(\.statement) == ["A"] && facts.skipped == 5)
    #expect(facts.items.first?.confidence == 0.5 && facts.items.first?.line == 0)
    #expect(try read(String(Self.whole.dropLast(2)) + #",{"subject":"an"#).skipped == 1)
  }

  @Test(arguments: [
    ("2026-11-20", "2026-11-20", "2026-11-19T15:00:00Z", "2026-11-20T15:00:00Z"),
    ("2026-11", "2026-12", "2026-10-31T15:00:00Z", "2026-12-31T15:00:00Z"),
    ("2026", "2026", "2025-12-31T15:00:00Z", "2026-12-31T15:00:00Z"),
    ("2026-02-30", "soon", nil, nil), ("2026-11-20", "2026-11-10", nil, nil), ("-1", "9999", nil, nil),
  ])
  func `days are those of the person, and the last one counts`(
    from: String, to: String, start: String?, end: String?
  ) throws {
    let answer = #"{"facts":[{"statement":"a","quote":"b","valid_from":"\#(from)","valid_to":"\#(to)"}]}"#
    let item = try #require(try read(answer).items.first)
    #expect(item.validFrom.map { "\($0)" } == start?.replacing("Z", with: ".000Z"))
    #expect(item.validTo.map { "\($0)" } == end?.replacing("Z", with: ".000Z"))
  }

  @Test func `confidence stays between none and all`() throws {
    let answer =
      #"{"facts":[{"statement":"a","quote":"b","confidence":7},{"statement":"a","quote":"b","confidence":-1}]}"#
    #expect(try read(answer).items.map(\.confidence) == [1, 0])
  }

  @Test func `what is written is read back`() throws {
    let facts = try read(Self.whole)
    let data = try JSONEncoder().encode(ExtractedFacts.answer(facts.items, calendar: tokyo))
    #expect(try read(String(decoding: data, as: UTF8.self)) == facts)
  }

  // MARK: Anchors

  @Test(arguments: [
    ("I live in Kyoto", "I live in Kyoto"), ("live  in\nKyoto", "live in Kyoto"),
    ("“I live in Kyoto”", "I live in Kyoto"),
    ("Kyoto.", "Kyoto."),
  ])
  func `a quote becomes the message's own words`(quote: String, expected: String) throws {
    let said = line("anna", "Well, I live in Kyoto. ", 9)
    let fact = try #require(try read(json(quote: quote)).anchored(in: [said]).facts.first)
    #expect(fact.quote == MessageQuote(session: said.session, sequence: said.sequence, text: expected))
    #expect(fact.line == 0)
  }

  @Test func `the words of a line that was broken are found without the break`() throws {
    let said = line("愛子", "京都に\n住んで います", 9)
    let fact = try #require(try read(json(quote: "京都に住んでいます")).anchored(in: [said]).facts.first)
    #expect(fact.quote.text == "京都に\n住んで います")
  }

  @Test func `words of another line count when they are more than one`() throws {
    let lines = [
      line("bob", "Hello", 1), line(nil, "You live in Kyoto!", 2), line("anna", "I live in Kyoto", 3),
    ]
    let found = try read(json(quote: "live in Kyoto", message: 1)).anchored(in: lines)
    #expect(found.facts.map(\.line) == [2])
    #expect(try read(json(quote: "I", message: 1)).anchored(in: lines).rejected.map(\.reason) == [.notSaid])
  }

  @Test(arguments: [
    ("I live in Rome", 1, RejectedFact.Reason.notSaid), ("You like tea", 2, .saidByCompanion),
    ("You like tea", 1, .saidByCompanion), ("", 1, .empty), ("  ", 1, .empty), ("live in kyoto", 1, .notSaid),
    (String(repeating: "a", count: 2000), 1, .tooLong),
  ])
  func `a fact without a source is rejected`(quote: String, message: Int, reason: RejectedFact.Reason) throws
  {
    let lines = [line("anna", "I live in Kyoto", 1), line(nil, "You like tea", 2)]
    let found = try read(json(quote: quote, message: message)).anchored(in: lines)
    #expect(found.facts.isEmpty && found.rejected.map(\.reason) == [reason])
  }

  @Test func `a statement is neither empty nor long`() throws {
    let lines = [line("anna", "I live in Kyoto", 1)]
    func reasons(_ statement: String) throws -> [RejectedFact.Reason] {
      try read(json(statement: statement, quote: "I live")).anchored(in: lines).rejected.map(\.reason)
    }
    #expect(try reasons(" \n ") == [.empty])
    #expect(try reasons(String(repeating: "京", count: 501)) == [.tooLong])
    #expect(try reasons(String(repeating: "京", count: 500)) == [])
  }

  @Test func `a fact without a subject is about who said it`() throws {
    let found = try read(json(quote: "I live", subject: " ")).anchored(in: [line("anna", "I live", 1)])
    #expect(found.facts.map(\.subject) == ["anna"])
  }

  @Test func `what is anchored is found in the message, whatever is quoted`() throws {
    var numbers = SplitMix64(seed: 3)
    for _ in 0..<600 {
      let lines = (1...3).map { number in
        line(numbers.happens(0.3) ? nil : "anna", SeededTexts.text(8, &numbers), Int64(number))
      }
      let source = lines.randomElement(using: &numbers)?.text ?? ""
      let quote = String(
        source.unicodeScalars.dropFirst(Int.random(in: 0...5, using: &numbers))
          .prefix(Int.random(in: 0...30, using: &numbers)))
      let item = try json(quote: quote, message: Int.random(in: -1...5, using: &numbers))
      let found = try read(item).anchored(in: lines)
      #expect(found.facts.count + found.rejected.count == 1)
      for fact in found.facts {
        let said = lines[fact.line]
        #expect(said.speaker != nil && said.text.utf8.firstRange(of: fact.quote.text.utf8) != nil)
      }
    }
  }
}

struct SupersessionsTests {
  @Test(arguments: [
    (#"{"supersessions":[{"old":1,"new":2}]}"#, [[0, 1]]), (#"[{"old":2,"new":1}]"#, [[1, 0]]),
    (#"```{"supersessions":[]}```"#, []),
    (#"{"supersessions":[{"old":3,"new":1},{"old":0,"new":1},{"old":1,"new":3}]}"#, []),
    (
      #"{"supersessions":[{"old":1,"new":1},{"old":1,"new":2},{"old":1.5,"new":1},{"old":"1"},7]}"#, [[0, 0]]
    ),
  ])
  func `numbers of facts that are there are read`(answer: String, pairs: [[Int]]) throws {
    let read = try Supersessions(answer: answer, known: 2, new: 2).pairs
    #expect(read.map { [$0.known, $0.new] } == pairs)
    let data = try JSONEncoder().encode(Supersessions.answer(read))
    #expect(try Supersessions(answer: String(decoding: data, as: UTF8.self), known: 2, new: 2).pairs == read)
  }

  @Test func `what is no list is an error`() {
    #expect(throws: MemoryAnswerFailure.noList(of: "supersessions")) {
      try Supersessions(answer: "none", known: 1, new: 1)
    }
  }
}
