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

  /// Whether it asks something.
  let isQuestion: Bool

  init(time: Timestamp, sequence: SequenceNumber, speaker: String, words: String, original: String) {
    self.time = time
    self.sequence = sequence
    self.speaker = speaker
    self.words = words
    self.original = original
    isQuestion = Question.isAsked(in: original)
  }

  /// Whether it says more than a greeting, thanks, or that somebody agrees.
  var isTelling: Bool {
    guard original.utf8.count <= Self.longest, !Introduction.isGreetingAlone(original) else { return false }
    return isQuestion ? SmallTalk.hasContent(original) : SmallTalk.tells(original)
  }

  /// What has more bytes is no line of a memory.
  private static let longest = 600

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
