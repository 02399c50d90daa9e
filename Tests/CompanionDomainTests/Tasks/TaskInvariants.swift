import CompanionDomain

extension TaskEvent.Kind {
  var name: String {
    switch self {
    case .created: "created"
    case .started: "started"
    case .progressed: "progressed"
    case .waiting: "waiting"
    case .woken: "woken"
    case .completed: "completed"
    case .retried: "retried"
    case .released: "released"
    case .cancelRequested: "cancelRequested"
    case .cancelled: "cancelled"
    case .deadLettered: "deadLettered"
    case .leftToPerson: "leftToPerson"
    case .requeued: "requeued"
    @unknown default: "unknown"
    }
  }
}

extension TransitionRefusal {
  var name: String {
    switch self {
    case .alreadyEnded: "alreadyEnded"
    case .notEnded: "notEnded"
    case .staleLease: "staleLease"
    case .notRunning: "notRunning"
    case .notQueued: "notQueued"
    case .notDue: "notDue"
    case .notWaiting: "notWaiting"
    case .notDeadLettered: "notDeadLettered"
    case .notRunOut: "notRunOut"
    case .deadlinePassed: "deadlinePassed"
    case .noCancelRequested: "noCancelRequested"
    case .retriesExhausted: "retriesExhausted"
    @unknown default: "unknown"
    }
  }
}

/// The state after each kind of event.
private let stateAfter: [String: TaskStateName] = [
  "started": .running, "progressed": .running, "waiting": .waiting, "woken": .queued,
  "completed": .completed, "retried": .queued, "released": .queued, "cancelRequested": .running,
  "cancelled": .cancelled, "deadLettered": .deadLettered, "leftToPerson": .deadLettered,
  "requeued": .queued,
]

/// What is broken by an accepted transition of what must hold after every one; empty when nothing is.
func brokenInvariants(
  of change: TaskChange, from before: GenerationTask, by transition: TaskTransition, at now: Timestamp
) -> [String] {
  let after = change.task
  let event = change.event?.kind.name
  var broken: [String] = []
  func require(_ holds: Bool, _ what: String) {
    if !holds { broken.append("\(what): \(before.state.name) × \(transition) → \(after.state)") }
  }
  require(after.id == before.id && after.request == before.request, "the request stays")
  require(after.createdAt == before.createdAt, "the creation stays")
  require(after.revision == before.revision + 1, "the revision grows by one")
  require(
    after.lease.rawValue == before.lease.rawValue + (event == "started" ? 1 : 0),
    "the lease grows by one with a claim, and only then")
  require(!after.isNew, "it is not new any more")

  if let recorded = change.event {
    require(recorded.number == before.lastEvent + 1, "events are numbered without a gap")
    require(recorded.time == now && recorded.task == before.id, "the event has the time and the task")
    require(after.state.name == stateAfter[recorded.kind.name], "the event fits the state")
  } else {
    require(after.state.name == before.state.name, "what has no event changes no state")
  }
  require(after.lastEvent == before.lastEvent + (change.event == nil ? 0 : 1), "the last event is counted")

  require(
    before.state.name != .completed && before.state.name != .cancelled, "what is final accepts nothing")
  require(
    before.state.name != .deadLettered || after.state.name == .deadLettered || event == "requeued",
    "dead letters leave only when they are taken back")
  require(after.state.name == .running || after.cancelRequest == nil, "a cancel request ends with the run")
  if before.cancelRequest != nil {
    require(
      after.state.name == .cancelled
        || after.state.name == .running && after.cancelRequest == before.cancelRequest,
      "nothing but a cancellation comes of a task that was asked to stop")
  }

  let hasFailed = ["retried", "deadLettered"].contains(event)
  switch transition {
  case .rescue where hasFailed:
    require(after.rescues == before.rescues + 1, "a dead worker is counted")
  case .fail, .timeOut, .wait, .release:
    require(
      after.rescues == (after.state.name == .cancelled ? before.rescues : 0), "a live worker ends the row")
  case .requeue: require(after.rescues == 0, "a dead letter starts over")
  default: require(after.rescues == before.rescues, "nothing else touches the rescues")
  }
  switch transition {
  case .rescue, .fail, .timeOut:
    require(after.failedAttempts == before.failedAttempts + (hasFailed ? 1 : 0), "a failure is counted")
  case .requeue: require(after.failedAttempts == 0, "a dead letter's attempts start over")
  default: require(after.failedAttempts == before.failedAttempts, "nothing else touches the attempts")
  }
  require(after.rescues <= GenerationTask.maximumRescues + 1, "a poison task does not loop")
  require(after.requeues == before.requeues + (event == "requeued" ? 1 : 0), "requeues are counted")

  if case .queued(let queueing) = after.state {
    let wasRunning = before.state.name == .running
    require(event == "released" || queueing.since >= now, "a place in the line is not before now")
    require(wasRunning || queueing.notBefore.map { $0 >= now } ?? true, "a delay is not negative")
  }
  if case .retried(let failure, let notBefore)? = change.event?.kind {
    require(notBefore >= now.advanced(by: max(.zero, failure.retryAfter ?? .zero)), "Retry-After wins")
    require(!after.isClaimable(at: now) || notBefore <= now, "a retry waits")
  }
  require(before.progress == nil || after.progress != nil, "progress is kept")
  require((before.usage?.input ?? 0) <= (after.usage?.input ?? 0), "usage is kept")
  require((after.endedAt != nil) == after.state.isFinal, "an end has a time")
  require(after.elapsed(at: now) >= .zero, "no time is negative")
  require((after.rank != nil) == (after.state.name == .queued), "what is in the line has a rank")
  return broken
}
