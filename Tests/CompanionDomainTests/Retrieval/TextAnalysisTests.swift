import CompanionDomain
import Testing

struct TextAnalysisTests {
  @Test func `forms of a word share a term`() {
    for forms in [["live", "lives", "living", "lived"], ["study", "studies"], ["cat", "cats"]] {
      #expect(Set(forms.flatMap(TextAnalysis.terms(of:))).count == 1, "\(forms)")
    }
  }

  @Test func `width and case do not matter, and stop words are left out`() {
    #expect(TextAnalysis.terms(of: "ＫＹＯＴＯ is the Café") == TextAnalysis.terms(of: "kyoto café"))
  }

  @Test func `scripts that part no words become characters and pairs`() {
    #expect(TextAnalysis.terms(of: "京都市") == ["京", "都", "京都", "市", "都市"])
    #expect(TextAnalysis.terms(of: "京 都") == ["京", "都"])
  }

  @Test func `sentences end at their marks and keep them`() {
    #expect(
      TextAnalysis.sentences(of: "It is 3.5 m. Is it? Yes!\nSee example.com 京都です。住んでいます")
        == ["It is 3.5 m.", "Is it?", "Yes!", "See example.com 京都です。", "住んでいます"])
    #expect(TextAnalysis.sentences(of: " \n ").isEmpty)
  }
}

struct SentenceRankingTests {
  private let ranking = SentenceRanking([
    "I live in Kyoto.", "My sister plays the piano.", "I like green tea.", "京都に住んでいます。", "我喜欢喝绿茶。",
  ])

  @Test(arguments: [
    ("Where do I live?", 0), ("Who plays piano?", 1), ("What tea do I like?", 2),
    ("私はどこに住んでいますか", 3), ("我喜欢喝什么?", 4),
  ])
  func `the sentence that shares most with a question comes first`(question: String, position: Int) {
    #expect(ranking.matches(for: question).first?.position == position)
  }

  @Test func `a question without a shared term has no match`() {
    #expect(ranking.matches(for: "Which planet is largest?").isEmpty)
    #expect(ranking.matches(for: "").isEmpty)
    #expect(SentenceRanking([]).matches(for: "tea").isEmpty)
  }

  @Test func `a summary keeps the order and the limit`() {
    let summary = ranking.summary(limit: 2)
    #expect(summary.count == 2)
    #expect(summary == ranking.sentences.filter(summary.contains))
    #expect(ranking.summary(limit: 0).isEmpty)
    #expect(ranking.summary(limit: -1).isEmpty)
  }
}

struct QuestionTests {
  @Test(arguments: [
    "Where do I live?", "what is my name", "どこに住んでいますか。", "名前を教えて", "我叫什么名字", "你好吗", "Is it?\"",
  ])
  func `a question is told`(text: String) { #expect(Question.isAsked(in: text)) }

  @Test(arguments: ["I live in Kyoto.", "京都に住んでいます。", "我住在京都。", "", "Tell everyone."])
  func `a statement is no question`(text: String) { #expect(!Question.isAsked(in: text)) }
}
