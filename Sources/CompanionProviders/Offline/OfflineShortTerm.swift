import CompanionDomain

/// What goes on now, in the words of the people: the most telling sentences of a day, and what they ask.
struct OfflineShortTerm {
  private let material: MemoryMaterial
  private let phrases: OfflineMemoryPhrases

  /// The most sentences that are picked at a time.
  private static let sentences = 10
  private static let window = Duration.seconds(86_400)

  init(_ material: MemoryMaterial) {
    self.material = material
    phrases = OfflineMemoryPhrases(material)
  }

  /// The newest last, within the limit.
  var lines: [RememberedLine] {
    let calendar = material.calendar
    let said = SaidSentence.all(of: material.lines + material.corrections.map(\.line), calendar)
      .filter { isCurrent($0.time) }
    var known = RememberedLine.lines(of: material.previous, in: calendar)
    known += material.merged.flatMap { RememberedLine.lines(of: $0.text, in: calendar) }
    known = known.filter { line in
      (line.tellsTime ? isCurrent(line.time) : isCurrent(line.time.advanced(by: Self.window)))
        && !OfflineMemoryPhrases.isTopics(line.text) && !isAnswered(line)
        && !material.corrections.contains { line.stems(from: $0, calendar) }
    }
    let telling = said.filter { !$0.isQuestion && $0.isTelling }
    let ranking = SentenceRanking(telling.map(\.words))
    let picked = ranking.summary(limit: Self.sentences)
    var new = telling.filter { picked.contains($0.words) }.map { line(of: $0, $0.words) }
    new += said.filter { $0.isQuestion && $0.isTelling && isOpen($0) }
      .map { line(of: $0, "\($0.words) \(phrases.open)") }
    var lines = RememberedLine.distinct(known + new.sorted { $0.time < $1.time })
    lines = lines.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(
      \.element)
    let topics = Topics(said.map(\.words)).names
    if topics.count > 1, let newest = said.map(\.time).max() {
      lines.append(
        RememberedLine(time: newest, tellsTime: true, speaker: nil, words: phrases.topics(topics)))
    }
    return lines.dropping(Array(lines.indices), toTokens: material.tokenLimit, in: calendar)
  }

  private func line(of sentence: SaidSentence, _ words: String) -> RememberedLine {
    RememberedLine(time: sentence.time, tellsTime: true, speaker: sentence.speaker, words: words)
  }

  private func isCurrent(_ time: Timestamp) -> Bool { time.advanced(by: Self.window) > material.now }

  /// Whether nobody but who asked has said anything behind a question.
  private func isOpen(_ question: SaidSentence) -> Bool {
    !material.lines.contains { $0.sequence > question.sequence && $0.speaker?.rawValue != question.speaker }
  }

  /// Whether a question of the memory so far has been followed by somebody else's words.
  private func isAnswered(_ line: RememberedLine) -> Bool {
    guard line.words.hasSuffix(phrases.open), let asker = line.speaker else { return false }
    return material.lines.contains { $0.time > line.time && $0.speaker?.rawValue != asker }
  }
}
