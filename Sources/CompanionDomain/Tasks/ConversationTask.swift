/// The payload of a task of the kind ``TaskKind/conversation``: a message that became background work.
public struct ConversationTask: Hashable, Sendable, Codable {
  /// The person's words.
  public var instruction: String
  /// What they ask for. It is understood once, when the message comes, and never again; `nil` for a task that was made
  /// without one, which is understood when it is worked on.
  public var intent: Intent?

  /// A payload of these parts.
  public init(instruction: String, intent: Intent? = nil) {
    self.instruction = instruction
    self.intent = intent
  }
}
