extension GenerationTask {
  /// How many workers may die over a task, one after another, before it is dead-lettered.
  public static let maximumRescues = 3

  /// The task after a transition, and the event that tells of it.
  ///
  /// - Parameter now: the time by the clock of whoever stores the task.
  /// - Throws: why the transition is not possible. Nothing has changed then.
  public func applying(
    _ transition: TaskTransition, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskChange {
    var next = self
    let event = try next.make(transition, at: now)
    return TaskChange(task: next, event: event)
  }

  /// Makes a transition in place; see ``applying(_:at:)``. When it throws the task is as it was.
  package mutating func make(
    _ transition: TaskTransition, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskEvent? {
    let kind = try apply(transition, at: now)
    revision += 1
    guard let kind else { return nil }
    lastEvent += 1
    return TaskEvent(task: id, number: lastEvent, time: now, kind: kind)
  }

  /// Throws before it changes anything, or not at all.
  private mutating func apply(
    _ transition: TaskTransition, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskEvent.Kind? {
    switch transition {
    case .claim(let worker, let leaseLength, let attemptLimit):
      return try claim(by: worker, leaseLength: leaseLength, attemptLimit: attemptLimit, at: now)
    case .renew(let lease, let leaseLength):
      var hold = try holding(lease)
      hold.expiresAt = max(hold.expiresAt, now.advanced(by: leaseLength))
      state = .running(hold)
      return nil
    case .report(let lease, let more, let usage):
      _ = try holding(lease)
      if more != TaskProgress() { progress = progress?.updated(with: more) ?? more }
      add(usage)
      return .progressed(more)
    case .complete(let lease, let text, let usage):
      _ = try holding(lease)
      add(usage)
      if let reason = cancelRequest { return endCancelled(reason, at: now) }
      end(.completed(TaskResult(text: text, finishedAt: now)))
      return .completed
    case .fail(let lease, let failure, let delay):
      _ = try holding(lease)
      return endAttempt(failure, retryIn: delay, workerDied: false, at: now)
    case .wait(let lease, let reason, let limit):
      _ = try holding(lease)
      if let reason = cancelRequest { return endCancelled(reason, at: now) }
      rescues = 0
      input = nil
      let wait = TaskWait(reason: reason, since: now, until: limit.map { now.advanced(by: max($0, .zero)) })
      state = .waiting(wait)
      return .waiting(wait)
    case .release(let lease):
      let hold = try holding(lease)
      if let reason = cancelRequest { return endCancelled(reason, at: now) }
      rescues = 0
      state = .queued(TaskQueueing(since: hold.queuedSince))
      return .released
    case .stop(let lease):
      _ = try holding(lease)
      guard let reason = cancelRequest else { throw .noCancelRequested }
      return endCancelled(reason, at: now)
    case .cancel(let reason):
      return try cancel(reason, at: now)
    case .wake(let input):
      _ = try waiting()
      return wake(input, at: now)
    case .endWait:
      let until = try waiting().until
      guard let until, until <= now else { throw .notRunOut(until: until) }
      return wake(nil, at: now)
    case .rescue(let lease, let delay):
      let hold = try holding(lease)
      guard hold.expiresAt <= now else { throw .notRunOut(until: hold.expiresAt) }
      let failure = TaskFailure.abandoned(rescues: rescues + 1)
      return endAttempt(
        failure, retryIn: rescues < Self.maximumRescues ? delay : nil, workerDied: true, at: now)
    case .timeOut(let lease, let delay):
      let hold = try holding(lease)
      guard let deadline = hold.deadline, deadline <= now else { throw .notRunOut(until: hold.deadline) }
      let failure = TaskFailure.attemptTimedOut(after: hold.startedAt.duration(to: deadline))
      return endAttempt(failure, retryIn: delay, workerDied: false, at: now)
    case .expire:
      guard !state.isFinal else { throw .alreadyEnded(state.name) }
      guard isOverdue(at: now) else { throw .notRunOut(until: request.deadline) }
      if let reason = cancelRequest { return endCancelled(reason, at: now) }
      return endFailed(.deadlinePassed, at: now)
    case .reject(let lease, let failure):
      _ = try holding(lease)
      if let reason = cancelRequest { return endCancelled(reason, at: now) }
      return endFailed(failure, at: now)
    case .requeue(let reason, let delay, let limit):
      return try requeue(reason, delay: delay, limit: limit, at: now)
    case .leaveToPerson:
      guard case .deadLettered(var letter) = state else { throw .notDeadLettered(state.name) }
      // Said once: reviews of several processes do not repeat it.
      guard !letter.needsPerson else { return nil }
      letter.needsPerson = true
      state = .deadLettered(letter)
      return .leftToPerson
    }
  }

  // MARK: Beginnings

  private mutating func claim(
    by worker: WorkerID, leaseLength: Duration, attemptLimit: Duration?, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskEvent.Kind {
    guard !state.isFinal else { throw .alreadyEnded(state.name) }
    guard case .queued(let queueing) = state else { throw .notQueued(state.name) }
    if let notBefore = queueing.notBefore, notBefore > now { throw .notDue(until: notBefore) }
    guard !isOverdue(at: now) else { throw .deadlinePassed }
    lease = LeaseNumber(rawValue: lease.rawValue + 1)
    state = .running(
      TaskLease(
        worker: worker, queuedSince: queueing.since, startedAt: now,
        expiresAt: now.advanced(by: max(leaseLength, .zero)),
        deadline: attemptLimit.map { now.advanced(by: max($0, .zero)) }))
    return .started(TaskStart(worker: worker, lease: lease, attempt: attempt, rescues: rescues))
  }

  private mutating func wake(_ input: TaskInput?, at now: Timestamp) -> TaskEvent.Kind {
    self.input = input
    state = .queued(TaskQueueing(since: now))
    return .woken(hasInput: input != nil)
  }

  private mutating func requeue(
    _ reason: String, delay: Duration, limit: Int, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskEvent.Kind {
    guard case .deadLettered(let letter) = state else { throw .notDeadLettered(state.name) }
    guard !isOverdue(at: now) else { throw .deadlinePassed }
    guard requeues < limit else { throw .retriesExhausted(limit: limit) }
    // A longer wait that the provider asked for is not cut short.
    let cooldown = letter.failedAt.advanced(by: letter.failure.retryAfter ?? .zero)
    let notBefore = max(now.advanced(by: max(delay, .zero)), cooldown)
    requeues += 1
    failedAttempts = 0
    rescues = 0
    state = .queued(TaskQueueing(since: notBefore, notBefore: notBefore))
    return .requeued(reason: reason, notBefore: notBefore)
  }

  // MARK: Ends

  private mutating func cancel(
    _ reason: String, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskEvent.Kind? {
    switch state {
    case .queued, .waiting: return endCancelled(reason, at: now)
    case .running:
      // The first reason stands.
      guard cancelRequest == nil else { return nil }
      cancelRequest = reason
      return .cancelRequested(reason: reason)
    case .completed, .cancelled, .deadLettered: throw .alreadyEnded(state.name)
    }
  }

  /// Ends an attempt that came to nothing. Once a cancel is acknowledged nothing else comes of the task.
  private mutating func endAttempt(
    _ failure: TaskFailure, retryIn delay: Duration?, workerDied: Bool, at now: Timestamp
  ) -> TaskEvent.Kind {
    if let reason = cancelRequest { return endCancelled(reason, at: now) }
    failedAttempts += 1
    rescues = workerDied ? rescues + 1 : 0
    guard let delay else { return endFailed(failure, at: now) }
    // What the provider asked for wins where it is longer.
    let notBefore = now.advanced(by: max(delay, failure.retryAfter ?? .zero, .zero))
    state = .queued(TaskQueueing(since: notBefore, notBefore: notBefore))
    return .retried(failure, notBefore: notBefore)
  }

  private mutating func endCancelled(_ reason: String, at now: Timestamp) -> TaskEvent.Kind {
    end(.cancelled(TaskCancellation(reason: reason, cancelledAt: now)))
    return .cancelled(reason: reason)
  }

  private mutating func endFailed(_ failure: TaskFailure, at now: Timestamp) -> TaskEvent.Kind {
    end(.deadLettered(DeadLetter(failure: failure, failedAt: now)))
    return .deadLettered(failure)
  }

  private mutating func end(_ final: TaskState) {
    state = final
    cancelRequest = nil
  }

  private mutating func add(_ more: TokenUsage?) {
    guard let more = more?.counted else { return }
    usage = usage.map { $0.adding(more) } ?? more
  }

  // MARK: What must hold

  private func holding(_ held: LeaseNumber) throws(TransitionRefusal) -> TaskLease {
    guard !state.isFinal else { throw .alreadyEnded(state.name) }
    guard held == lease else { throw .staleLease(held: held, current: lease) }
    guard case .running(let hold) = state else { throw .notRunning(state.name) }
    return hold
  }

  private func waiting() throws(TransitionRefusal) -> TaskWait {
    guard !state.isFinal else { throw .alreadyEnded(state.name) }
    guard case .waiting(let wait) = state else { throw .notWaiting(state.name) }
    return wait
  }
}

extension GenerationTask {
  /// What is to happen to a task whose ``alarm`` has come; `nil` when it has not.
  ///
  /// A worker that fell silent is dead, and one whose attempt takes too long hangs: neither stands in for the
  /// other.
  ///
  /// - Parameter retryIn: says when there will be another attempt after a failure, if there will.
  public func remedy(
    at now: Timestamp, retryIn: (TaskFailure) -> Duration?
  ) -> TaskTransition? {
    guard !state.isFinal else { return nil }
    if isOverdue(at: now) { return .expire }
    switch state {
    case .running(let hold):
      if hold.expiresAt <= now {
        return .rescue(lease, retryIn: retryIn(.abandoned(rescues: rescues + 1)))
      }
      if let deadline = hold.deadline, deadline <= now {
        return .timeOut(
          lease, retryIn: retryIn(.attemptTimedOut(after: hold.startedAt.duration(to: deadline))))
      }
      return nil
    case .waiting(let wait): return (wait.until.map { $0 <= now } ?? false) ? .endWait : nil
    case .queued, .completed, .cancelled, .deadLettered: return nil
    }
  }
}
