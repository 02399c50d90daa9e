public import CompanionDomain

/// Why a store did not do what it was asked. Nothing of the change is stored then, unless the case says so.
@nonexhaustive
public enum StoreFailure: Error, Hashable, Sendable {
  /// A precondition of a change does not hold: somebody else was there first. Read again.
  case conflict(StoreConflict)
  /// A value cannot be stored.
  case invalid(String)
  /// There is no space left.
  case full(String)
  /// The store cannot be written, or not be opened: missing rights, a missing folder, a read-only medium.
  case inaccessible(String)
  /// The store's content is damaged.
  case corrupt(String)
  /// The store was written by a newer version of this library.
  case newerSchema(found: Int, supported: Int)
  /// Another version of this library has opened the store since, and made it its own; nothing more is written here.
  case otherVersion
  /// Another process kept the store busy for too long.
  case busy(String)
  /// The store has been closed.
  case closed
  /// It has not answered for this long. Whether the change was stored is unknown.
  case timedOut(Duration)
  /// Something else. Whether the change was stored is unknown.
  case unknown(String)
}

/// The precondition that does not hold.
@nonexhaustive
public enum StoreConflict: Hashable, Sendable {
  case sessionExists
  case noSuchSession
  /// There is no such message, or it has been deleted.
  case noSuchMessage
  /// The message is not one that may be amended in this way; see ``ChatMessage/mayBeAmended(by:)``.
  case notAmendable
  /// The log does not end where the change says.
  case logMoved
  /// The draft is another turn's, or has another length.
  case draftMoved
  case taskExists
  case noSuchTask
  /// This task was asked for under the same idempotency key.
  case keyTaken(TaskID)
  /// The task is at another revision.
  case taskMoved
  /// The transition is not possible.
  case refused(TransitionRefusal)
  /// The schedule's next occurrence is another one.
  case scheduleMoved
  /// The memory has another version.
  case memoryMoved
  /// Somebody else has read the log to another place.
  case memoryProgressMoved
  case factExists
  case noSuchFact
  /// The fact has been superseded already, or has not been.
  case factMoved
  /// The message that a fact quotes is not there, or does not say so.
  case noSuchSource
  /// The state has another version.
  case stateMoved
  /// Vectors are kept in spaces that have been opened.
  case noSuchEmbeddingSpace
}

extension StoreFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .conflict(let conflict): "The store was changed by somebody else (\(conflict)). Try again."
    case .invalid(let what): "The store cannot hold this: \(what)."
    case .full(let what): "The store has no space left: \(what). Free some space and try again."
    case .inaccessible(let what): "The store cannot be used: \(what). Check the path and its permissions."
    case .corrupt(let what):
      "The store cannot be read: \(what). Check that it is the right file, or restore it from a backup."
    case .newerSchema(let found, let supported):
      "The store has schema \(found), this version knows \(supported). Update CompanionKit to open it."
    case .otherVersion:
      "Another version of CompanionKit has opened the store since. Use one version in all processes, and open it again."
    case .busy(let what): "The store is busy: \(what). Try again when the other process is done."
    case .closed: "The store is closed. Open it again."
    case .timedOut(let limit):
      "The store has not answered for \(limit). Check whether the change is there before repeating it."
    case .unknown(let what):
      "The store failed: \(what). Check whether the change is there before repeating it."
    }
  }
}
