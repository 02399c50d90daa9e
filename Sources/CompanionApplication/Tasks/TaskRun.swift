import CompanionDomain
import CompanionPorts

/// One worker's work on one task it has claimed.
struct TaskRun: Sendable {
  private enum End: Sendable {
    case finished(text: String)
    case failed(TaskFailure)
    case cancelRequested
    /// Another worker has the task, or the store cannot say whose it is: nothing of this work counts. What
    /// is nobody's is taken up again when the lease has run out.
    case letGo
    /// The worker has to stop; the task goes back.
    case stopped
  }

  let task: GenerationTask
  let environment: Environment

  private var context: EventContext {
    EventContext(session: task.session, turn: task.turn, task: task.id)
  }
  private var time: any TimeSource { environment.time }
  private var configuration: CompanionConfiguration { environment.configuration }

  /// Works until the task is done, or shall not go on; what came of it is stored even when the worker is
  /// cancelled meanwhile.
  func run(cancel: WakeUp) async {
    environment.events.emit(.taskStarted(rescues: task.rescues), in: context)
    let end = await withTaskGroup(of: End.self) { group in
      group.addTask { await attempt() }
      group.addTask { await keepLease() }
      group.addTask {
        await cancel.wait(until: nil, on: time)
        return Task.isCancelled ? .stopped : .cancelRequested
      }
      group.addTask {
        do {
          try await time.sleep(until: time.now.advanced(by: configuration.attemptDeadline), tolerance: nil)
          return .failed(.provider(ProviderFailure(.timedOut)))
        } catch {
          return .stopped
        }
      }
      let end = await group.next() ?? .stopped
      group.cancelAll()
      return end
    }
    await Unstructured.shielded {
      do throws(StoreFailure) {
        if let ended = try await storeOrFail(end) { announceEnd(of: ended) }
      } catch {
        // The lease runs out, and the task is taken up again.
        environment.events.emit(.taskLoopFailed(error), in: context)
      }
    }
  }

  /// Tells the conversation, and whoever listens, of a task that has ended without a run.
  func tellOfEnd() async {
    do throws(StoreFailure) {
      let log = environment.log(of: task.session)
      if words(for: task) != nil, var conversation = try await log.load() {
        try await log.append(to: &conversation) { messages(on: task, in: $0) }
      }
    } catch {
      environment.events.emit(.taskLoopFailed(error), in: context)
    }
    announceEnd(of: task)
  }

  /// Tells how a task has come out of a worker's hands.
  private func announceEnd(of task: GenerationTask) {
    let kind: CompanionEvent.Kind? =
      switch task.state {
      case .completed(let result): .taskCompleted(result)
      case .cancelled(let reason): .taskCancelled(reason: reason)
      case .deadLettered(let failure): .taskDeadLettered(failure)
      case .queued: .taskReleased
      default: nil
      }
    if let kind { environment.events.emit(kind, in: context) }
  }

  // MARK: The work

  private func attempt() async -> End {
    do {
      let conversation = try await environment.log(of: task.session).load()
      let request = GenerationRequest(
        purpose: .task,
        messages: TaskPrompt.messages(
          persona: configuration.persona, window: conversation?.window ?? [],
          instruction: task.request.instruction))
      var text = ""
      var nextProgress = time.now.advanced(by: Self.progressInterval)
      let finish = try await environment.calls.stream(request, context: context) { piece in
        text += piece
        if time.now >= nextProgress {
          nextProgress = time.now.advanced(by: Self.progressInterval)
          environment.events.emit(.taskProgressed(characters: text.count), in: context)
        }
        return !Task.isCancelled
      }
      guard finish != nil else { return .stopped }
      guard !text.isEmpty else {
        throw ProviderFailure(.malformedResponse, message: "The result is empty.")
      }
      return .finished(text: finish == .length ? text + Announcement.truncation(of: task) : text)
    } catch let failure as ProviderFailure {
      // A model that says so without having been asked to stop has failed like any other.
      return failure.kind == .cancelled && Task.isCancelled ? .stopped : .failed(.provider(failure))
    } catch let failure as StoreFailure {
      // Without the conversation there is no prompt.
      environment.events.emit(.taskLoopFailed(failure), in: context)
      return .letGo
    } catch {
      return .stopped
    }
  }

