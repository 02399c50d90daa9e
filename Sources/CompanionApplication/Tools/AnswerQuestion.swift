package import CompanionDomain
package import CompanionPorts

/// Gives a task the answer that it waits for.
package struct AnswerQuestion: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  private var environment: Environment { engine.environment }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// - Throws: `TaskCommandFailure`; nothing has changed then, unless the store does not know.
  package func callAsFunction(
    _ text: String, to question: TaskQuestion
  ) async throws(TaskCommandFailure) {
    guard text.contains(where: { !$0.isWhitespace }) else { throw .invalidRequest("the answer is empty") }
    for _ in 1...Self.attempts {
      switch try await stored(text, question) {
      case .applied?:
        engine.wake()
        return
      case .noSuchTask?: throw .unknownTask(question.task)
      case .refused?: throw .notAsked(question.task)
      case nil: continue
      }
    }
    throw .store(.conflict(.taskMoved))
  }

  private enum Outcome { case applied, noSuchTask, refused }

  /// - Returns: `nil` when somebody else was there first.
  private func stored(
    _ text: String, _ question: TaskQuestion
  ) async throws(TaskCommandFailure) -> Outcome? {
    do throws(StoreFailure) {
      guard let task = try await environment.store.task(question.task) else { return .noSuchTask }
      guard TaskQuestion(of: task)?.lease == question.lease else { return .refused }
      // The task as it was looked at: another question of it is not answered.
      let apply = ApplyTransition(environment: environment)
      switch try await apply(.wake(input: .text(text)), to: task.id, revision: task.revision) {
      case .applied: return .applied
      case .refused: return nil
      case .noSuchTask: return .noSuchTask
      }
    } catch {
      if error == .conflict(.taskMoved) { return nil }
      throw .store(error)
    }
  }
}

/// Lists the questions that wait for an answer.
package struct OpenQuestions: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// - Parameter session: only those of this conversation; `nil` for all.
  /// - Returns: the questions, those that were asked first in front.
  package func callAsFunction(in session: SessionID?) async throws(StoreFailure) -> [TaskQuestion] {
    var open: [TaskQuestion] = []
    var filter = TaskFilter(states: [.waiting], session: session)
    repeat {
      let page = try await environment.store.tasks(matching: filter, limit: 100)
      open += page.compactMap(TaskQuestion.init)
      filter.after = page.count < 100 ? nil : page.last?.id
    } while filter.after != nil
    return open.sorted { ($0.askedAt, $0.task) < ($1.askedAt, $1.task) }
  }
}
