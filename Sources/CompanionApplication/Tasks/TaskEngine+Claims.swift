import CompanionDomain
import CompanionPorts

extension TaskEngine {
  /// Claims tasks and takes them in hand: each has to be worked on.
  ///
  /// Kinds that share a provider's limit are claimed one after the other, and take turns at being the first.
  ///
  /// - Parameters:
  ///   - worker: who claims.
  ///   - limit: the most tasks.
  ///   - leaseLength: how long each is held without a sign of life; `nil` for what is configured.
  ///   - cap: the longest that an attempt may take, whatever its kind says.
  func claim(
    worker: WorkerID, limit: Int, leaseLength: Duration? = nil, cap: Duration? = nil
  ) async throws(StoreFailure) -> (runs: [Run], nextDue: Duration?) {
    // Whoever is cancelled while it waits claims nothing.
    guard (try? await claiming.enter()) != nil else { return ([], nil) }
    defer { claiming.leave() }
    guard !isStopping else { return ([], nil) }
    let (running, turn) = beginClaim()
    let rooms = registry.rooms(running: running, cap: cap)
    var claim = TaskClaim(
      worker: worker, limit: limit,
      leaseLength: max(leaseLength ?? environment.configuration.tasks.leaseLength, .seconds(1)),
      kinds: rooms, others: registry.roomForOthers)
    let limited = registry.limitedProviders
    for kind in limited.flatMap(\.kinds) { claim.kinds[kind]?.limit = 0 }
    let first = try await environment.store.claim(claim)
    var runs = take(first, claim)
    for (most, kinds) in limited where !kinds.isEmpty {
      var free = most - kinds.reduce(0) { $0 + (running[$1] ?? 0) }
      for place in kinds.indices {
        let kind = kinds[(place + turn) % kinds.count]
        guard free > 0, runs.count < limit, let room = rooms[kind], room.limit > 0 else { continue }
        claim.limit = min(free, limit - runs.count)
        claim.kinds = [kind: room]
        claim.others = nil
        do throws(StoreFailure) {
          let taken = take(try await environment.store.claim(claim), claim)
          free -= taken.count
          runs += taken
        } catch {
          // What was claimed before is to be worked on all the same.
          environment.events.emit(.serviceFailed("workers", error))
          return (runs, .seconds(1))
        }
      }
    }
    return (runs, first.nextDue.map { first.now.duration(to: $0) })
  }

  private func take(_ claimed: ClaimedTasks, _ claim: TaskClaim) -> [Run] {
    for change in claimed.changes {
      environment.announce(change)
      if let alarm = change.task.alarm { sweeper.note(in: claimed.now.duration(to: alarm)) }
    }
    let runs = claimed.changes.map { Run(task: $0.task, leaseLength: claim.leaseLength) }
    register(runs)
    return runs
  }

  /// Works on a task in hand until it is out of this worker's hands.
  func work(on run: Run) async -> TaskRun.Result {
    let result = await TaskRun(
      task: run.task, leaseLength: run.leaseLength, attemptLimit: attemptLimit(of: run.task),
      registry: registry, environment: environment,
      onEnd: { self.noteEnd(of: $0, $1) }
    ).run(signal: run.signal)
    forget(run, result)
    // There is room for the next, whoever has worked on this one; news of its end came while it still counted.
    wake()
    return result
  }

  /// The limit of an attempt, which ends it before the deadline does that the store keeps.
  private func attemptLimit(of task: GenerationTask) -> Duration? {
    guard case .running(let hold) = task.state, let deadline = hold.deadline else { return nil }
    return max(hold.startedAt.duration(to: deadline) - environment.configuration.tasks.windDown, .zero)
  }

  private func noteEnd(of change: TaskChange, _ end: TaskRun.End) {
    let task = change.task
    if let event = change.event, let next = task.alarm ?? task.dueAgain {
      sweeper.note(in: event.time.duration(to: next))
      wake()
    }
    // The handler was told to stop, but not whether what goes on elsewhere is to stop, too. When it had come to
    // its end nothing does.
    switch end {
    case .done: break
    case .ended: endElsewhereLater(task)
    default: if case .cancelled = task.state { endElsewhereLater(task) }
    }
  }
}

extension GenerationTask {
  /// When it may be claimed again, if that is not at once.
  fileprivate var dueAgain: Timestamp? {
    if case .queued(let queueing) = state { queueing.notBefore } else { nil }
  }
}
