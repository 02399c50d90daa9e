import CompanionApplication
import CompanionDomain
import CompanionPorts

extension TaskWitness {
  /// Checks a transition that the store has accepted, and takes it.
  func note(_ transition: TaskTransition, _ change: TaskChange, in state: inout State) {
    guard let index = state.numbers[change.task.id] else {
      return report(.historyIsSound, "\(change.task.id) was changed and never created")
    }
    let before = state.tasks[index].task
    let now = time.now
    checkFence(transition, before, in: state)
    checkPromptness(transition, before, at: now, in: state)
    if before.state.isFinal, before.state.name != .deadLettered || change.task.state.name != .deadLettered {
      let isTakenBack = if case .requeue = transition { before.state.name == .deadLettered } else { false }
      if !isTakenBack {
        report(.endsAreFinal, "task \(index) was \(before.state.name), and changed")
      }
    }
    if change.task.revision != before.revision + 1 {
      report(.historyIsSound, "task \(index) went from revision \(before.revision) to another")
    }
    if case .claim = transition {
      checkClaim(change.task, before, in: state)
    } else if change.task.lease != before.lease {
      report(.leasesGrow, "task \(index) has another lease without a claim")
    }
    state.tasks[index].task = change.task
    guard let event = change.event else { return }
    if event.number != before.lastEvent + 1 || event.task != change.task.id {
      report(.historyIsSound, "task \(index): event \(event.number) follows \(before.lastEvent)")
    }
    state.tasks[index].events.append(event)
    notes.combine(index)
    notes.combine(event.number)
    notes.combine(now.nanosecondsSinceEpoch)
    tell("task \(index): \(event.kind)")
    take(event, of: index, transition, before, in: &state)
  }

  /// Takes an event; checks what it says against what was before.
  private func take(
    _ event: TaskEvent, of index: Int, _ transition: TaskTransition, _ before: GenerationTask,
    in state: inout State
  ) {
    let now = time.now
    var cooldown: Duration?
    // What the handler was told counts if that is what was stored, and not a limit that ran out meanwhile.
    if case .fail(let lease, .provider, _) = transition {
      cooldown = state.cooldowns[ClaimID(task: before.id, lease: lease)]
    }
    switch event.kind {
    case .started(let start):
      if let earliest = state.tasks[index].earliestStart, now < earliest {
        report(
          .noEarlyRetry, "task \(index) started \(now.duration(to: earliest)) before it might")
      }
      if state.tasks[index].isCancelAcknowledged || before.cancelRequest != nil {
        report(.cancelHolds, "task \(index) started after its cancel was acknowledged")
      }
      if start.attempt != state.tasks[index].failures + 1 {
        report(
          .historyIsSound,
          "task \(index) starts attempt \(start.attempt) after \(state.tasks[index].failures) failures")
      }
    case .retried(_, let notBefore):
      state.tasks[index].failures += 1
      state.tasks[index].earliestStart = max(notBefore, now.advanced(by: cooldown ?? .zero))
    case .released:
      // Whatever the store says: a worker that fell silent has used up its attempt.
      if case .rescue = transition { state.tasks[index].failures += 1 }
    case .deadLettered:
      state.tasks[index].announcements += 1
      state.tasks[index].earliestStart = cooldown.map { now.advanced(by: $0) }
    case .requeued(_, let notBefore):
      let earliest = state.tasks[index].earliestStart
      state.tasks[index].failures = 0
      state.tasks[index].kills = 0
      state.tasks[index].earliestStart = earliest.map { max($0, notBefore) } ?? notBefore
    case .completed: checkOutcome(of: index, in: &state)
    case .cancelRequested: state.tasks[index].cancelRequestedAt = now
    case .cancelled: checkLanding(of: index, before, in: state)
    default: break
    }
  }

  // MARK: Checks

  /// A transition that names a lease must come from whoever holds it.
  private func checkFence(
    _ transition: TaskTransition, _ before: GenerationTask, in state: State
  ) {
    guard let lease = transition.lease else { return }
    guard lease != before.lease || before.state.name != .running else { return }
    report(
      .staleWritesChangeNothing,
      "lease \(lease.rawValue) changed \(before.id), which is \(before.state.name) at lease "
        + "\(before.lease.rawValue)")
  }

