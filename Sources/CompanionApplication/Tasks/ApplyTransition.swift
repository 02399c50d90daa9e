package import CompanionDomain
import CompanionPorts

/// Applies a transition to a task, wherever it is, and tells everybody who is to know: in the same commit the
/// conversation that asked for a task that ends, and whoever stops what runs for it at a provider; then whoever
/// listens to events.
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

  /// - Parameters:
  ///   - revision: the task must be at it; `nil` for any.
  ///   - now: the time that decides, as far as it is known, what the transition will come to; the store's own time
  ///     decides in the end.
  ///   - changes: what is committed with the transition.
  /// - Throws: the store's failure, such as a conflict of `changes`. Whether the transition was stored is unknown
  ///   when that says so.
  func callAsFunction(
    _ transition: TaskTransition, to id: TaskID, revision: Int64? = nil, at now: Timestamp? = nil,
    storing changes: ChangeSet = ChangeSet([])
  ) async throws(StoreFailure) -> Outcome {
    environment.announcements.hold([id])
    defer { environment.announcements.release([id]) }
    let outcome =
      transition.mayEndTask || transition.isQuestion && !changes.changes.isEmpty
      ? try await end(id, transition, at: now ?? environment.time.now, changes.changes)
      : try await apply(transition, to: id, revision: revision, changes.changes)
    if case .applied(let change) = outcome { environment.announce(change) }
    return outcome
  }

  /// Nobody but the events has to be told: one call suffices.
  private func apply(
    _ transition: TaskTransition, to id: TaskID, revision: Int64? = nil, _ more: [ChangeSet.Change]
  ) async throws(StoreFailure) -> Outcome {
    do throws(StoreFailure) {
      let changes = ChangeSet([.transition(id, transition, revision: revision)] + more)
      let changed = try await environment.store.commit(changes)
      guard let change = changed.first else { return .noSuchTask }
      for change in changed.dropFirst() { environment.announce(change) }
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

  /// Looks at what the transition will come to, and commits it with the words for the conversation and the task
  /// that stops a job, if the task is still as it was.
  private func end(
    _ id: TaskID, _ transition: TaskTransition, at now: Timestamp, _ more: [ChangeSet.Change]
  ) async throws(StoreFailure) -> Outcome {
    // An answer is there, and its job over, even when a cancel was there first.
    var stopsJob = if case .complete = transition { false } else { true }
    for _ in 1...Self.attempts {
      guard let current = try await environment.store.task(id) else { return .noSuchTask }
      guard let expected = try? current.applying(transition, at: now).task else {
        return try await apply(transition, to: id, more)
      }
      let words = current.session == nil ? nil : Self.words(for: expected)
      let stop = stopsJob && expected.hasTimedOut ? expected.stopOfJob(environment) : nil
      // What the task has begun and not finished is over with it.
      let closing = try await CloseTranscript(environment: environment)(of: expected, at: now)
      // A conversation's task may begin something, and wait for it, between the look and the commit.
      let mayMove = current.request.kind == .conversation
      guard words != nil || stop != nil || !closing.isEmpty || mayMove else {
        return try await apply(transition, to: id, more)
      }
      // What an ended task was to wait for is not asked for any more.
      let more = expected.state.isFinal ? [] : more
      let held = stop.map { [$0.id] } ?? []
      environment.announcements.hold(held)
      defer { environment.announcements.release(held) }
      do throws(StoreFailure) {
        var changes =
          [ChangeSet.Change.transition(id, transition, revision: current.revision)] + closing + more
        if let stop { changes.append(.insertTask(stop)) }
        let changed = try await commit(changes, words, on: current)
        guard let change = changed.first else { return .noSuchTask }
        for change in changed.dropFirst() { environment.announce(change) }
        environment.announceWithdrawals(in: closing, EventContext(of: change.task))
        return .applied(change)
      } catch {
        if stop != nil, error.isOfStop {
          stopsJob = false
          continue
        }
        switch error {
        case .conflict(.taskMoved): continue
        // An approval was answered meanwhile.
        case .conflict(.stateMoved) where !closing.isEmpty && more.isEmpty: continue
        case .conflict(.noSuchTask): return .noSuchTask
        case .conflict(.refused(let refusal)): return .refused(refusal, current)
        default: throw error
        }
      }
    }
    throw .conflict(.taskMoved)
  }

  /// Commits changes, with words for the conversation that asked for a task where there are any.
  private func commit(
    _ changes: [ChangeSet.Change], _ words: String?, on task: GenerationTask
  ) async throws(StoreFailure) -> [TaskChange] {
    guard let words, let session = task.session else {
      return try await environment.store.commit(ChangeSet(changes))
    }
    let log = environment.log(of: session)
    guard var conversation = try await log.load() else {
      return try await environment.store.commit(ChangeSet(changes))
    }
    return try await log.append(to: &conversation, with: changes) {
      [$0.message(on: task, words, at: environment.time.now)]
    }.changes
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
  /// Whether a conversation may have to be told of the end that the transition brings, or a job to be stopped.
  fileprivate var mayEndTask: Bool {
    switch self {
    case .complete, .reject, .expire, .fail, .timeOut, .rescue, .cancel, .stop, .release,
      .wait(_, .providerJob, limit: _), .wait(_, .approval, limit: _):
      true
    default: false
    }
  }

  /// Whether the task begins to wait for an answer.
  fileprivate var isQuestion: Bool {
    if case .wait(_, .answer, limit: _) = self { true } else { false }
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
