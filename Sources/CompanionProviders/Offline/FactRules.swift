import CompanionDomain
import Synchronization

/// A way in which people say something of themselves, and the statement that it makes.
struct FactRule {
  /// In small letters: whatever has none of them is not what is looked for.
  let phrases: [String]
  /// What is looked for; what it captures is what the statement tells.
  let pattern: Regex<AnyRegexOutput>
  /// The statement: `@` stands for who it is about, `$1` and so on for what was captured.
  let statement: String

  init(_ phrases: [String], _ pattern: some RegexComponent, _ statement: String) {
    self.phrases = phrases
    self.pattern = Regex<AnyRegexOutput>(
      pattern.regex.wordBoundaryKind(.simple).matchingSemantics(.unicodeScalar))
    self.statement = statement
  }
}

/// The rules of a language, of which only those are tried that may apply.
private struct FactRuleBook {
  let rules: [FactRule]
  private let table: PhraseTable

  init(_ rules: [FactRule]) {
    self.rules = rules
    table = PhraseTable(rules.map(\.phrases))
  }

  func rules(for text: ComparableText) -> [FactRule] { table.groups(in: text).map { rules[$0] } }
}

/// Finds what people say of themselves, by how it is said in English, Japanese and Chinese.
///
/// It rather finds too little: what is asked, supposed, wished or told of others' words is left alone.
struct FactRules {
  /// Something that was found in a sentence.
  struct Found {
    var statement: String
    var quote: String
  }

  /// What has more bytes is no sentence of a conversation, and would take long.
  private static let longestSentence = 2000

  private lazy var english = FactRuleBook(EnglishFacts.rules)
  private lazy var japanese = FactRuleBook(JapaneseFacts.rules)
  private lazy var chinese = FactRuleBook(ChineseFacts.rules)

  // A regex is not Sendable, and reading one takes longer than most sentences: there is one of each.
  private static let shared = Mutex(FactRules())

  /// Whether a sentence tells something that is worth keeping for long.
  static func isLasting(_ sentence: String) -> Bool { !found(in: sentence, by: "x").isEmpty }

  /// What a sentence tells of who said it.
  static func found(in sentence: String, by speaker: String) -> [Found] {
    shared.withLock { $0.found(in: sentence, by: speaker) }
  }

  private mutating func found(in sentence: String, by speaker: String) -> [Found] {
    guard sentence.utf8.count <= Self.longestSentence else { return [] }
    let language = WrittenLanguage(of: sentence)
    let text = ComparableText(sentence)
    let rules =
      switch language {
      case .english: english.rules(for: text)
      case .japanese: japanese.rules(for: text)
      case .chinese: chinese.rules(for: text)
      }
    guard !rules.isEmpty, !Question.isAsked(in: sentence), !Self.isSupposed(text, language) else { return [] }
    var found: [Found] = []
    var taken: [Range<String.Index>] = []
    for rule in rules {
      for match in sentence.matches(of: rule.pattern) {
        let captures = (1..<match.output.count).map { match.output[$0].substring.map(String.init) ?? "" }
        // In English it stands before what is said whether it is meant.
        let isDoubted = language == .english && Self.isDoubted(sentence[..<match.range.upperBound])
        guard !isDoubted, !taken.contains(where: { $0.overlaps(match.range) }),
          let statement = Self.statement(rule.statement, captures, speaker)
        else { continue }
        taken.append(match.range)
        found.append(Found(statement: statement, quote: String(sentence[match.range]).trimmingMarks))
      }
    }
    return found
  }

  private static func statement(_ template: String, _ captures: [String], _ speaker: String) -> String? {
    var statement = template
    for (place, capture) in captures.enumerated() {
      let value = capture.trimmingMarks.withoutTime
      guard statement.contains("$\(place + 1)") else { continue }
      let lowered = value.lowercased()
      guard !value.isEmpty, !vague.contains(lowered), !vagueOpenings.contains(where: lowered.hasPrefix),
        !contextual.isFound(in: ComparableText(value)), !isKnownThing(value)
      else { return nil }
      statement = statement.replacing("$\(place + 1)", with: ofThirdPerson(value))
    }
    return statement.replacing("@", with: speaker)
  }

  /// Whether it is a thing that only those know who have read on, such as "the car".
  private static func isKnownThing(_ value: String) -> Bool {
    value.hasPrefix("the ") && value.dropFirst(4).allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" }
  }