  private func checkClaim(_ task: GenerationTask, _ before: GenerationTask, in state: State) {
    if before.state.name != .queued {
      report(.leasesGrow, "\(task.id) was claimed while it was \(before.state.name)")
    }
    if task.lease <= before.lease {
      report(.leasesGrow, "lease \(task.lease.rawValue) follows \(before.lease.rawValue)")
    }
  }

  /// What is brought back is counted once, and is what the holder of the lease brought.
  private func checkOutcome(of index: Int, in state: inout State) {
    let known = state.tasks[index]
    state.tasks[index].announcements += 1
    let completions = known.events.count { $0.kind == .completed }
    if completions > 1 { report(.oneOutcome, "task \(index) was completed \(completions) times") }
    guard case .completed(let result) = known.task.state, result.text.hasPrefix("by lease ") else { return }
    if result.text != JobHandler.result(of: known.task.lease) {
      report(
        .oneOutcome, "task \(index) at lease \(known.task.lease.rawValue) has a result \(result.text)")
    }
  }

  /// When all is calm, whatever has run out is looked after soon.
  private func checkPromptness(
    _ transition: TaskTransition, _ before: GenerationTask, at now: Timestamp, in state: State
  ) {
    guard let calm = state.calmSince, let due = before.firstDue else { return }
    let late = max(due, calm).duration(to: now)
    guard late > patience else { return }
    report(
      .orphansAreReclaimed,
      "\(before.id), \(before.state.name), was looked after \(late) after its time had run out")
  }

  /// When all is calm, a cancel reaches the worker within a third of its lease, and a second for the handler.
  private func checkLanding(of index: Int, _ before: GenerationTask, in state: State) {
    guard let calm = state.calmSince, let asked = state.tasks[index].cancelRequestedAt, asked >= calm,
      let life = state.holders[ClaimID(task: before.id, lease: before.lease)], !life.hasDied,
      life.startedAt >= calm || life.isUndisturbed
    else { return }
    let took = asked.duration(to: time.now)
    let bound = life.settings.configuration.leaseLength / 3 + .seconds(3)
    guard took > bound else { return }
    report(.cancelLands, "task \(index) was cancelled \(took) after the request, not \(bound)")
  }

  /// The tasks of the lowest rank are taken, as far as there is room for their kinds.
  func checkOrder(of claimed: ClaimedTasks, for claim: TaskClaim, in state: State) {
    var room: [TaskKind: Int] = [:]
    let now = time.now
    var line: [(rank: Timestamp, id: TaskID, kind: TaskKind)] = []
    for index in state.tasks.indices where state.tasks[index].task.isClaimable(at: now) {
      guard let rank = state.tasks[index].task.rank else { continue }
      let kind = state.tasks[index].task.request.kind
      if !state.pause.covers(kind) { line.append((rank, state.tasks[index].task.id, kind)) }
    }
    guard !(line.isEmpty && claimed.changes.isEmpty) else { return }
    line.sort { ($0.rank, $0.id) < ($1.rank, $1.id) }
    var expected: [TaskID] = []
    for (_, id, kind) in line where expected.count < claim.limit {
      let left = room[kind] ?? claim.room(for: kind)?.limit ?? 0
      guard left > 0 else { continue }
      room[kind] = left - 1
      expected.append(id)
    }
    guard claimed.changes.map(\.task.id) != expected else { return }
    report(.noneStarves, "a claim took \(claimed.changes.map(\.task.id)), not \(expected)")
  }
}

extension TaskTransition {
  /// The lease that it must come from.
  var lease: LeaseNumber? {
    switch self {
    case .renew(let lease, _), .report(let lease, _, _), .complete(let lease, _, _), .fail(let lease, _, _),
      .wait(let lease, _, _), .release(let lease), .stop(let lease), .rescue(let lease, _),
      .timeOut(let lease, _), .reject(let lease, _):
      lease
    case .claim, .cancel, .wake, .endWait, .expire, .requeue, .leaveToPerson: nil
    }
  }
}

extension GenerationTask {
  /// When somebody has to look at it at the latest.
  fileprivate var firstDue: Timestamp? {
    let own: [Timestamp?]
    switch state {
    case .queued: own = []
    case .running(let hold): own = [hold.expiresAt, hold.deadline]
    case .waiting(let wait): own = [wait.until]
    default: return nil
    }
    return (own + [request.deadline]).compactMap(\.self).min()
  }
}
