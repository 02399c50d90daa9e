/// Something that happens to a task.
@nonexhaustive
public enum TaskTransition: Hashable, Sendable {
  /// A worker takes the task: one that is queued, or one whose worker let its lease expire.
  case claim(by: WorkerID, leaseLength: Duration)
  /// The worker is alive and keeps the task for another lease length.
  case renew(LeaseNumber, leaseLength: Duration)
  /// The worker is done. A task that was asked to stop is cancelled instead: the request came first.
  case complete(LeaseNumber, text: String)
  /// The worker failed for good. A task that was asked to stop is cancelled instead.
  case fail(LeaseNumber, TaskFailure)
  /// The worker gives the task back untouched, as at a shutdown. One that was asked to stop does not start
  /// again: it is cancelled.
  case release(LeaseNumber)
  /// Somebody wants it to stop: ends a queued task; a running one is asked to.
  case cancel(reason: String)
  /// The worker has stopped, as it was asked to.
  case stop(LeaseNumber)
}

/// Why a transition is not possible; the task is as it was.
@nonexhaustive
public enum TransitionRefusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// The task has ended already.
  case alreadyEnded(TaskStateName)
  /// The lease is not the task's current one: another worker has it, or had it.
  case staleLease(held: LeaseNumber, current: LeaseNumber)
  /// The task is not in a worker's hands.
  case notRunning
  /// A worker has it, and its lease has not expired.
  case leased(until: Timestamp)
  /// Nobody asked the worker to stop.
  case noCancelRequested

  /// One line: what stands in the way.
  public var description: String {
    switch self {
    case .alreadyEnded(let state): "The task has ended already: \(state.rawValue)."
    case .staleLease(let held, let current):
      "Lease \(held.rawValue) is over; the task is at lease \(current.rawValue)."
    case .notRunning: "The task is not running."
    case .leased(let until): "A worker has the task until \(until)."
    case .noCancelRequested: "Nobody asked for the task to be cancelled."
    }
  }
}

extension GenerationTask {
  /// How many times in a row a task is taken from a dead worker before it is dead-lettered.
  public static let maximumRescues = 3

  /// The task after a transition.
  ///
  /// - Throws: why the transition is not possible. Nothing has changed then.
  public func applying(
    _ transition: TaskTransition, at now: Timestamp
  ) throws(TransitionRefusal) -> GenerationTask {
    var next = self
    next.revision += 1
    switch transition {
    case .claim(let worker, let leaseLength):
      try next.claim(by: worker, until: now.advanced(by: leaseLength), at: now)
    case .renew(let lease, let leaseLength):
      var hold = try holding(lease)
      hold.expiresAt = max(hold.expiresAt, now.advanced(by: leaseLength))
      next.state = .running(hold)
    case .complete(let lease, let text):
      _ = try holding(lease)
      next.endUnlessCancelled(.completed(TaskResult(text: text, finishedAt: now)))
    case .fail(let lease, let failure):
      _ = try holding(lease)
      next.endUnlessCancelled(.deadLettered(failure))
    case .release(let lease):
      _ = try holding(lease)
      next.rescues = 0
      if let reason = cancelRequest { next.end(.cancelled(reason: reason)) } else { next.state = .queued }
    case .cancel(let reason):
      switch state {
      case .queued: next.end(.cancelled(reason: reason))
      case .running: next.cancelRequest = cancelRequest ?? reason
      default: throw .alreadyEnded(state.name)
      }
    case .stop(let lease):
      _ = try holding(lease)
      guard let reason = cancelRequest else { throw .noCancelRequested }
      next.end(.cancelled(reason: reason))
    }
    return next
  }

  /// Whether a worker may claim the task: it is queued, or its worker let the lease expire.
  public func isClaimable(at now: Timestamp) -> Bool {
    switch state {
    case .queued: true
    case .running(let lease): lease.expiresAt <= now
    default: false
    }
  }

  private mutating func claim(
    by worker: WorkerID, until expiry: Timestamp, at now: Timestamp
  ) throws(TransitionRefusal) {
    switch state {
    case .queued: break
    case .running(let hold):
      guard hold.expiresAt <= now else { throw .leased(until: hold.expiresAt) }
      if let reason = cancelRequest { return end(.cancelled(reason: reason)) }
      rescues += 1
      guard rescues <= Self.maximumRescues else {
        return end(.deadLettered(.abandoned(rescues: rescues)))
      }
    default: throw .alreadyEnded(state.name)
    }
    lease = LeaseNumber(rawValue: lease.rawValue + 1)
    state = .running(TaskLease(worker: worker, startedAt: now, expiresAt: expiry))
  }

  /// Once a cancel is acknowledged nothing else comes of the task: it was first.
  private mutating func endUnlessCancelled(_ final: TaskState) {
    end(cancelRequest.map { .cancelled(reason: $0) } ?? final)
  }

  private mutating func end(_ final: TaskState) {
    state = final
    cancelRequest = nil
  }

  private func holding(_ held: LeaseNumber) throws(TransitionRefusal) -> TaskLease {
    guard !state.isFinal else { throw .alreadyEnded(state.name) }
    guard held == lease else { throw .staleLease(held: held, current: lease) }
    guard case .running(let hold) = state else { throw .notRunning }
    return hold
  }
}
