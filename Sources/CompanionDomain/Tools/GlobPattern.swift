/// A pattern of paths: `*` stands for any characters within a name, `?` for one, and `**` as a name for any
/// number of folders.
///
/// A pattern without `/` is compared with the last name alone: `*.md` is any file whose name ends so.
public struct GlobPattern: Hashable, Sendable {
  /// The most bytes of a pattern.
  public static let maximumBytes = 1_024

  private let parts: [[Character]]
  private let isForNames: Bool

  /// `nil` for what is empty or longer than ``maximumBytes``.
  public init?(_ text: String) {
    guard !text.isEmpty, text.utf8.count <= Self.maximumBytes else { return nil }
    self.init(parts: text.split(separator: "/", omittingEmptySubsequences: false).map(Array.init))
  }

  private init(parts: [[Character]]) {
    self.parts = parts
    isForNames = parts.count == 1 && parts != [Self.anyFolders]
  }

  /// Whether a path has this pattern, compared by characters, whatever form of Unicode they are in.
  ///
  /// Complexity: the length of the pattern times that of the path; there is no exponential case.
  public func matches(_ path: WorkspacePath) -> Bool { matches(path.names) }

  func matches(_ names: [String]) -> Bool {
    if isForNames {
      guard let name = names.last else { return false }
      return Self.matches(Array(name), parts[0])
    }
    let names = names.map(Array.init)
    return Self.matches(
      names, parts, isAny: { $0 == Self.anyFolders }, isSame: { Self.matches($0, $1) })
  }

  /// The same pattern with its names changed; `*` and `?` stay.
  func mapped(_ change: (String) -> String) -> GlobPattern {
    GlobPattern(parts: parts.map { $0 == Self.anyFolders ? $0 : Array(change(String($0))) })
  }

  private static let anyFolders: [Character] = ["*", "*"]

  private static func matches(_ name: [Character], _ pattern: [Character]) -> Bool {
    matches(name, pattern, isAny: { $0 == "*" }, isSame: { $1 == "?" || $0 == $1 })
  }

  /// Whether elements are those of a pattern in which some elements stand for any number.
  ///
  /// Only the last of those is ever tried again: if a later one has been reached, how much an earlier one
  /// stands for does not matter.
  private static func matches<Element>(
    _ elements: [Element], _ pattern: [Element], isAny: (Element) -> Bool,
    isSame: (Element, Element) -> Bool
  ) -> Bool {
    var place = 0
    var next = 0
    var retry: (place: Int, next: Int)?
    while place < elements.count {
      if next < pattern.count, isAny(pattern[next]) {
        next += 1
        retry = (place, next)
      } else if next < pattern.count, isSame(elements[place], pattern[next]) {
        place += 1
        next += 1
      } else if let last = retry {
        place = last.place + 1
        next = last.next
        retry = (place, next)
      } else {
        return false
      }
    }
    return pattern[next...].allSatisfy(isAny)
  }
}

extension GlobPattern: ExpressibleByStringLiteral {
  /// A pattern that is written in code; one that is none matches nothing.
  public init(stringLiteral text: String) {
    self = GlobPattern(text) ?? GlobPattern(parts: [[]])
  }
}
