import CompanionDomain

/// Facts that people state of themselves, found by rule.
struct OfflineFacts {
  private let material: MemoryMaterial

  init(_ material: MemoryMaterial) { self.material = material }

  private static let confidence = 0.8

  /// In the order of the messages, each once, without those that are known.
  var items: [ExtractedFacts.Item] {
    var items: [ExtractedFacts.Item] = []
    var known: [String: [FactWording]] = [:]
    for (place, line) in material.lines.enumerated() {
      guard let speaker = line.speaker?.rawValue else { continue }
      var wordings =
        known[speaker] ?? material.knownFacts.map { FactWording(subject: speaker, statement: $0) }
      for sentence in TextAnalysis.sentences(of: line.text) {
        for found in FactRules.found(in: sentence, by: speaker) {
          let statement = dated(found.statement, line)
          let wording = FactWording(subject: speaker, statement: statement)
          guard !wordings.contains(where: { $0.saysTheSame(as: wording) }) else { continue }
          wordings.append(wording)
          items.append(
            ExtractedFacts.Item(
              subject: speaker, statement: statement, quote: found.quote, line: place + 1,
              confidence: Self.confidence))
        }
      }
      known[speaker] = wordings
    }
    return items
  }

  /// A statement with days in place of "tomorrow"; where it has other such words, with the day of the
  /// message.
  private func dated(_ statement: String, _ line: MemoryLine) -> String {
    let statement = RelativeDays(material.calendar).resolved(statement, saidAt: line.time)
    guard Self.relative.isFound(in: ComparableText(statement)) else { return statement }
    let day = material.calendar.day(of: line.time)
    return switch WrittenLanguage(of: statement) {
    case .english: "\(statement) (said on \(day))"
    case .japanese: "\(statement)(\(day)の発言)"
    case .chinese: "\(statement)(\(day)说的)"
    }
  }

  private static let relative = PhraseTable([
    "next ", "last ", "this week", "this month", "this year", "this evening", "in a week", "in a month",
    " ago",
    "来週", "来月", "来年", "今週", "今月", "今年", "週末", "下周", "下个月", "明年", "这周", "这个月", "周末", "本周",
  ])
}
