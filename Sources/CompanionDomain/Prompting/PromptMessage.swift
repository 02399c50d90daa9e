/// One message of a prompt.
public struct PromptMessage: Hashable, Sendable, Codable {
  /// Who speaks.
  @nonexhaustive
  public enum Role: String, Hashable, Sendable, Codable {
    /// The host: persona and rules.
    case system
    /// The person.
    case user
    /// The companion.
    case assistant
    /// A tool, answering the companion.
    case tool
  }

  /// Who speaks.
  public var role: Role
  /// What is said, in order.
  public var parts: [MessagePart]

  /// A message of these parts.
  public init(role: Role, parts: [MessagePart]) {
    self.role = role
    self.parts = parts
  }

  /// A message of text alone.
  public init(_ role: Role, _ text: String) {
    self.init(role: role, parts: [.text(text)])
  }

  /// The text parts, joined.
  public var text: String {
    parts.reduce(into: "") { text, part in
      if case .text(let more) = part { text += more }
    }
  }
}
