/// Finds the words of a statement that carry meaning.
struct ContentWords {
  private var words: [String]
  private let subject: [String]
  private(set) var content: [String] = []
  private(set) var isInverted = false

  init(_ words: [String], subject: [String]) {
    self.words = words
    self.subject = subject
  }

  mutating func read() {
    // Whoever is named at the beginning is who it is about, as is a pronoun there.
    if !subject.isEmpty, words.starts(with: subject) {
      words.removeFirst(subject.count)
    } else if let first = words.first, Self.thirdPerson.contains(first) {
      words.removeFirst()
    }
    var row: [Unicode.Scalar] = []
    for word in words {
      if let scalar = word.unicodeScalars.first, TextAnalysis.isUnparted(scalar) {
        row.append(scalar)
      } else {
        endRow(&row)
        readWord(word)
      }
    }
    endRow(&row)
  }

  // MARK: Words

  private mutating func readWord(_ word: String) {
    if Self.inversions.contains(word) { isInverted = true }
    guard !Self.fillers.contains(word) else { return }
    if word == "cannot" { return content += ["can", "not"] }
    if let same = Self.sameWords[word] { return content.append(same) }
    // A plural or "-ing" tells nothing; a past tense does, and so does what only looks like an ending.
    let isFormOfPresent = word.hasSuffix("s") || word.hasSuffix("ing")
    guard isFormOfPresent, word.utf8.allSatisfy({ $0 < 0x80 }) else { return content.append(base(word)) }
    content.append(base(EnglishWords.term(of: [UInt8](word.utf8)) ?? word))
  }

  /// "live" and "living" meet without the "e".
  private func base(_ word: String) -> String {
    word.count > 3 && word.last == "e" && word.utf8.allSatisfy({ $0 < 0x80 }) ? String(word.dropLast()) : word
  }

  private static let inversions: Set<String> = ["where", "what", "who", "which", "that", "when"]

  private static let thirdPerson: Set<String> = ["he", "she", "they"]

  /// What says how a thing is put. "Not", "from", "with", "was", "will", "can" and their like are not here.
  private static let fillers: Set<String> = [
    "a", "actually", "also", "am", "an", "and", "are", "as", "at", "basically", "be", "been", "being",
    "btw", "currently", "days", "do", "does", "doing", "has", "have", "having", "hey", "hi", "honestly", "i",
    "im", "in", "is", "it", "its", "ive", "just", "me", "moment", "my", "myself", "now", "nowadays", "of",
    "oh", "ok", "okay", "on", "our", "place", "present", "presently", "really", "so", "that", "the", "there",
    "these", "this", "to", "too", "us", "very", "we", "well", "what", "when", "where", "which", "who", "yeah",
    "yep", "yes",
  ]

  /// Words that stand for others without a doubt, and numbers that are written out.
  private static let sameWords: [String: String] = [
    "zero": "0", "one": "1", "two": "2", "three": "3", "four": "4", "five": "5", "six": "6", "seven": "7",
    "eight": "8", "nine": "9", "ten": "10", "eleven": "11", "twelve": "12",
    "reside": "liv", "resides": "liv", "residing": "liv", "called": "named", "mum": "mother", "mom": "mother",
    "dad": "father", "bike": "bicycl", "photo": "photograph", "favourite": "favorit", "favorite": "favorit",
    "colour": "color", "doesnt": "not", "dont": "not", "isnt": "not",
  ]

  // MARK: Characters

  /// Reads a row of characters that no space parts.
  private mutating func endRow(_ row: inout [Unicode.Scalar]) {
    guard !row.isEmpty else { return }
    let text = String(String.UnicodeScalarView(row))
    row = []
    if WrittenLanguage(of: words.joined()) == .japanese {
      readJapanese(text)
    } else {
      readChinese(text)
    }
  }

  private mutating func readChinese(_ row: String) {
    var row = row
    if row.contains("地方") { isInverted = true }
    for (long, short) in Self.sameCharacters { row = row.replacing(long, with: short) }
    for filler in Self.fillersOfChinese { row = row.replacing(filler, with: "") }
    // "I" is dropped, but not where it parts two people: “我爱你” is not “你爱我”.
    let hasOthers = Self.otherPeople.contains { row.contains($0) }
    content += row.unicodeScalars.filter { hasOthers || $0 != "我" }.map(String.init)
  }

  private static let otherPeople = ["你", "您", "他", "她", "它"]
  private static let sameCharacters = [("没有", "没"), ("沒有", "没"), ("居住", "住"), ("喜爱", "喜欢"), ("两", "二")]
  private static let fillersOfChinese = [
    "现在", "目前", "如今", "其实", "地方", "真的", "的", "了", "是", "在", "呢", "吧", "啊", "呀", "哦", "就", "也", "很",
  ]

