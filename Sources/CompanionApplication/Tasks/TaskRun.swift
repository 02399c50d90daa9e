import CompanionDomain
import CompanionPorts

/// One worker's work on one task that it has claimed.
struct TaskRun: Sendable {
  enum End: Sendable {
    case done(String, usage: TokenUsage?)
    case waiting(WaitReason, limit: Duration?)
    case failed(TaskFailure)
    /// The task is not one that can be worked on here.
    case rejected(TaskFailure)
    case cancelRequested
    /// Another worker has the task, or the store has not said for a whole lease whose it is: nothing of this
    /// work counts. What is nobody's is taken up again when the lease has run out.
    case lost
    /// The worker has to stop; the task goes back.
    case stopped
  }

  /// What became of the attempt.
  enum Result: Hashable, Sendable {
    case stored(TaskStateName)
    case lost
  }

  let task: GenerationTask
  let attemptLimit: Duration?
  let registry: TaskRegistry
  let environment: Environment
  let apply: ApplyTransition

  init(
    task: GenerationTask, attemptLimit: Duration?, registry: TaskRegistry, environment: Environment
  ) {
    self.task = task
    self.attemptLimit = attemptLimit
    self.registry = registry
    self.environment = environment
    apply = ApplyTransition(environment: environment)
  }

  private var time: any TimeSource { environment.time }
  private var leaseLength: Duration { environment.configuration.tasks.leaseLength }

  /// Works until the task is done, or shall not go on, and stores what came of it, even when the worker is
  /// cancelled meanwhile.
  ///
  /// Nobody waits for a handler that does not stop: what is decided is stored. Only this returns no sooner
  /// than the handler does, so that a handler that hangs keeps its worker.
  ///
  /// - Parameters:
  ///   - signal: says that the run shall end.
  ///   - onAlarm: told of a time from now at which somebody has to look at the task.
  func run(signal: RunSignal, onAlarm: @escaping @Sendable (Duration) -> Void = { _ in }) async -> Result {
    let reporter = TaskReporter(task: task, apply: apply, signal: signal)
    let finished = WakeUp()
    return await withTaskGroup(of: End.self) { group in
      group.addTask {
        defer { finished() }
        return await attempt(reporter)
      }
      group.addTask { await keepLease() }
      group.addTask { await signal.wait(on: time) ?? .stopped }
      if let attemptLimit {
        group.addTask {
          guard (try? await sleep(attemptLimit)) != nil else { return .stopped }
          return .failed(.attemptTimedOut(after: attemptLimit))
        }
      }
      let end = await group.next() ?? .stopped
      group.cancelAll()
      return await Unstructured.shielded {
        // A handler that stops when it is told to has stopped before anybody else may begin.
        if !end.isHandlers {
          await finished.wait(until: time.now.advanced(by: windDown), on: time)
        }
        return await store(end, usage: reporter.takeUsage(), onAlarm: onAlarm)
      }
    }
  }

  /// How long a handler that is told to stop is waited for before the task goes on without it.
  private var windDown: Duration { min(.seconds(1), leaseLength / 3) }

  private func sleep(_ duration: Duration) async throws {
    try await time.sleep(until: time.now.advanced(by: duration), tolerance: nil)
  }

  // MARK: The work

  private func attempt(_ reporter: TaskReporter) async -> End {
    do throws(TaskFailure) {
      let (registration, payload) = try registry.prepare(task)
      let attempt = TaskAttempt(task: task, payload: payload) { progress, usage in
        try await reporter.report(progress, usage)
      }
      return await run(registration.handler, attempt)
    } catch {
      return .rejected(error)
    }
  }

  private func run(_ handler: any TaskHandler, _ attempt: TaskAttempt) async -> End {
    do {
      switch try await handler.run(attempt) {
      case .done(let text, let usage): return .done(text, usage: usage)
      case .waiting(let reason, let limit): return .waiting(reason, limit: limit)
      }
    } catch let failure as TaskFailure {
      return .failed(failure)
    } catch let failure as ProviderFailure {
      // A model that says so without having been asked to stop has failed like any other.
      return failure.kind == .cancelled && Task.isCancelled ? .stopped : .failed(.provider(failure))
    } catch is CancellationError where Task.isCancelled {
      return .stopped
    } catch let failure as StoreFailure {
      return .failed(.handler(failure.description, isPermanent: false))
    } catch {
      let words = String("\(error)".prefix(500)).replacing("\0", with: "\u{FFFD}")
      return .failed(.handler(words, isPermanent: false))
    }
  }

  private var context: EventContext {
    EventContext(session: task.session, turn: task.turn, task: task.id)
  }

  // MARK: The lease

