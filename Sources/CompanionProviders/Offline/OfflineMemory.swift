import CompanionDomain

/// A memory that is made without a model: of sentences that people said, picked by rule.
struct OfflineMemory {
  let material: MemoryMaterial

  /// The lines of a memory, or the JSON that the work asks for.
  var answer: String? {
    switch material.work {
    case .shortTerm: text(OfflineShortTerm(material).lines)
    case .longTerm: text(OfflineLongTerm(material).lines)
    case .facts, .supersession: nil
    }
  }

  /// The JSON that the work asks for; `nil` where it asks for none.
  var json: JSONValue? {
    switch material.work {
    case .facts: ExtractedFacts.answer(OfflineFacts(material).items, calendar: material.calendar)
    case .supersession: Supersessions.answer(OfflineSupersession(material).pairs)
    case .shortTerm, .longTerm: nil
    }
  }

  private func text(_ lines: [RememberedLine]) -> String {
    lines.isEmpty ? "-" : lines.map { $0.description(in: material.calendar) }.joined(separator: "\n")
  }
}
