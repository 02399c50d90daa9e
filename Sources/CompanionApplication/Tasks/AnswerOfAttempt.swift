import CompanionDomain
import CompanionPorts

/// The answer that a task's attempt gets from a model, piece by piece, with reports of how far it is.
struct AnswerOfAttempt {
  private let attempt: TaskAttempt
  private(set) var text = ""
  /// The tokens, where they are reported.
  var usage: TokenUsage?
  private var characters = 0
  /// Why a report could not be stored.
  private var lost: (any Error)?

  init(of attempt: TaskAttempt) { self.attempt = attempt }

  /// Takes a piece; `false` when the task is not this attempt's any more.
  mutating func take(_ piece: String) async -> Bool {
    text += piece
    characters += piece.count
    do {
      try await attempt.report(TaskProgress(note: "\(characters) characters"))
      return true
    } catch {
      lost = error
      return false
    }
  }

  /// Why an answer was stopped that nobody has finished.
  var interruption: any Error { lost ?? CancellationError() }
}