  private static let progressInterval = Duration.milliseconds(500)

  /// Gives a sign of life three times per lease, until the task is no longer this worker's.
  private func keepLease() async -> End {
    do throws(StoreFailure) {
      // A cancel may have come after the claim, and before anybody here listened.
      let current = try await environment.store.task(task.id)
      if current?.cancelRequest != nil { return .cancelRequested }
    } catch {
      // The first renewal asks again.
      environment.events.emit(.taskLoopFailed(error), in: context)
    }
    while true {
      do {
        try await time.sleep(until: time.now.advanced(by: configuration.leaseLength / 3), tolerance: nil)
        let renewal = TaskTransition.renew(task.lease, leaseLength: configuration.leaseLength)
        switch try await environment.store.transition(task.id, renewal, on: time) {
        case .success(let task) where task.cancelRequest != nil: return .cancelRequested
        case .success: continue
        case .failure, nil: return .letGo
        }
      } catch let failure as StoreFailure {
        // The lease outlives two missed renewals.
        environment.events.emit(.taskLoopFailed(failure), in: context)
      } catch {
        return .stopped
      }
    }
  }

  // MARK: Its end

  /// A result that no store can hold, such as one that is too large, is a failure: it would be the same again.
  private func storeOrFail(_ end: End) async throws(StoreFailure) -> GenerationTask? {
    do throws(StoreFailure) {
      return try await store(end)
    } catch {
      guard case .invalid(let reason) = error else { throw error }
      let failure = ProviderFailure(.malformedResponse, message: "The result cannot be stored: \(reason).")
      return try await store(.failed(.provider(failure)))
    }
  }

  /// - Returns: the task as it is now; `nil` when it is another worker's.
  private func store(_ end: End) async throws(StoreFailure) -> GenerationTask? {
    switch end {
    case .finished(let text): return try await finish(.complete(task.lease, text: text))
    case .failed(let failure): return try await finish(.fail(task.lease, failure))
    case .cancelRequested: return try await apply(.stop(task.lease))
    case .stopped: return try await apply(.release(task.lease))
    case .letGo: return nil
    }
  }

  /// A refusal is how a worker learns that the task has ended, or is another worker's.
  private func apply(_ transition: TaskTransition) async throws(StoreFailure) -> GenerationTask? {
    guard case .success(let task)? = try await environment.store.transition(task.id, transition, on: time)
    else { return nil }
    return task
  }

  /// Ends the task and tells the conversation, in one commit.
  private func finish(_ transition: TaskTransition) async throws(StoreFailure) -> GenerationTask? {
    let log = environment.log(of: task.session)
    while true {
      guard let current = try await environment.store.task(task.id) else { return nil }
      let ended: GenerationTask
      do throws(TransitionRefusal) {
        ended = try current.applying(transition, at: time.now)
      } catch {
        // As in `apply(_:)`: the task has ended, or is another worker's.
        return nil
      }
      do throws(StoreFailure) {
        if words(for: ended) != nil, var conversation = try await log.load() {
          try await log.append(to: &conversation, with: [.updateTask(ended)]) {
            messages(on: ended, in: $0)
          }
        } else {
          try await environment.store.commit(.updateTask(ended))
        }
        return ended
      } catch {
        guard case .conflict(.taskMoved) = error else { throw error }
      }
    }
  }

  private func messages(on ended: GenerationTask, in conversation: Conversation) -> [ChatMessage] {
    guard let words = words(for: ended) else { return [] }
    return [
      conversation.message(
        .assistant, [.text(words)], turn: ended.turn, origin: .task(ended.id), at: time.now)
    ]
  }

  private func words(for task: GenerationTask) -> String? {
    switch task.state {
    case .completed(let result): result.text
    case .deadLettered(let failure): Announcement.failure(of: task, failure)
    default: nil
    }
  }
}