  private mutating func readJapanese(_ row: String) {
    var row = row
    for filler in Self.fillersOfJapanese { row = row.replacing(filler, with: "") }
    if row.contains("のは") || row.contains("ところ") || row.contains("場所") { isInverted = true }
    for (long, short) in Self.sameRows { row = row.replacing(long, with: short) }
    // Who does it to whom is told by particles, where both are there.
    let hasRoles = row.contains("が") && row.contains("を")
    var hiragana = ""
    var isAfterWord = false
    func end(_ content: inout [String]) {
      if !hiragana.isEmpty {
        content += HiraganaRun(hiragana, isAfterWord: isAfterWord, keepsRoles: hasRoles).content
      }
      hiragana = ""
    }
    var katakana = ""
    for scalar in row.unicodeScalars {
      if TextAnalysis.isHiragana(scalar) {
        if !katakana.isEmpty {
          content.append(katakana)
          katakana = ""
          isAfterWord = true
        }
        hiragana.unicodeScalars.append(scalar)
        continue
      }
      end(&content)
      isAfterWord = true
      if (0x30A0...0x30FF).contains(scalar.value) {
        katakana.unicodeScalars.append(scalar)
      } else {
        if !katakana.isEmpty { content.append(katakana) }
        katakana = ""
        content.append(String(scalar))
      }
    }
    if !katakana.isEmpty { content.append(katakana) }
    end(&content)
  }

  private static let fillersOfJapanese = [
    "現在", "今は", "いまは", "今、", "実は", "じつは", "私は", "僕は", "俺は", "わたしは", "ぼくは", "とても",
  ]
  private static let sameRows = [("いるところ", "いる"), ("ところは", "は"), ("場所は", "は"), ("居住", "住")]
}

/// Hiragana between other characters: particles and endings, which are told apart from words.
private struct HiraganaRun {
  private(set) var content: [String] = []

  init(_ run: String, isAfterWord: Bool, keepsRoles: Bool) {
    var rest = run[...]
    var marks: [String] = []
    // From the end: politeness, tense, wish, negation.
    var isShorter = true
    while isShorter, !rest.isEmpty {
      isShorter = false
      for (ending, mark) in Self.endings where rest.hasSuffix(ending) {
        // A word that merely ends so is none.
        guard isAfterWord || rest.count > ending.count else { continue }
        rest = rest.dropLast(ending.count)
        if let mark { marks.append(mark) }
        isShorter = true
        break
      }
    }
    // A particle at the beginning, and one at the end.
    for (particle, mark) in Self.particles where isAfterWord && rest.hasPrefix(particle) {
      rest = rest.dropFirst(particle.count)
      if let mark { content.append(mark) }
      break
    }
    var last: String?
    for (particle, mark) in Self.particles where rest.count > particle.count && rest.hasSuffix(particle) {
      rest = rest.dropLast(particle.count)
      last = mark
      break
    }
    if keepsRoles, run.contains("が") { content.append("が") }
    if keepsRoles, run.contains("を") { content.append("を") }
    // What is left behind a character is its inflection, unless it is long; else it is a word.
    if isAfterWord, rest.count == 2, let voice = rest.last, "れせ".contains(voice) {
      marks.append(String(voice))
    }
    if !rest.isEmpty, !isAfterWord || rest.count > 2 || Self.words.contains(String(rest)) {
      content.append(String(rest))
    }
    if let last { content.append(last) }
    content += marks.sorted()
  }

  /// What may stand at the end, and what it tells: negation, past, wish, guess; `nil` for how it is put.
  private static let endings: [(String, String?)] = [
    ("ませんでした", "ない|past"), ("なかった", "ない|past"), ("ません", "ない"), ("ではない", "ない"), ("じゃない", "ない"),
    ("ていない", "ている|ない"), ("てない", "ている|ない"), ("ない", "ない"), ("ず", "ない"), ("ずに", "ない"), ("ないで", "ない"),
    ("かもしれない", "guess"),
    ("でしょう", "guess"), ("だろう", "guess"), ("らしい", "guess"), ("たい", "wish"), ("たいです", "wish"), ("ほしい", "wish"),
    ("ました", "past"), ("でした", "past"), ("だった", "past"), ("っていた", "past"), ("んでいた", "past"), ("ていた", "past"),
    ("でいた", "past"), ("った", "past"), ("んだ", "past"), ("いた", "past"), ("た", "past"), ("んです", nil),
    ("のです", nil),
    ("ています", nil), ("ている", nil), ("てます", nil), ("てる", nil), ("でいます", nil), ("でいる", nil), ("でます", nil),
    ("でる", nil), ("います", "いる"), ("いる", "いる"), ("あります", "ある"), ("ある", "ある"), ("ます", nil), ("です", nil),
    ("よ", nil),
    ("ね", nil), ("わ", nil), ("だ", nil), ("る", nil), ("の", nil),
  ].sorted { $0.0.count == $1.0.count ? $0.0 < $1.0 : $0.0.count > $1.0.count }

  private static let particles: [(String, String?)] = [
    ("から", "から"), ("まで", "まで"), ("より", "より"), ("には", nil), ("では", nil), ("とは", "と"), ("は", nil), ("が", nil),
    ("を", nil), ("に", nil), ("で", nil), ("へ", nil), ("も", nil), ("の", nil), ("と", "と"), ("や", "と"),
  ]

  /// Words of two characters or less that mean something behind another.
  private static let words: Set<String> = ["すし", "そば", "ねこ", "いぬ", "くも", "はは", "ちち", "あね", "うみ", "やま"]
}
