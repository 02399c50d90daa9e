import CompanionApplication
public import CompanionDomain
public import CompanionPorts

extension Companion {
  /// What background tasks ask, and wait for the answers to, those that were asked first in front.
  ///
  /// - Parameter session: only those of this conversation; `nil` for all.
  public func questions(in session: SessionID? = nil) async throws(StoreFailure) -> [TaskQuestion] {
    try await OpenQuestions(environment: environment)(in: session)
  }

  /// Answers a question. The task that waits for it goes on.
  ///
  /// - Parameters:
  ///   - question: what is asked.
  ///   - text: the answer. It is stored when this returns.
  /// - Throws: ``TaskCommandFailure``: ``TaskCommandFailure/notAsked(_:)`` when it was answered, its time is over, or
  ///   its task has ended.
  public func answer(_ question: TaskQuestion, with text: String) async throws(TaskCommandFailure) {
    try await AnswerQuestion(engine: engine)(text, to: question)
  }
}
