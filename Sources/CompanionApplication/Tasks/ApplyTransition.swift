package import CompanionDomain
import CompanionPorts

/// Applies a transition to a task, wherever it is, and tells everybody who is to know: the conversation that
/// asked for a task that ends, in the same commit, and whoever listens to events.
struct ApplyTransition: Sendable {
  let environment: Environment

  /// What came of a transition.
  enum Outcome: Sendable {
    case applied(TaskChange)
    case refused(TransitionRefusal, GenerationTask)
    case noSuchTask

    var task: GenerationTask? {
      switch self {
      case .applied(let change): change.task
      case .refused(_, let task): task
      case .noSuchTask: nil
      }
    }
  }

  /// - Parameter now: the time that decides, as far as it is known, what the transition will come to; the
  ///   store's own time decides in the end.
  /// - Throws: the store's failure. Whether the transition was stored is unknown when that says so.
  func callAsFunction(
    _ transition: TaskTransition, to id: TaskID, at now: Timestamp? = nil
  ) async throws(StoreFailure) -> Outcome {
    environment.announcements.hold([id])
    defer { environment.announcements.release([id]) }
    let outcome =
      transition.mayEndTask
      ? try await end(id, transition, at: now ?? environment.time.now)
      : try await apply(transition, to: id)
    if case .applied(let change) = outcome { environment.announce(change) }
    return outcome
  }

  /// Nobody but the events has to be told: one call suffices.
  private func apply(_ transition: TaskTransition, to id: TaskID) async throws(StoreFailure) -> Outcome {
    do throws(StoreFailure) {
      guard let change = try await environment.store.commit(.transition(id, transition, revision: nil)).first
      else { return .noSuchTask }
      return .applied(change)
    } catch {
      switch error {
      case .conflict(.noSuchTask): return .noSuchTask
      case .conflict(.refused(let refusal)):
        guard let task = try await environment.store.task(id) else { return .noSuchTask }
        return .refused(refusal, task)
      default: throw error
      }
    }
  }

  /// Looks at what the transition will come to, and commits it with the words for the conversation, if the
  /// task is still as it was.
  private func end(
    _ id: TaskID, _ transition: TaskTransition, at now: Timestamp
  ) async throws(StoreFailure) -> Outcome {
    for _ in 1...Self.attempts {
      guard let current = try await environment.store.task(id) else { return .noSuchTask }
      guard let session = current.session, let expected = try? current.applying(transition, at: now).task,
        let words = Self.words(for: expected)
      else { return try await apply(transition, to: id) }
      let log = environment.log(of: session)
      guard var conversation = try await log.load() else { return try await apply(transition, to: id) }
      do throws(StoreFailure) {
        let change = ChangeSet.Change.transition(id, transition, revision: current.revision)
        let changes = try await log.append(to: &conversation, with: [change]) {
          [$0.message(on: current, words, at: environment.time.now)]
        }.changes
        guard let change = changes.first else { return .noSuchTask }
        return .applied(change)
      } catch {
        switch error {
        case .conflict(.taskMoved): continue
        case .conflict(.noSuchTask): return .noSuchTask
        case .conflict(.refused(let refusal)): return .refused(refusal, current)
        default: throw error
        }
      }
    }
    throw .conflict(.taskMoved)
  }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// What the conversation is told of a task that has ended; `nil` when that is nothing.
  private static func words(for task: GenerationTask) -> String? {
    switch task.state {
    case .completed(let result): result.text
    case .deadLettered(let letter): Announcement.failure(of: task, letter.failure)
    default: nil
    }
  }
}

extension Conversation {
  fileprivate func message(on task: GenerationTask, _ words: String, at time: Timestamp) -> ChatMessage {
    message(
      .assistant, [.text(words)], turn: task.turn ?? TurnID(bits: 0), origin: .task(task.id), at: time)
  }
}

extension TaskTransition {
  /// Whether a conversation may have to be told of the end that the transition brings.
  fileprivate var mayEndTask: Bool {
    switch self {
    case .complete, .reject, .expire, .fail(_, _, retryIn: nil), .timeOut(_, retryIn: nil), .rescue: true
    default: false
    }
  }
}

extension GenerationTask {
  /// The conversation that asked for it.
  package var session: SessionID? {
    if case .conversation(let session, _) = request.requester { session } else { nil }
  }

  /// The turn that asked for it.
  package var turn: TurnID? {
    if case .conversation(_, let turn) = request.requester { turn } else { nil }
  }
}

extension Environment {
  /// Tells whoever listens of a change that is stored.
  func announce(_ change: TaskChange) {
    if change.event != nil { announcements.tell(change) }
  }
}
