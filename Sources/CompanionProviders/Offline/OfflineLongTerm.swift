import CompanionDomain

/// What stays, in the words of the people: what they say of themselves, decide and plan, with its date.
struct OfflineLongTerm {
  private let material: MemoryMaterial
  private let phrases: OfflineMemoryPhrases

  init(_ material: MemoryMaterial) {
    self.material = material
    phrases = OfflineMemoryPhrases(material)
  }

  /// The newest last, within the limit: of what is too much, the least significant goes, and of that the
  /// oldest.
  var lines: [RememberedLine] {
    let calendar = material.calendar
    let previous = RememberedLine.lines(of: material.previous, in: calendar)
    let merged = material.merged.flatMap { RememberedLine.lines(of: $0.text, in: calendar) }
    let said = SaidSentence.all(of: material.lines + material.corrections.map(\.line), calendar)
    let isOutdated = { (line: RememberedLine) in
      material.corrections.contains { line.stems(from: $0, calendar) }
    }
    var lines = previous.filter { !OfflineMemoryPhrases.isTopics($0.text) && !isOutdated($0) }
    var new = merged.filter { $0.speaker != nil && FactRules.isLasting($0.words) && !isOutdated($0) }
    new += said.filter { FactRules.isLasting($0.original) }.map {
      RememberedLine(time: $0.time, tellsTime: false, speaker: $0.speaker, words: $0.words)
    }
    for place in new.indices { new[place].tellsTime = false }
    lines = RememberedLine.distinct(lines + new.sorted { $0.time < $1.time })
    let days = lines.map { calendar.day(of: $0.time) }
    lines = lines.indices.sorted { (days[$0], $0) < (days[$1], $1) }.map { lines[$0] }
    if let themes = themes(previous, merged, said) { lines.append(themes) }
    return fitting(lines)
  }

  /// What comes up again and again: what was a topic of the memory before and is one now, or is one of
  /// several messages now.
  private func themes(
    _ previous: [RememberedLine], _ merged: [RememberedLine], _ said: [SaidSentence]
  ) -> RememberedLine? {
    let old = previous.filter { OfflineMemoryPhrases.isTopics($0.text) }
    let new = Topics(said.map(\.words) + merged.map(\.words), in: 3).names
    var names = new
    for name in old.flatMap({ phrases.topics(in: $0.text) }) where !names.contains(name) {
      names.append(name)
    }
    guard !names.isEmpty else { return nil }
    let time = new.isEmpty ? old.last?.time : (said.map(\.time) + merged.map(\.time)).max()
    return RememberedLine(
      time: time ?? material.now, tellsTime: false, speaker: nil,
      words: phrases.topics(Array(names.prefix(8))))
  }

  private func fitting(_ lines: [RememberedLine]) -> [RememberedLine] {
    let ranks = lines.map { significance(of: $0) }
    let order = lines.indices.sorted { (ranks[$0], $0) < (ranks[$1], $1) }
    return lines.dropping(order, toTokens: material.tokenLimit, in: material.calendar)
  }

  private func significance(of line: RememberedLine) -> Int {
    if OfflineMemoryPhrases.isTopics(line.text) { return 2 }
    switch FactKind(of: line.words) {
    case .name, .residence, .work, .age, .birthday, .relationship, .health: return 3
    case .decision: return 2
    case .taste, .possession, .plan: return 1
    case nil: return 0
    }
  }
}
