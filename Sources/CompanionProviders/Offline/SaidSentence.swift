import CompanionDomain

/// A sentence that a person said.
struct SaidSentence {
  var time: Timestamp
  var sequence: SequenceNumber
  var speaker: String
  /// With days in place of "tomorrow" and the like.
  var words: String
  /// As it was said.
  var original: String

  var isQuestion: Bool { Question.isAsked(in: original) }

  /// Whether it says more than a greeting, thanks, or that somebody agrees.
  var isTelling: Bool {
    guard original.utf8.count <= Self.longest else { return false }
    let terms = Set(TextAnalysis.terms(of: original).filter { !Self.isSmall($0) })
    let isShort = WrittenLanguage(of: original) == .english ? terms.count < 3 : original.count < 9
    return !terms.isEmpty && (isQuestion || !isShort) && !Introduction.isGreetingAlone(original)
  }

  /// What has more bytes is no line of a memory.
  private static let longest = 600

  private static func isSmall(_ term: String) -> Bool { smallTalk.contains(term) || isHiragana(term) }

  private static func isHiragana(_ term: String) -> Bool {
    term.unicodeScalars.allSatisfy { (0x3041...0x309F).contains($0.value) }
  }

  private static let smallTalk: Set<String> = [
    "thank", "ok", "okay", "ye", "yes", "no", "not", "haha", "lol", "nice", "good", "great", "cool", "sure",
    "sound", "thing", "fine", "oh", "wow", "see", "hello", "hi", "hey", "bye", "night", "morning", "sorry",
    "please", "谢", "谢谢", "好", "好的", "嗯", "哈", "哈哈", "了", "的", "是", "吧", "啊", "了解", "解", "承", "承知", "知",
  ]

  /// What people said in some lines, sentence by sentence.
  static func all(of lines: [MemoryLine], _ calendar: MemoryCalendar) -> [SaidSentence] {
    let days = RelativeDays(calendar)
    return lines.flatMap { line -> [SaidSentence] in
      guard let speaker = line.speaker else { return [] }
      return TextAnalysis.sentences(of: line.text).map { sentence in
        SaidSentence(
          time: line.time, sequence: line.sequence, speaker: speaker.rawValue,
          words: days.resolved(sentence, saidAt: line.time), original: sentence)
      }
    }
  }
}

extension Introduction {
  /// Whether a sentence greets and does nothing else.
  static func isGreetingAlone(_ sentence: String) -> Bool { isGreeting(sentence) && sentence.count < 20 }
}
