import CompanionDomain

/// What the offline model says of its own in memories, in the language of the people.
struct OfflineMemoryPhrases {
  private let language: WrittenLanguage

  /// The language that most of the people's messages are in.
  init(_ material: MemoryMaterial) {
    let said = material.lines.filter { $0.speaker != nil }.map(\.text)
    let texts = said.isEmpty ? [material.previous] + material.merged.map(\.text) : said
    let languages = texts.map { WrittenLanguage(of: $0) }
    let ranked: [WrittenLanguage] = [.english, .japanese, .chinese]
    func count(_ language: WrittenLanguage) -> Int { languages.count { $0 == language } }
    language = ranked.max { count($0) < count($1) } ?? .english
  }

  var open: String {
    switch language {
    case .english: "(open question)"
    case .japanese: "(未回答)"
    case .chinese: "(待回答)"
    }
  }

  func topics(_ names: [String]) -> String {
    switch language {
    case .english: Self.topicLabels[0] + names.joined(separator: ", ")
    case .japanese: Self.topicLabels[1] + names.joined(separator: "、")
    case .chinese: Self.topicLabels[2] + names.joined(separator: "、")
    }
  }

  private static let topicLabels = ["topics: ", "話題: ", "话题: "]

  /// Whether a line tells of topics.
  static func isTopics(_ text: String) -> Bool { topicLabels.contains { text.hasPrefix($0) } }

  /// The topics that a line tells of.
  func topics(in text: String) -> [String] {
    guard let label = Self.topicLabels.first(where: { text.hasPrefix($0) }) else { return [] }
    return text.dropFirst(label.count).replacing("、", with: ", ").split(separator: ", ").map(String.init)
  }
}
