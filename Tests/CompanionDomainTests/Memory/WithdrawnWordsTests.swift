import Testing

@testable import CompanionDomain

struct WithdrawnWordsTests {
  private func isSaid(
    _ statement: String, quoting source: String, after old: String, now: String = "", subject: String = "Anna"
  ) -> Bool {
    var words = WithdrawnWords()
    words.add(old, now: now)
    let quote = MessageQuote(session: SessionID(bits: 1), sequence: .zero.next, text: source)
    let fact = Fact(
      id: FactID(bits: 1), scope: .user("anna", in: .main), subject: subject, statement: statement,
      source: .message(quote), createdAt: .epoch)
    return words.areSaid(by: fact, quoting: source)
  }

  @Test(arguments: [
    ("Anna moved to Kyoto", "I moved there", "I love Kyoto"),
    ("Anna lives in Osaka since 2024", "Yes, I live in Osaka.", "Was it 2024?"),
    ("アンナは京都に住んでいる", "そこに住んでいます。", "京都が好きです。"),
    ("安娜住在京都", "我住在那里。", "我喜欢京都。"),
  ])
  func `a fact that says what only another message said has its words`(
    statement: String, source: String, old: String
  ) {
    #expect(isSaid(statement, quoting: source, after: old))
  }

  @Test(arguments: [
    ("Anna moved to Kyoto", "I moved to Kyoto", "I love Kyoto"),
    ("Anna eats rice", "I eat rice", "I love Kyoto"),
    ("Anna is happy", "I am happy", "Anna, are you there?"),
    ("Anna eats rice", "I eat rice", ""),
    ("京都に住んでいる", "京都に住んでいます。", "京都が好きです。"),
    ("他住在京都", "我住在京都。", "他喜欢东京。"),
  ])
  func `a fact that says what its own source says has none`(statement: String, source: String, old: String) {
    #expect(!isSaid(statement, quoting: source, after: old))
  }

  @Test(arguments: [
    ("2026-03-01 anna: I moved to Kyoto.", "I moved to Kyoto", true),
    ("2026-03-01 anna: moved to Kyoto, works as a baker now", "I moved to Kyoto", true),
    ("2026-03-01 anna: 京都に引っ越した", "京都に引っ越しました。", true),
    ("2026-03-01 anna: I eat rice.", "I moved to Kyoto", false),
    ("2026-03-01 anna: Kyoto is rainy.", "I moved to Kyoto with my cat Miso", false),
    ("", "I moved to Kyoto", false), ("2026-03-01 anna: I eat rice.", "", false),
  ])
  func `a line of a memory says what a message said, or mentions it`(line: String, old: String, isSaid: Bool)
  {
    var words = WithdrawnWords()
    words.add(old)
    #expect(words.makeUp(line) == isSaid)
  }

  @Test func `what a message says still is not withdrawn`() {
    let (statement, source, old) = ("Anna moved to Kyoto", "I moved there", "I love Kyoto")
    #expect(!isSaid(statement, quoting: source, after: old, now: "I like Kyoto"))
    #expect(isSaid(statement, quoting: source, after: old, now: "I like Osaka"))
  }
}
