/// What a call of a model is for. It costs the same either way; the ledger tells them apart.
@nonexhaustive
public enum CallPurpose: String, Hashable, Sendable, Codable, CaseIterable {
  /// Answering a person.
  case answer
  /// Understanding what a message asks for.
  case intent
  /// Working on a background task.
  case task
  /// Summarising what was said in a conversation before what its prompts have.
  case summary
  /// Forming memory.
  case memory
  /// Judging whether the companion should speak up.
  case judgement
  /// Making an image.
  case image
  /// Turning texts into vectors.
  case embedding
  /// Finding out whether a configuration works.
  case connectionTest
}
