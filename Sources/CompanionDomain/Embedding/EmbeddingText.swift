/// What of something that can be found is turned into a vector.
///
/// It says what ``TextDocument`` has words of, but for dates: numbers are next to every other number. What is not
/// found by its words has no vector either.
public struct EmbeddingText: Hashable, Sendable {
  /// The version of the rules. It grows when the text of anything changes, or the pieces that it is cut into: then
  /// all hashes are others, and everything is embedded again.
  public static let version = 1

  /// What the text is of.
  public let source: RecallSource
  /// Where it is found.
  public let scope: MemoryScope
  /// What is embedded: never without anything but white space.
  public let text: String

  /// What is embedded of something; `nil` for what is not: what was deleted, superseded, archived, has expired, says
  /// nothing, or is no part of the talk.
  public init?(_ record: RecallRecord) {
    switch record {
    case .message(let message, let session): self.init(message, in: session)
    case .memory(let memory): self.init(.memory(memory.key), in: memory.key.scope, [memory.text])
    case .fact(let fact):
      guard fact.supersededBy == nil else { return nil }
      self.init(
        .fact(fact.id), in: fact.scope, [fact.statement], by: fact.isNamed ? nil : fact.subject)
    case .document(let document):
      guard document.status == .normal else { return nil }
      self.init(.document(document.id), in: document.scope, [document.title, document.text])
    }
  }

  /// Tells whether what is stored is still a vector of this text.
  public var hash: ContentHash {
    // No number has a zero in it, which tells where it ends.
    ContentHash(of: "\(Self.version)\0\(text)")
  }

  private init?(_ message: ChatMessage, in session: ChatSession) {
    guard message.isPartOfTalk else { return nil }
    self.init(
      .message(session.id, message.sequence), in: session.searchScope, [message.text],
      by: session.speaker(of: message)?.rawValue)
  }

  /// The parts that say something, each on lines of its own, behind the name of whom they are by or about.
  private init?(
    _ source: RecallSource, in scope: MemoryScope, _ parts: [String], by name: String? = nil
  ) {
    let parts = parts.filter { !$0.isBlank }
    guard !parts.isEmpty else { return nil }
    self.source = source
    self.scope = scope
    let text = parts.joined(separator: "\n")
    self.text = if let name, !name.isEmpty { "\(name): \(text)" } else { text }
  }
}

extension Fact {
  /// Whether its statement names its subject, as a word or among characters of a script that parts no words.
  ///
  /// Only ASCII letters are alike in both cases: what is so for ever does not depend on a version of Unicode.
  fileprivate var isNamed: Bool {
    let (statement, subject) = ([UInt8](statement.utf8), [UInt8](subject.utf8))
    guard !subject.isEmpty, subject.count <= statement.count else { return false }
    return (0...statement.count - subject.count).contains { start in
      let end = start + subject.count
      guard zip(statement[start..<end], subject).allSatisfy({ $0.lowercased == $1.lowercased }) else {
        return false
      }
      let isBegun = start > 0 && statement[start - 1].isOfWord && subject[0].isOfWord
      let goesOn = end < statement.count && statement[end].isOfWord && subject[subject.count - 1].isOfWord
      return !isBegun && !goesOn
    }
  }
}

extension UInt8 {
  fileprivate var lowercased: UInt8 { self &- UInt8(ascii: "A") < 26 ? self | 0x20 : self }

  /// Whether it is an ASCII letter or digit.
  fileprivate var isOfWord: Bool {
    (self | 0x20) &- UInt8(ascii: "a") < 26 || self &- UInt8(ascii: "0") < 10
  }
}
