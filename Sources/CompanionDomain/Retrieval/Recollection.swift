/// Something that was found again, with its source.
public struct Recollection: Hashable, Sendable {
  /// What it is.
  public var source: RecallSource
  /// Where it is known.
  public var scope: MemoryScope
  /// What it says.
  public var text: String
  /// Who said it; `nil` where no person did.
  public var speaker: UserID?
  /// When it is from; see ``RecallRecord/time``.
  public var time: Timestamp
  /// How well it fits the query, from above 0: higher is better. Scores of one recall compare with each other
  /// alone.
  public var score: Double
  /// The tokens of the text.
  public var tokens: Int

  /// Something that was found, of these parts.
  public init(
    source: RecallSource, scope: MemoryScope, text: String, speaker: UserID? = nil, time: Timestamp,
    score: Double = 0, tokens: Int = 0
  ) {
    self.source = source
    self.scope = scope
    self.text = text
    self.speaker = speaker
    self.time = time
    self.score = score
    self.tokens = tokens
  }
}

/// What may be told of what was found. What is not current any more is not.
extension Recollection {
  /// A message; `nil` for one that says nothing any more.
  package init?(_ message: ChatMessage, in session: ChatSession) {
    guard !message.text.isEmpty else { return nil }
    self.init(
      source: .message(session.id, message.sequence), scope: session.searchScope, text: message.text,
      speaker: session.speaker(of: message), time: RecallRecord.message(message, in: session).time)
  }

  /// A memory; `nil` for one that has expired.
  ///
  /// - Parameter window: for how long short-term memory is told of after the last word.
  package init?(_ memory: MemoryRecord, at now: Timestamp, window: Duration) {
    guard memory.isCurrent(at: now, window: window) else { return nil }
    self.init(
      source: .memory(memory.key), scope: memory.key.scope, text: memory.text,
      time: RecallRecord.memory(memory).time)
  }

  /// A fact; `nil` for one that does not hold any more.
  package init?(_ fact: Fact, at now: Timestamp) {
    guard fact.holds(at: now) else { return nil }
    var speaker: UserID?
    if case .statement(let person, _) = fact.source { speaker = person }
    self.init(
      source: .fact(fact.id), scope: fact.scope, text: fact.statement, speaker: speaker,
      time: RecallRecord.fact(fact).time)
  }

  /// A document, with its title; `nil` for one that is archived, or says nothing.
  package init?(_ document: Document) {
    let parts = [document.title, document.text].filter { !$0.isEmpty }
    guard document.status == .normal, !parts.isEmpty else { return nil }
    self.init(
      source: .document(document.id), scope: document.scope, text: parts.joined(separator: "\n"),
      time: RecallRecord.document(document).time)
  }
}
