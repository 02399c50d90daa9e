import CompanionDomain
import CompanionPorts

/// One worker's work on one task that it has claimed.
struct TaskRun: Sendable {
  enum End: Sendable {
    case done(String, usage: TokenUsage?)
    case waiting(WaitReason, limit: Duration?, storing: ChangeSet)
    case failed(TaskFailure)
    /// The task is not one that can be worked on here.
    case rejected(TaskFailure)
    case cancelRequested
    /// Another worker has the task, or the store has not said for a whole lease whose it is: nothing of this
    /// work counts. What is nobody's is taken up again when the lease has run out.
    case lost
    /// Somebody else has ended the task, so that nothing of this work counts, nor of what goes on elsewhere.
    case ended(TaskChange)
    /// The worker has to stop; the task goes back.
    case stopped
  }

  /// What became of the attempt.
  enum Result: Hashable, Sendable {
    case stored(TaskStateName)
    case lost
  }

  let task: GenerationTask
  let leaseLength: Duration
  /// How long the attempt may take.
  let attemptLimit: Duration?
  let registry: TaskRegistry
  let environment: Environment
  /// Told of what the end of the attempt has made of the task.
  let onEnd: @Sendable (TaskChange, End) -> Void

  private var apply: ApplyTransition { ApplyTransition(environment: environment) }
  private var time: any TimeSource { environment.time }

  /// Works until the task is done, or shall not go on, and stores what came of it, even when the worker is
  /// cancelled meanwhile.
  ///
  /// Nobody waits for a handler that does not stop: what is decided is stored. It keeps its worker until it
  /// returns, or until the worker is cancelled.
  ///
  /// - Parameter signal: says that the run shall end.
  func run(signal: RunSignal) async -> Result {
    let reporter = TaskReporter(task: task, apply: apply, signal: signal)
    let handlerEnd = RunSignal()
    let handler = Unstructured.start(name: "task handler") { handlerEnd.give(await attempt(reporter)) }
    let end = await firstEnd(of: handlerEnd, signal, reporter)
    handler.cancel()
    let hurry = RunSignal()
    let result = await withTaskCancellationHandler {
      await Unstructured.shielded {
        // A handler that stops when it is told to has stopped before anybody else may begin.
        let last = await handlerEnd.wait(until: time.now.advanced(by: windDown), on: time)
        return await store(end.replaced(by: last), reporter, hurry)
      }
    } onCancel: {
      hurry.give(.stopped)
    }
    _ = await handlerEnd.wait(on: time)
    return result
  }

  private var windDown: Duration { environment.configuration.tasks.windDown }

  private func firstEnd(
    of handler: RunSignal, _ signal: RunSignal, _ reporter: TaskReporter
  ) async -> End {
    await withTaskGroup(of: End.self) { group in
      group.addTask { await handler.wait(on: time) ?? .stopped }
      group.addTask { await keepLease(reporter) }
      group.addTask { await signal.wait(on: time) ?? .stopped }
      if let attemptLimit {
        group.addTask {
          guard (try? await sleep(attemptLimit)) != nil else { return .stopped }
          return .failed(.attemptTimedOut(after: attemptLimit))
        }
      }
      let end = await group.next() ?? .stopped
      group.cancelAll()
      return end
    }
  }

  private func sleep(_ duration: Duration) async throws {
    try await time.sleep(until: time.now.advanced(by: duration), tolerance: nil)
  }

  // MARK: The work

  private func attempt(_ reporter: TaskReporter) async -> End {
    do throws(TaskFailure) {
      let (registration, payload) = try registry.prepare(task)
      let attempt = TaskAttempt(task: task, payload: payload) { progress, usage, changes in
        try await reporter.report(progress, usage, storing: changes)
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
      case .waiting(let reason, let limit, let changes):
        return .waiting(reason, limit: limit, storing: changes)
      }
    } catch  where Task.isCancelled {
      // Whatever a handler throws that was told to stop, stopping is what it does.
      return .stopped
    } catch let failure as TaskFailure {
      return .failed(failure.storable)
    } catch let failure as ProviderFailure {
      // Nothing was sent: the task waits for a provider, and no attempt is used up.
      if failure.kind == .noProviderReady {
        return .waiting(
          .provider(failure.message), limit: failure.retryAfter ?? .seconds(1), storing: ChangeSet([]))
      }
      return .failed(.provider(failure))
    } catch let failure as StoreFailure {
      return .failed(.handler(failure.description, isPermanent: false))
    } catch {
      return .failed(TaskFailure.handler("\(error)", isPermanent: false).storable)
    }
  }

  private var context: EventContext { EventContext(of: task) }

  // MARK: The lease

