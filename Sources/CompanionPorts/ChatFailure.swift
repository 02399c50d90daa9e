public import CompanionDomain

/// Why the companion did not take a message, or did not answer it whole.
@nonexhaustive
public enum ChatFailure: Error, Hashable, Sendable {
  /// The message was not taken.
  case refused(MessageRefusal)
  /// The model failed. The message is kept, and so is what was delivered of the answer.
  case model(ProviderFailure)
  /// The store failed.
  case store(StoreFailure)
  /// The turn's deadline passed. What was delivered is kept.
  case deadline(Duration)
  /// There is no such session.
  case unknownSession(SessionID)
  /// There is no such message, or it has been deleted.
  case unknownMessage(SequenceNumber, in: SessionID)
  /// There is no message of such a turn.
  case unknownTurn(TurnID, in: SessionID)
  /// The message is not one whose words may be changed: only what a person wrote may be edited, and what belongs to
  /// a tool's call is not deleted without it.
  case notAmendable(SequenceNumber)
  /// The conversation was closed, for this reason.
  case sessionClosed(SessionID, reason: String)
  /// The conversation has come to what it may come to.
  case limitReached(SessionID, SessionLimit)
  /// The conversation was not begun, or not closed, with such details.
  case session(SessionRefusal)
  /// What was to be known of the conversation from now on could not be noted, and the message was not taken.
  case context(ContextRefusal)
  /// The prompt does not fit its budget, whatever is left out.
  case prompt(PromptBudgetFailure)
  /// There is no such task.
  case unknownTask(TaskID)
  /// So many messages wait already that no more are taken.
  case tooManyWaiting(limit: Int)
  /// The companion is not running: not started yet, or stopped.
  case notRunning
  /// The task that waited was cancelled.
  case cancelled
}

extension ChatFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .refused(let refusal): refusal.description
    case .model(let failure): failure.description
    case .store(let failure): failure.description
    case .deadline(let limit):
      "The answer was not done within \(limit.formattedSeconds). Try again, or raise the turn's deadline."
    case .unknownSession(let id): "There is no session \(id). List the sessions, or start a new one."
    case .unknownMessage(let sequence, let session):
      "There is no message \(sequence.rawValue) in session \(session), or it was deleted. List its history."
    case .unknownTurn(let turn, let session):
      "There is no message of turn \(turn) in session \(session). List its history."
    case .notAmendable(let sequence):
      "Message \(sequence.rawValue) cannot be changed: only what a person wrote can be edited, and only words be deleted."
    case .sessionClosed(let id, let reason):
      "Session \(id) is closed\(reason.isEmpty ? "" : " (\(reason))"). Open it again, or start a new one."
    case .limitReached(let id, let limit):
      "Session \(id) has reached its limit of \(limit). Start a new one, or raise the limit."
    case .session(let refusal): refusal.description
    case .context(let refusal): refusal.description
    case .prompt(let failure): "\(failure) Say it in fewer words, or raise the limit of prompts."
    case .unknownTask(let id): "There is no task \(id). List the tasks to see their names."
    case .tooManyWaiting(let limit):
      "\(limit) messages wait to be answered already. Send this one when one of them has been."
    case .notRunning: "The companion is not running. Start it first."
    case .cancelled: "The call was cancelled."
    }
  }
}

extension Duration {
  fileprivate var formattedSeconds: String {
    let tenths = (milliseconds / 100).rounded()
    return "\(tenths.truncatingRemainder(dividingBy: 10) == 0 ? "\(Int64(tenths / 10))" : "\(tenths / 10)") s"
  }
}
