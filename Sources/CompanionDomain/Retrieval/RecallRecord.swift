/// What a source is, as it is stored.
public enum RecallRecord: Hashable, Sendable {
  /// A message, and the session that it is in.
  case message(ChatMessage, in: ChatSession)
  /// A memory.
  case memory(MemoryRecord)
  /// A fact.
  case fact(Fact)
  /// A document of the host's.
  case document(Document)
}
