/// What an answer is given with.
@nonexhaustive
public enum ChatMode: String, Hashable, Sendable, Codable, CaseIterable {
  /// The conversation alone.
  case standard
  /// The conversation with memories, what fits the message, background tasks and files.
  case enhanced
}
