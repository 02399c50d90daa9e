public import CompanionDomain

/// Where memories and facts are kept. They come in through ``ChangeStore/commit(_:)-(ChangeSet)``.
public protocol MemoryStore: ChangeStore {
  /// A memory, or `nil`.
  func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord?

  /// The version before it, or `nil`.
  func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord?

  /// Memories by their keys.
  ///
  /// - Parameters:
  ///   - after: only those behind this key; `nil` for all.
  ///   - limit: the most memories; below one gives none.
  func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord]

  /// The messages that a memory was derived from, one span for each conversation, by the conversation's name.
  ///
  /// - Parameters:
  ///   - after: only those of conversations behind this one; `nil` for all.
  ///   - limit: the most spans; below one gives none.
  func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan]

  /// A fact, or `nil`.
  func fact(_ id: FactID) async throws(StoreFailure) -> Fact?

  /// Facts by their names.
  ///
  /// - Parameters:
  ///   - after: only those behind this name; `nil` for all.
  ///   - limit: the most facts; below one gives none.
  func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact]

  /// What the passes have seen of a log; nothing where there is no such session.
  func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress

  /// Sessions whose log has something that one of the passes has not seen, by their names.
  ///
  /// Complexity: that of what is returned, however many sessions there are.
  ///
  /// - Parameters:
  ///   - after: only those behind this name; `nil` for all.
  ///   - limit: the most sessions; below one gives none.
  func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession]

  /// Says that a log has changed, until the store is let go of: several changes may be told as one.
  func logChanges() -> AsyncStream<Void>

  /// Takes care that the bytes of what was removed are not in the store's files any more. It may rewrite all of
  /// them.
  func eraseRemoved() async throws(StoreFailure)
}

/// Which memories are meant; what is not given does not matter.
public struct MemoryFilter: Hashable, Sendable {
  /// Only of these scopes.
  public var scopes: Set<MemoryScope>?
  /// Only of this kind.
  public var kind: MemoryKind?
  /// Only those that know of no message of this time or later.
  public var newestSourceBefore: Timestamp?
  /// Only those that were derived from messages of this conversation, directly.
  public var session: SessionID?
  /// Whether those that have expired are meant too.
  public var includesExpired: Bool

  /// A filter of these parts.
  public init(
    scopes: Set<MemoryScope>? = nil, kind: MemoryKind? = nil, newestSourceBefore: Timestamp? = nil,
    session: SessionID? = nil, includesExpired: Bool = true
  ) {
    self.scopes = scopes
    self.kind = kind
    self.newestSourceBefore = newestSourceBefore
    self.session = session
    self.includesExpired = includesExpired
  }

  /// Whether a memory is meant.
  ///
  /// - Parameter sessions: the conversations that it was derived from.
  public func includes(_ memory: MemoryRecord, from sessions: Set<SessionID>) -> Bool {
    (scopes?.contains(memory.key.scope) ?? true) && (kind.map { $0 == memory.key.kind } ?? true)
      && (newestSourceBefore.map { memory.newestSource < $0 } ?? true)
      && (session.map(sessions.contains) ?? true) && (includesExpired || !memory.text.isEmpty)
  }
}

/// Which facts are meant; what is not given does not matter.
public struct FactFilter: Hashable, Sendable {
  /// Only of these scopes.
  public var scopes: Set<MemoryScope>?
  /// Only those that come from this conversation.
  public var session: SessionID?
  /// Only those that quote one of these messages, of whichever conversation unless ``session`` names it.
  public var messages: ClosedRange<SequenceNumber>?
  /// Only those that this person has stated outright.
  public var statedBy: UserID?
  /// Whether those that have been superseded are meant too.
  public var includesSuperseded: Bool

  /// A filter of these parts.
  public init(
    scopes: Set<MemoryScope>? = nil, session: SessionID? = nil, messages: ClosedRange<SequenceNumber>? = nil,
    statedBy: UserID? = nil, includesSuperseded: Bool = false
  ) {
    self.scopes = scopes
    self.session = session
    self.messages = messages
    self.statedBy = statedBy
    self.includesSuperseded = includesSuperseded
  }

  /// Whether a fact is meant.
  public func includes(_ fact: Fact) -> Bool {
    if let messages {
      guard case .message(let quote) = fact.source, messages.contains(quote.sequence) else { return false }
    }
    var isStated = true
    if let statedBy {
      if case .statement(statedBy, _) = fact.source { isStated = true } else { isStated = false }
    }
    return isStated && (scopes?.contains(fact.scope) ?? true)
      && (session.map { $0 == fact.source.session } ?? true)
      && (includesSuperseded || fact.supersededBy == nil)
  }
}