  /// Words that somebody says of themselves, as others say them.
  private static func ofThirdPerson(_ value: String) -> String {
    var told = ""
    var word = ""
    for character in value {
      if character.isLetter || character.isNumber || character == "'" || character == "’" {
        word.append(character)
      } else {
        told += thirdPerson[word] ?? word
        told.append(character)
        word = ""
      }
    }
    return told + (thirdPerson[word] ?? word)
  }

  private static let thirdPerson = ["my": "their", "our": "their", "myself": "themselves", "I": "they"]

  /// Whether a sentence supposes something.
  private static func isSupposed(_ text: ComparableText, _ language: WrittenLanguage) -> Bool {
    (language == .english ? conditions : uncertain).isFound(in: text)
  }

  /// Whether what is said is wished, doubted, over, or told by others.
  private static func isDoubted(_ beginning: Substring) -> Bool {
    doubts.isFound(in: ComparableText(beginning))
  }

  private static let conditions = PhraseTable([" if ", " unless ", " kidding", " joking", " pretend"])

  private static let doubts = PhraseTable([
    " would ", "'d ", " could ", " might ", " maybe ", " perhaps ", " wish", " imagine", " suppose", " hope ",
    " should ", " said ", " says ", " told me", " used to ", " almost ", " probably ", " thought ",
    " dreamt ",
    " dreamed ", " when i ", " before i ",
  ])

  private static let uncertain = PhraseTable([
    "もし", "たら", "なら", "かも", "だろう", "でしょう", "らしい", "そうです", "みたい", "冗談", "てほしい", "と言って", "だって", "って言", "昔",
    "以前", "如果", "要是", "假如", "可能", "也许", "希望", "听说", "开玩笑", "恐怕", "要不", "据说", "说我", "曾经",
  ])

  /// What says nothing by itself.
  private static let vague: Set<String> = [
    "it", "that", "this", "them", "him", "her", "you", "those", "these", "one", "here", "there", "everything",
    "それ", "これ", "あれ", "ここ", "そこ", "こと", "の", "そう", "何", "これら", "这", "那", "这个", "那个", "这里", "那里", "你", "他",
    "她", "它",
  ]
  private static let vagueOpenings = [
    "it ", "that ", "this ", "your ", "you ", "how ", "what ", "when ", "where ", "to think", "to say",
    "the way",
    "the idea", "the sound", "each other", "to know", "その", "あの", "この", "そこ", "这", "那",
  ]

  /// What only those know who have read on.
  private static let contextual = PhraseTable([
    " them ", " it ", " there ", " him ", " her ", " that ", " those ",
  ])
}

extension String {
  /// Without white space and punctuation at both ends.
  fileprivate var trimmingMarks: String {
    var text = self[...]
    while let last = text.last, last.isWhitespace || ".,;:!?、。！？，；：".contains(last) { text.removeLast() }
    while let first = text.first, first.isWhitespace || ",;:、，；：".contains(first) { text.removeFirst() }
    return String(text)
  }

  /// Without words at its ends that depend on when it was said, or only stress it.
  fileprivate var withoutTime: String {
    var text = self
    var isShorter = true
    while isShorter {
      isShorter = false
      for word in Self.timesAtEnd where text.lowercased().hasSuffix(word) {
        text = String(text.dropLast(word.count)).trimmingMarks
        isShorter = true
      }
      for word in Self.timesAtBeginning where text.hasPrefix(word) && text.count > word.count {
        text = String(text.dropFirst(word.count)).trimmingMarks
        isShorter = true
      }
    }
    return text
  }

  private static let timesAtEnd = [
    " now", " today", " yesterday", " these days", " at the moment", " right now", " last week",
    " last month",
    " last year", " this year", " this month", " this week", " recently", " too", " as well", " any more",
    " anymore", " a lot", " very much", " so much", " actually", " again", " though", " by the way", " haha",
    " lol", " already", " there",
  ]
  private static let timesAtBeginning = [
    "先週", "先月", "去年", "昨年", "今年", "今月", "今週", "昨日", "今日", "最近", "現在", "今は", "今", "ずっと", "一緒に", "やっと", "実は",
    "また", "私も", "僕も", "俺も",
  ]
}
