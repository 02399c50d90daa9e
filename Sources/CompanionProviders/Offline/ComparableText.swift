/// A text as phrases are looked for in it: in small letters, with straight apostrophes, between spaces.
struct ComparableText {
  let scalars: [Unicode.Scalar]

  init(_ text: some StringProtocol) {
    var scalars: [Unicode.Scalar] = [" "]
    for scalar in text.lowercased().unicodeScalars { scalars.append(scalar == "’" ? "'" : scalar) }
    scalars.append(" ")
    self.scalars = scalars
  }
}

/// Phrases that are looked for all at once: a text is read one time, however many there are.
struct PhraseTable: Sendable {
  private struct Phrase {
    var scalars: [Unicode.Scalar]
    var group: Int
  }

  /// By the last byte of their first character.
  private var phrases = [[Phrase]](repeating: [], count: 256)
  private let groupCount: Int

  /// - Parameter groups: phrases in small letters, with straight apostrophes; an empty one is never found.
  init(_ groups: [[String]]) {
    groupCount = groups.count
    for (group, texts) in groups.enumerated() {
      for text in texts {
        let scalars = Array(text.unicodeScalars)
        guard let first = scalars.first else { continue }
        phrases[Int(first.value & 0xFF)].append(Phrase(scalars: scalars, group: group))
      }
    }
  }

  init(_ phrases: [String]) { self.init([phrases]) }

  /// Whether any of the phrases is in a text.
  func isFound(in text: ComparableText) -> Bool {
    text.scalars.indices.contains { place in
      candidates(at: place, in: text).contains { Self.stands($0, at: place, in: text) }
    }
  }

  /// The groups of which a phrase is in a text, in order.
  func groups(in text: ComparableText) -> [Int] {
    var isFound = [Bool](repeating: false, count: groupCount)
    for place in text.scalars.indices {
      for phrase in candidates(at: place, in: text)
      where !isFound[phrase.group] && Self.stands(phrase, at: place, in: text) {
        isFound[phrase.group] = true
      }
    }
    return isFound.indices.filter { isFound[$0] }
  }

  private func candidates(at place: Int, in text: ComparableText) -> [Phrase] {
    phrases[Int(text.scalars[place].value & 0xFF)]
  }

  private static func stands(_ phrase: Phrase, at place: Int, in text: ComparableText) -> Bool {
    guard text.scalars.count - place >= phrase.scalars.count else { return false }
    for offset in phrase.scalars.indices where text.scalars[place + offset] != phrase.scalars[offset] {
      return false
    }
    return true
  }
}
