/// One message of a prompt.
public struct PromptMessage: Hashable, Sendable {
  /// Who speaks.
  @nonexhaustive
  public enum Role: String, Hashable, Sendable, Codable {
    /// The host: persona and rules.
    case system
    case user
    case assistant
    case tool
  }

  public var role: Role
  public var parts: [MessagePart]

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
