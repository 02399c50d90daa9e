public import CompanionDomain

/// Changes that are stored together, or not at all.
///
/// Each change carries its precondition. They apply in order, each on what the ones before it have left.
public struct ChangeSet: Hashable, Sendable {
  /// One change.
  @nonexhaustive
  public enum Change: Hashable, Sendable {
    /// Adds a session that must not exist; its log is empty, and its last place ``SequenceNumber/zero``.
    case insertSession(ChatSession)
    /// Appends to a log that must end at `after`. The first message has the next place, and the others
    /// follow without a gap. The session's last place and time become those of the last message; without a
    /// message they stay.
    case append([ChatMessage], to: SessionID, after: SequenceNumber)
    /// Amends a message that is in the log and not deleted, which is an event of the log. The session's times stay.
    case amend(SequenceNumber, MessageAmendment, in: SessionID, at: Timestamp)
    /// Appends to the draft of a session's answer, or begins one.
    ///
    /// The draft must be of the same turn, and `offset` bytes of UTF-8 long: 0 when there is none. It keeps
    /// the time at which it began.
    case extendDraft(AnswerDraft, of: SessionID, offset: Int)
    /// Removes the draft of a session's answer, if there is one.
    case discardDraft(of: SessionID)
    /// Adds a new task, with the event of its creation. Neither it nor its idempotency key must exist.
    indirect case insertTask(GenerationTask)
    /// Applies a transition to a task, at the store's time, and adds the event that tells of it.
    ///
    /// Where a revision is given the task must be at it.
    case transition(TaskID, TaskTransition, revision: Int64?)
    /// Removes a task that has ended, with its events and its idempotency key. It must have ended.
    case removeTask(TaskID)
    /// Claims no more tasks of a kind, or of any for `nil`. Pausing twice is pausing once.
    case pauseTasks(TaskKind?)
    /// Claims them again. What was paused by itself stays paused when everything is resumed.
    case resumeTasks(TaskKind?)
    /// Moves a schedule from the occurrence that is its next to a later one; `nil` for a schedule that is not
    /// known, before or after.
    case moveSchedule(ScheduleID, from: Timestamp?, to: Timestamp?)
    /// Enters a call in the ledger. Entering it twice, under the same name, is entering it once.
    indirect case enterCall(LedgerEntry)
    /// Removes the entries of the ledger that ended before a time.
    case pruneLedger(before: Timestamp)
    /// Stores the next version of a memory. What is stored must have the version before it, or for version 1 not
    /// be there; it is kept as the previous version.
    ///
    /// `adding` are the messages that were not among its sources yet. One span for each conversation at most.
    indirect case putMemory(MemoryRecord, adding: [SourceSpan])
    /// Removes a memory, its previous version and the list of its sources, if it is there.
    case removeMemory(MemoryKey)
    /// Changes nothing. The memory must have this version; 0 for one that is not there.
    case expectMemory(MemoryKey, version: Int64)
    /// Moves what a pass has seen of a log; what is stored must be `from`. A negative revision is before the
    /// beginning, like 0; forgetting moves to it, so that whoever has read meanwhile what is forgotten finds another
    /// one than 0.
    case moveMemoryProgress(SessionID, MemoryPass, from: LogRevision, to: LogRevision)
    /// Adds a fact that must not exist. The message that it quotes must be in the log, with the quoted words.
    indirect case insertFact(Fact)
    /// Lets a newer fact, which must exist, take the place of an older one, which no other has superseded and
    /// which held until then.
    case supersedeFact(FactID, by: FactID, at: Timestamp)
    /// Takes that back: the fact holds again, with the end that is given.
    case restoreFact(FactID, validTo: Timestamp?)
    /// Removes a fact, if it is there.
    case removeFact(FactID)
    /// Adds a document, or puts it in the place of the one of its name. It comes last in the order of changes.
    indirect case putDocument(Document)
    /// Removes a document, if it is there.
    case removeDocument(DocumentID)
    /// Lets all that can be found be embedded in a space, unless it is open already.
    case openEmbeddingSpace(EmbeddingSpace)
    /// Closes a space, if it is open; its vectors, and what is known of failures, go.
    case closeEmbeddingSpace(EmbeddingSpace)
    /// Keeps the vectors of something, in the place of those that it has. The space must be open.
    ///
    /// Where the text is not that of the hash any more, or nothing is there to be found, nothing is changed:
    /// whatever was changed meanwhile waits to be embedded.
    indirect case putEmbedding(EmbeddedSource, in: EmbeddingSpace)
    /// Notes that something could not be embedded, under the same conditions. What has vectors keeps them, and
    /// nothing is noted.
    indirect case noteFailedEmbedding(FailedEmbedding, in: EmbeddingSpace)
    /// Lets all that has failed in a space, parked or not, wait as if it had never been tried. The space must be open.
    case retryEmbeddings(in: EmbeddingSpace)
    /// Stores the next version of a state. Its owner must be there, and what is stored must have the version before it,
    /// or for version 1 not be there. It goes with its owner, whether that is removed, erased or pruned: one that is
    /// added again under the same name has no state.
    indirect case putState(StateRecord)
    /// Changes nothing. The state must have this version; 0 for one that is not there, even if its owner is not.
    case expectState(StateKey, version: Int64)
    /// Removes a state, if it is there. The next one of its name has version 1 again.
    case removeState(StateKey)
    /// Removes all states of an owner but those of some kinds, if there are any.
    case removeStates(of: StateOwner, except: Set<StateKind>)
    /// Erases what a message says, what it said before, and who said it. The message must be in the log. It keeps
    /// its place there, as a deleted one without words, which is an event of the log unless it was deleted already.
    case eraseMessage(SequenceNumber, in: SessionID, at: Timestamp)
    /// Removes a session with its log, its draft, and what the passes have seen of it, if it is there.
    case eraseSession(SessionID)
    /// Puts `UserID.forgotten` in the place of a session's user, if the session is there. Its log stays as it is.
    case eraseUser(of: SessionID)
    /// Removes a task in whatever state, with its events and its idempotency key, if it is there.
    case eraseTask(TaskID)
  }

  /// The changes, in the order in which they apply.
  public var changes: [Change]

  /// These changes, in this order.
  public init(_ changes: [Change]) { self.changes = changes }
}

/// A store that takes changes.
public protocol ChangeStore: Sendable {
  /// Stores all changes or none. They survive a crash of the process, and of the machine where the store
  /// promises it, once this returns.
  ///
  /// A cancelled task does not tear a change set: it is stored whole, or this throws.
  ///
  /// - Returns: what the inserted and changed tasks are now, one for each such change, in their order.
  /// - Throws: ``StoreFailure/conflict(_:)`` when a precondition does not hold, ``StoreFailure/invalid(_:)``
  ///   when ``ChangeSet/validate()`` refuses a value.
  @discardableResult
  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange]
}

extension ChangeStore {
  /// Stores all changes or none; see ``ChangeStore/commit(_:)-(ChangeSet)``.
  @discardableResult
  public func commit(_ changes: ChangeSet.Change...) async throws(StoreFailure) -> [TaskChange] {
    try await commit(ChangeSet(changes))
  }
}
