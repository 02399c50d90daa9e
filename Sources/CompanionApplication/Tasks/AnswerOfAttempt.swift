import CompanionDomain
import CompanionPorts

/// The answer that a task's attempt gets from a model, piece by piece, with reports of how far it is.
struct AnswerOfAttempt {
  private let attempt: TaskAttempt
  private(set) var text = ""
  /// The tools that it calls.
  private(set) var calls: [ToolCall] = []
  /// Whether the model could not finish it within its limit on tokens.
  private(set) var isCut = false
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

  /// The answer is over.
  ///
  /// - Parameter calls: none of an answer that was cut: the last may be missing its end.
  mutating func end(_ finish: FinishReason, calls: [ToolCall] = []) {
    isCut = finish == .length
    self.calls = isCut ? [] : calls
  }

  /// Why an answer was stopped that nobody has finished.
  var interruption: any Error { lost ?? CancellationError() }
}
