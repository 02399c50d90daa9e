/// Finds what a message names.
enum IntentTargets {
  /// The file names and paths in a text, in order, each once: words with a known ending, or with a slash.
  static func files(in text: String) -> [String] {
    var found: [String] = []
    for word in text.split(whereSeparator: { !isPathCharacter($0) }) {
      let path = String(word.drop { $0 == "." && word.count == 1 }).trimmingDots()
      guard looksLikePath(path), !found.contains(path) else { continue }
      found.append(path)
    }
    return found
  }

  /// The quoted phrases in a text, in order, each once.
  static func quoted(in text: String) -> [String] {
    let pairs: [Character: Character] = ["\"": "\"", "“": "”", "「": "」", "『": "』", "`": "`"]
    var found: [String] = []
    var rest = text[...]
    while let open = rest.firstIndex(where: { pairs[$0] != nil }), let close = pairs[rest[open]] {
      let inner = rest[rest.index(after: open)...]
      guard let end = inner.firstIndex(of: close) else { break }
      let phrase = String(inner[..<end])
      if (1...80).contains(phrase.count), !found.contains(phrase) { found.append(phrase) }
      rest = inner[inner.index(after: end)...]
    }
    return found
  }

  private static func isPathCharacter(_ character: Character) -> Bool {
    character.isASCII && (character.isLetter || character.isNumber || "._-/~".contains(character))
  }

  private static func looksLikePath(_ word: String) -> Bool {
    guard let dot = word.lastIndex(of: "."), dot != word.startIndex else {
      return word.hasPrefix("/") && word.count > 2 || word.hasPrefix("~/") || word.hasPrefix("./")
    }
    return endings.contains(word[word.index(after: dot)...].lowercased())
  }

  private static let endings: Set<String> = [
    "c", "cc", "cfg", "conf", "cpp", "css", "csv", "go", "h", "html", "ini", "java", "jpg", "js", "json",
    "jsonl", "kt", "log", "m", "md", "pdf", "png", "py", "rb", "rs", "sh", "sql", "swift", "toml", "ts",
    "tsv",
    "txt", "xml", "yaml", "yml", "zip",
  ]
}

extension String {
  fileprivate func trimmingDots() -> String {
    var end = endIndex
    while end > startIndex, self[index(before: end)] == "." { end = index(before: end) }
    return String(self[..<end])
  }
}
