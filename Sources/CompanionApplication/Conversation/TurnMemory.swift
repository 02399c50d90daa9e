import CompanionDomain
import CompanionPorts

/// What a conversation's turns leave to the next one.
struct TurnMemory: Sendable {
  /// What the last message asked for.
  var understood: UnderstoodMessage?
  /// What was known of the conversation the last time.
  var details: Versioned<SessionDetails>?
  /// Through which message the next summary is to be made; `nil` while there is time.
  var summaryDue: SequenceNumber?
  private var failed: (turn: TurnID, failure: ProviderFailure, tries: Int)?

  /// What went wrong when a turn was answered before; `nil` for nothing.
  func failure(of turn: TurnID) -> PromptFailure? {
    guard let failed, failed.turn == turn else { return nil }
    return PromptFailure(failed.failure.description, retries: failed.tries)
  }

  /// Notes how a turn has ended.
  mutating func note(_ outcome: TurnOutcome, of turn: TurnID) {
    guard case .failed(.model(let failure)) = outcome else { return failed = nil }
    failed = (turn, failure, failed?.turn == turn ? (failed?.tries ?? 0) + 1 : 1)
  }
}
