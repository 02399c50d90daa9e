import CompanionDomain
import Foundation
import Testing

struct TextAnalysisTests {
  @Test(arguments: [
    ["live", "lives", "living", "lived"], ["study", "studies", "studying", "studied"],
    ["cat", "cats", "cat's", "cats'", "Cat’s"], ["stop", "stops", "stopped", "stopping"],
    ["hope", "hopes", "hoped", "hoping"], ["change", "changes", "changed", "changing"],
    ["care", "cares", "cared", "caring"], ["visit", "visited", "visiting"],
    ["travel", "travelled", "traveling", "travels"], ["tell", "telling", "told", "tells"],
    ["box", "boxes"], ["house", "houses", "housing"], ["movie", "movies"], ["tie", "tied", "tying", "ties"],
    ["play", "played", "playing"], ["agree", "agreed", "agreeing"], ["use", "used", "using", "uses"],
    ["create", "creating", "created"], ["class", "classes"], ["quick", "quickly"], ["family", "families"],
    ["go", "goes", "going", "went", "gone"], ["buy", "bought", "buying"], ["child", "children"],
    ["write", "wrote", "written", "writing"], ["September", "Sept", "sep."], ["15", "15th", "015"],
    ["pass", "passes", "passed", "passing"], ["die", "died", "dying", "dies"],
  ])
  func `forms of a word share a term`(forms: [String]) {
    #expect(Set(forms.map { TextAnalysis.terms(of: $0) }).count == 1, "\(forms.map(TextAnalysis.terms(of:)))")
    #expect(TextAnalysis.terms(of: forms[0]).count == 1)
  }

  @Test(arguments: [
    ["car", "care"], ["plan", "plane"], ["hop", "hope"], ["win", "wine"], ["morning", "morn"],
    ["new", "news"],
    ["bus", "buy"], ["even", "evening"], ["sing", "s"], ["red", "r"], ["universe", "university"], ["и", "й"],
  ])
  func `different words stay apart`(words: [String]) {
    #expect(Set(words.map { TextAnalysis.terms(of: $0) }).count == words.count)
  }

  @Test(arguments: [
    // Width, case, marks, forms.
    ("ＫＹＯＴＯ is the Café", ["kyoto", "cafe"]),
    ("Zoë naïve STRASSE straße ŁÓDŹ", ["zoe", "naiv", "strass", "strass", "lodz"]),
    ("cafe\u{301} x\u{323}\u{301}", ["cafe", "x"]),
    ("ﬁne Ⅳ ㎏", ["fine", "iv", "kg"]),
    ("Ёлка ёлка", ["елка", "елка"]), ("ΟΔΟΣ οδος", ["οδοσ", "οδοσ"]), ("Москва", ["москва"]),
    ("हिन्दी", ["हिन्दी"]), ("مُحَمَّد", ["محمد"]), ("hand\u{AD}book", ["handbook"]),
    // Apostrophes.
    ("don't won’t I'll they're Anna's O'Clock 'quoted'", ["anna", "oclock", "o", "clock", "quot"]),
    // Numbers, dates.
    ("1,000 1,2 10,000,000 3.5 007 0 ３", ["1000", "1", "2", "10000000", "3", "5", "7", "0", "3"]),
    ("2023-05-07", ["2023", "may", "5", "7", "5月", "7日"]),
    ("2023/5/7.", ["2023", "may", "5", "7", "5月", "7日"]),
    ("2023-12-31T23:59:00", ["2023", "december", "12", "31", "12月", "31日", "23", "59", "0"]),
    ("2023-13-01 2023-05 12023-05-07", ["2023", "13", "1", "2023", "5", "12023", "5", "7"]),
    ("7 May 2023, May 7th", ["7", "may", "2023", "may", "7"]),
    ("5月7日", ["5", "月", "5月", "7", "日", "7日"]), ("第3回", ["第", "3", "回", "3回"]),
    // What is made of parts.
    ("snake_case kebab-case", ["snake", "case", "kebab", "case"]),
    ("parseJSONValue", ["parsejsonvalu", "pars", "json", "valu"]),
    ("bob.smith@example.com", ["bob", "smith", "exampl", "com"]),
    ("gpt4 3pm", ["gpt4", "gpt", "4", "3pm", "3", "pm"]),
    ("a1b2c3d4e5", ["a1b2c3d4e5"]), ("HELLO Hello Éclair ÆON", ["hello", "hello", "eclair", "aeon"]),
    // Scripts that part no words.
    ("京都市", ["京", "都", "京都", "市", "都市"]), ("京 都", ["京", "都"]),
    ("ひらがな", ["ひら", "らが", "がな"]), ("か", ["か"]), ("か。き", ["か", "き"]),
    ("パソコン", ["パソ", "ソコ", "コン"]), ("ﾊﾟｿｺﾝ", ["パソ", "ソコ", "コン"]),
    ("食べる", ["食", "食べ", "べる"]), ("お茶", ["茶", "お茶"]),
    ("我喜欢。绿茶", ["我", "喜", "我喜", "欢", "喜欢", "绿", "茶", "绿茶"]),
    ("안녕 하", ["안", "녕", "안녕", "하"]), ("Swiftで書く", ["swift", "書", "で書", "書く"]),
    ("𠮷野家", ["𠮷", "野", "𠮷野", "家", "野家"]), ("か\u{3099}く", ["がく"]),
    // Others.
    ("🎉 👍🏽 ❤️", ["🎉", "👍", "❤"]), ("", []), (" \n\t.,;:!?", []), ("the and of", []),
  ])
  func `a text has these terms`(text: String, terms: [String]) {
    #expect(TextAnalysis.terms(of: text) == terms)
  }

  @Test func `terms do not depend on how characters are composed`() {
    for text in ["Café Ångström", "ガギグ パピプ", "한국어", "Việt Nam"] {
      let decomposed = text.decomposedStringWithCanonicalMapping
      #expect(TextAnalysis.terms(of: text) == TextAnalysis.terms(of: decomposed))
    }
  }

  @Test func `whatever comes, terms are short and the same each time`() {
    var random = SplitMix64(seed: 11)
    let pieces = [
      "a", "S", "ing", "'", "’", "0", "9", ",", "-", "2023-05-07", "\u{301}", "\u{3099}", "か", "ﾊ", "ﾟ", "漢",
      "한",
      "\u{1161}", "👩‍👩‍👧", "\u{200D}", "\u{FE0F}", "\0", "\u{FFFD}", "\u{10FFFF}", "ß", "İ", "ﷺ", "ก", "́", " ",
      "。",
      "ｓ", "１", "ies", "e", "yy", "\u{E0001}", "T", "月",
    ]
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<Int.random(in: 0...24, using: &random) {
        text += pieces[Int.random(in: 0..<pieces.count, using: &random)]
      }
      let terms = TextAnalysis.terms(of: text)
      #expect(terms == TextAnalysis.terms(of: text))
      #expect(terms.allSatisfy { !$0.isEmpty && $0.utf8.count <= 64 }, "\(text)")
      // A text among others has the same terms as alone.
      #expect(
        TextAnalysis.terms(of: "tea\n\(text)\ntea") == ["tea"] + terms + ["tea"], "\(text.debugDescription)")
    }
    for piece in pieces {
      #expect(TextAnalysis.terms(of: String(repeating: piece, count: 5000)).count <= 40_000)
    }
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