  /// Gives a sign of life three times per lease, until the task is no longer this worker's, or nobody has
  /// said for a whole lease that it is.
  private func keepLease() async -> End {
    // A cancel may have come after the claim, and before anybody here listened.
    if let current = try? await environment.store.task(task.id), current.cancelRequest != nil {
      return .cancelRequested
    }
    while true {
      guard (try? await sleep(leaseLength / 3)) != nil else { return .stopped }
      let end = await withTaskGroup(of: End?.self) { group in
        group.addTask { await renew() }
        group.addTask { (try? await sleep(leaseLength * 2 / 3)) == nil ? .stopped : .lost }
        let end = await group.next() ?? .stopped
        group.cancelAll()
        return end
      }
      if let end { return end }
    }
  }

  /// - Returns: `nil` when the lease is renewed.
  private func renew() async -> End? {
    var pause = Backoff(first: .milliseconds(100), cap: leaseLength / 9)
    while true {
      do throws(StoreFailure) {
        switch try await apply(.renew(task.lease, leaseLength: leaseLength), to: task.id) {
        case .applied(let change): return change.task.cancelRequest == nil ? nil : .cancelRequested
        case .refused, .noSuchTask: return .lost
        }
      } catch {
        environment.events.emit(.taskServiceFailed("worker", error), in: context)
      }
      guard (try? await sleep(pause.next())) != nil else { return .stopped }
    }
  }

  // MARK: The end

  /// Stores what came of the attempt. As long as the lease lasts a store that fails is asked again: what is
  /// refused then has been stored before.
  private func store(
    _ end: End, usage: TokenUsage?, onAlarm: @Sendable (Duration) -> Void
  ) async -> Result {
    guard var transition = transition(for: end, usage: usage) else { return .lost }
    if let usage, !transition.carriesUsage {
      // What has been used counts, whatever came of it. If it cannot be stored the end still is.
      _ = try? await apply(.report(task.lease, TaskProgress(), usage: usage), to: task.id)
    }
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(10))
    var waited = Duration.zero
    while true {
      do throws(StoreFailure) {
        switch try await apply(transition, to: task.id) {
        case .applied(let change):
          if let event = change.event, let alarm = change.task.alarm ?? change.task.dueAgain {
            onAlarm(event.time.duration(to: alarm))
          }
          return .stored(change.task.state.name)
        case .refused(_, let current):
          // It has ended under this lease: the store had done what it did not say.
          return current.lease == task.lease && current.state.isFinal ? .stored(current.state.name) : .lost
        case .noSuchTask: return .lost
        }
      } catch {
        if case .invalid(let reason) = error, case .done = end {
          // It would be the same again.
          transition = .reject(task.lease, .unstorable(reason))
          continue
        }
        environment.events.emit(.taskServiceFailed("worker", error), in: context)
      }
      let delay = pause.next()
      waited += delay
      guard waited < end.patience(leaseLength), (try? await sleep(delay)) != nil else { return .lost }
    }
  }

  private func transition(for end: End, usage unstored: TokenUsage?) -> TaskTransition? {
    switch end {
    case .done(let text, let usage):
      .complete(task.lease, text: text, usage: usage.map { unstored?.adding($0) ?? $0 } ?? unstored)
    case .waiting(let reason, let limit): .wait(task.lease, reason, limit: limit)
    case .failed(let failure): .fail(task.lease, failure, retryIn: retryDelay(after: failure))
    case .rejected(let failure): .reject(task.lease, failure)
    case .cancelRequested: .stop(task.lease)
    case .stopped: .release(task.lease)
    case .lost: nil
    }
  }

  private func retryDelay(after failure: TaskFailure) -> Duration? {
    registry.retryPolicy(for: task.request.kind).delay(
      after: failure, earlierFailures: task.failedAttempts, bits: environment.random.nextBits())
  }
}

extension TaskTransition {
  fileprivate var carriesUsage: Bool { if case .complete = self { true } else { false } }
}

extension TaskRun.End {
  /// How long the store is asked again. What is not given back at a shutdown is taken up again anyway.
  fileprivate func patience(_ leaseLength: Duration) -> Duration {
    if case .stopped = self { min(leaseLength, .seconds(1)) } else { leaseLength }
  }

  /// Whether it is the handler itself that has ended.
  fileprivate var isHandlers: Bool {
    switch self {
    case .done, .waiting, .rejected: true
    case .failed(.attemptTimedOut): false
    case .failed: true
    case .cancelRequested, .lost, .stopped: false
    }
  }
}

extension GenerationTask {
  /// When it may be claimed again, if that is not at once.
  fileprivate var dueAgain: Timestamp? {
    if case .queued(let queueing) = state { queueing.notBefore } else { nil }
  }
}
