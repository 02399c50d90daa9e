/// Finds what a message names.
enum IntentTargets {
  /// The file names and paths in a text, in order, each once: words with a known ending, or with a slash, and whatever
  /// is said to be a file's name.
  static func files(in text: String) -> [String] {
    var found: [String] = []
    for word in text.split(whereSeparator: { !isPathCharacter($0) }) {
      var path = String(word.drop { $0 == "." && word.count == 1 }).trimmingDots()
      if path.first == ".", path.dropFirst().allSatisfy({ $0 != "." && $0 != "/" }) {
        path = lettersBefore(word, in: text) + path
      }
      guard looksLikePath(path), !found.contains(path) else { continue }
      found.append(path)
    }
    for path in named(in: text) where !found.contains(path) { found.append(path) }
    return found
  }

  /// The letters of another script that an ending stands behind, such as those of a Japanese name.
  private static func lettersBefore(_ word: Substring, in text: String) -> String {
    let letters = text[..<word.startIndex].suffix(maximumLetters).reversed().prefix {
      $0.isLetter && !$0.isASCII
    }
    return String(letters.reversed())
  }

  private static let maximumLetters = 64

  /// What a text says is the name of a file.
  private static func named(in text: String) -> [String] {
    guard text.utf8.count <= maximumNamingBytes else { return [] }
    // To make a pattern takes longer than to see that it cannot match.
    var said: [Substring] = []
    if text.lowercased().utf8.contains("file ".utf8) {
      said += text.matches(of: /(?i)\bfile (?:called|named) ["“'`]?([\w.\/\-]+)/).map(\.1)
    }
    if text.utf8.contains("ファイル".utf8) {
      said += text.matches(of: /([A-Za-z0-9._\/\-]+)[」』”"]?という(?:名前の)?ファイル/).map(\.1)
    }
    if text.utf8.contains("文件".utf8) {
      said += text.matches(of: /(?:名为|名叫|叫做|叫)\s*[「“"]?([A-Za-z0-9._\/\-]+)[」”"]?\s*的?文件/).map(\.1)
    }
    return said.map { String($0).trimmingDots() }.filter { !$0.isEmpty }
  }

  private static let maximumNamingBytes = 2_000

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
    if endings.contains(word[word.index(after: dot)...].lowercased()) { return true }
    // Of whatever kind it is: “old/data.bin”. Before the first slash of an address is a dot.
    guard let slash = word.firstIndex(of: "/"), slash != word.startIndex else { return false }
    return !word[..<slash].contains(".") && word[dot...].dropFirst().allSatisfy { $0.isLetter || $0.isNumber }
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