  /// Gives a sign of life three times per lease, until the task is no longer this worker's, or nobody has
  /// said for a whole lease that it is.
  ///
  /// What was reported and held back is stored with it.
  private func keepLease(_ reporter: TaskReporter) async -> End {
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
      await reporter.flush()
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
        environment.events.emit(.serviceFailed("worker", error), in: context)
      }
      guard (try? await sleep(pause.next())) != nil else { return .stopped }
    }
  }

  // MARK: The end

  /// Stores what came of the attempt. A store that fails is asked again, for what a handler has brought until the
  /// worker is cancelled: nobody else may have taken the task, and if somebody has, it is refused. What is refused
  /// may also have been stored before.
  ///
  /// - Parameter hurry: says that the worker has been cancelled.
  private func store(_ end: End, _ reporter: TaskReporter, _ hurry: RunSignal) async -> Result {
    guard var transition = transition(for: end, reporter) else {
      if case .ended(let change) = end { onEnd(change, end) }
      return .lost
    }
    await reporter.flush()
    let deadline = time.now.advanced(by: leaseLength)
    var pause = Backoff(first: .milliseconds(100), cap: .seconds(5))
    var (hasFailed, isReplaced, isLastTry) = (false, false, false)
    var changes = ChangeSet([])
    if case .waiting(_, _, let storing) = end { changes = storing }
    while true {
      do throws(StoreFailure) {
        switch try await apply(transition, to: task.id, storing: changes) {
        case .applied(let change):
          if change.task.state.name == .waiting { environment.announceApprovals(in: changes, context) }
          onEnd(change, end)
          return .stored(change.task.state.name)
        case .refused(_, let current):
          if hasFailed, current.lease == task.lease, case .waiting(let reason, _, _) = end,
            case .waiting(let wait) = current.state, wait.reason == reason
          {
            // The store had done what it did not say.
            environment.announceApprovals(in: changes, context)
            onEnd(TaskChange(task: current, event: nil), end)
            return .stored(.waiting)
          }
          // It is completed under this lease, which nobody else can do: the store had done what it did not say.
          guard hasFailed, current.lease == task.lease, case .completed(let result) = current.state else {
            // It was ended while this end was on its way: whoever did that took the worker for one that works.
            if !end.isDone, current.lease == task.lease, current.hasTimedOut {
              let change = TaskChange(task: current, event: nil)
              onEnd(change, .ended(change))
            }
            return .lost
          }
          let event = TaskEvent(
            task: task.id, number: current.lastEvent, time: result.finishedAt, kind: .completed)
          environment.announce(TaskChange(task: current, event: event))
          return .stored(.completed)
        case .noSuchTask: return .lost
        }
      } catch {
        if case .conflict = error, !changes.changes.isEmpty {
          // What it was to wait for has come meanwhile: it goes on.
          changes = ChangeSet([])
          transition = .release(task.lease)
          continue
        }
        if case .invalid(let reason) = error {
          // It would be the same again.
          guard !isReplaced else { return .lost }
          isReplaced = true
          if case .complete(_, _, let usage?) = transition {
            _ = try? await apply(.report(task.lease, TaskProgress(), usage: usage), to: task.id)
          }
          transition = .reject(task.lease, .unstorable(reason))
          continue
        }
        hasFailed = true
        if error == .closed { return .lost }
        environment.events.emit(.serviceFailed("worker", error), in: context)
      }
      guard !isLastTry, end.isBrought || time.now < deadline else { return .lost }
      isLastTry = await hurry.wait(until: time.now.advanced(by: pause.next()), on: time) != nil
      if isLastTry { _ = try? await sleep(.milliseconds(100)) }
    }
  }

  private func transition(for end: End, _ reporter: TaskReporter) -> TaskTransition? {
    switch end {
    case .done(let text, let usage):
      let unstored = reporter.takeUsage()
      return .complete(task.lease, text: text, usage: usage.map { unstored?.adding($0) ?? $0 } ?? unstored)
    case .waiting(let reason, let limit, _): return .wait(task.lease, reason, limit: limit)
    case .failed(let failure): return .fail(task.lease, failure, retryIn: retryDelay(after: failure))
    case .rejected(let failure): return .reject(task.lease, failure)
    case .cancelRequested: return .stop(task.lease)
    case .stopped: return .release(task.lease)
    case .lost, .ended: return nil
    }
  }

  private func retryDelay(after failure: TaskFailure) -> Duration? {
    registry.retryPolicy(for: task.request.kind).delay(
      after: failure, earlierFailures: task.failedAttempts, bits: environment.random.nextBits())
  }
}

extension TaskRun.End {
  fileprivate var isDone: Bool {
    if case .done = self { true } else { false }
  }

  /// Whether a handler has brought something that would have to be paid for again.
  fileprivate var isBrought: Bool {
    switch self {
    case .done, .waiting: true
    default: false
    }
  }

  /// What a handler still brings that was told to stop because its worker has to, counts.
  fileprivate func replaced(by handlers: TaskRun.End?) -> TaskRun.End {
    guard case .stopped = self, let handlers else { return self }
    return switch handlers {
    case .done, .waiting: handlers
    default: self
    }
  }
}
