import CompanionDomain
import Synchronization

/// Something simple that a person wants done with files or programs.
enum WorkspaceRequest: Hashable, Sendable {
  /// A file with a text; one that is there is left as it is, unless it is to be replaced.
  case write(path: String, content: String, isReplacing: Bool)
  /// A line at the end of a file.
  case append(path: String, text: String)
  case replace(path: String, old: String, new: String, isForAll: Bool)
  case read(path: String)
  /// The files of a folder; `nil` for all of the workspace.
  case list(folder: String?)
  /// The lines of all files in which a text is.
  case search(String)
  case delete(path: String)
  case run(program: String, arguments: [String])
  /// The tests, however they are run here.
  case test
}

extension WorkspaceRequest {
  /// What has more bytes is not read by rule.
  private static let longest = 8000

  /// What a message asks for, and in which language it does; `nil` for anything else.
  static func read(_ message: String) -> (request: WorkspaceRequest, language: WrittenLanguage)? {
    guard message.utf8.count <= longest else { return nil }
    let text = String(message.drop(while: \.isWhitespace)).trimmedAtEnd
    return WorkspaceRequestRule.all.withLock { rules in
      for (language, rules) in rules {
        for rule in rules {
          if let request = rule.request(in: text) { return (request, language) }
        }
      }
      return nil
    }
  }
}

/// A way in which people ask for something to be done with files or programs.
struct WorkspaceRequestRule {
  /// `nil` only for a pattern that is none.
  let pattern: Regex<AnyRegexOutput>?
  /// The request of what was captured; `nil` where it is none after all.
  private let make: ([String]) -> WorkspaceRequest?

  /// - Parameter pattern: without regard to case.
  init(_ pattern: String, _ make: @escaping ([String]) -> WorkspaceRequest?) {
    self.pattern = (try? Regex(pattern))?.ignoresCase().dotMatchesNewlines()
      .matchingSemantics(.unicodeScalar)
    self.make = make
  }

  /// By language, those first that leave the least room for doubt.
  // A regex is not Sendable, and reading one takes longer than most messages: there is one of each.
  static let all = Mutex<[(WrittenLanguage, [WorkspaceRequestRule])]>([
    (.english, EnglishWorkspaceRequests.rules), (.japanese, JapaneseWorkspaceRequests.rules),
    (.chinese, ChineseWorkspaceRequests.rules),
  ])

  func request(in text: String) -> WorkspaceRequest? {
    guard let pattern, let match = text.firstMatch(of: pattern) else { return nil }
    return make(match.output.dropFirst().map { $0.substring.map(String.init) ?? "" })
  }
}

/// What people write around names and texts.
enum WorkspaceWords {
  /// A name as it is meant; `nil` for what is no name of a file.
  ///
  /// - Parameter isNamed: whether it was said that it is a file: then any word is a name.
  static func path(_ text: String, isNamed: Bool = false) -> String? {
    var path = unquoted(text)
    while path.hasPrefix("./"), path.count > 2 { path.removeFirst(2) }
    while path.count > 1, let last = path.last, ",;:!?，；：！？。".contains(last) { path.removeLast() }
    if path.count > 1, path.last == "." { path.removeLast() }
    guard !path.isEmpty, !noNames.contains(path.lowercased()) else { return nil }
    let looksLikeOne = path.dropFirst().contains(".") || path.contains("/") || path.first == "."
    return isNamed || looksLikeOne || known.contains(path)
      || text != path && quotes.keys.contains(text.first ?? " ")
      ? path : nil
  }

  private static let noNames: Set<String> = [
    "a", "an", "the", "file", "files", "folder", "it", "this", "that", "with", "called", "named", "..", ".",
  ]
  private static let known: Set<String> = ["README", "LICENSE", "Makefile", "Dockerfile", "TODO", "NOTES"]

  private static let quotes: [Character: Character] = [
    "\"": "\"", "“": "”", "'": "'", "‘": "’", "`": "`", "「": "」", "『": "』", "《": "》",
  ]

  /// A text without the quotes around it.
  static func unquoted(_ text: String) -> String {
    let text = String(text.drop(while: \.isWhitespace)).trimmedAtEnd
    guard text.count > 1, let first = text.first, let last = text.last, quotes[first] == last,
      !text.dropFirst().dropLast().contains(where: { $0 == first || $0 == last })
    else { return text }
    return String(text.dropFirst().dropLast())
  }

  /// The content of a file: its last line has an end.
  static func content(_ text: String) -> String {
    let text = unquoted(text)
    return text.isEmpty || text.hasSuffix("\n") ? text : text + "\n"
  }

  /// The words of a command line; quoted ones may have spaces in them.
  static func command(_ text: String) -> WorkspaceRequest? {
    var words: [String] = []
    var word: String?
    var quote: Character?
    for character in text {
      if let open = quote {
        if character == open { quote = nil } else { word?.append(character) }
      } else if character == "\"" || character == "'" {
        quote = character
        word = word ?? ""
      } else if character.isWhitespace {
        if let done = word { words.append(done) }
        word = nil
      } else {
        word = (word ?? "") + String(character)
      }
    }
    if let done = word { words.append(done) }
    guard quote == nil, let program = words.first, !program.isEmpty else { return nil }
    return .run(program: program, arguments: Array(words.dropFirst()))
  }
}

extension String {
  /// Without the white space at its end.
  var trimmedAtEnd: String { String(reversed().drop(while: \.isWhitespace).reversed()) }
}
