import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionSystem
import CompanionTesting
import Synchronization
import Testing

@Suite struct `The conformance suites` {
  @Test(arguments: TaskFlaw.allCases)
  func `find what a store of tasks does wrong`(flaw: TaskFlaw) async throws {
    let check = try #require(TaskStoreConformance.checks.first { $0.name == flaw.rawValue })
    await #expect(throws: ConformanceFailure.self) {
      try await check.run(on: { time in FlawedStore(flaw: flaw, time: time) }, measuredBy: .system)
    }
  }

  @Test func `find the store of conversations that tears change sets`() async throws {
    let report = await #expect(throws: ConformanceReport.self) {
      try await ConversationStoreConformance.run(on: { FlawedStore(flaw: .tearsSets, time: $0) })
    }
    let broken = Set(report?.failures.map(\.check) ?? [])
    #expect(broken.contains("one failing change leaves nothing of its set"))
    #expect(!broken.contains("a session is read as it was stored"))
  }

  @Test func `find the store of the ledger that tears change sets`() async throws {
    let report = await #expect(throws: ConformanceReport.self) {
      try await LedgerStoreConformance.run(on: { FlawedStore(flaw: .tearsSets, time: $0) })
    }
    let broken = Set(report?.failures.map(\.check) ?? [])
    #expect(broken.contains("one failing change enters nothing of its set"))
    #expect(!broken.contains("an entry is read as it was entered"))
  }

  @Test func `pass the store that keeps every promise`() async throws {
    try await ConversationStoreConformance.run(on: { FlawedStore(flaw: nil, time: $0) })
    try await TaskStoreConformance.run(on: { FlawedStore(flaw: nil, time: $0) }, measuredBy: .system)
    try await LedgerStoreConformance.run(on: { FlawedStore(flaw: nil, time: $0) })
  }
}

/// What a store may do wrong, by the name of the check that finds it.
enum TaskFlaw: String, CaseIterable {
  case tearsSets = "one failing change leaves nothing of its set"
  case forgetsClaims = "concurrent claims never share a task"
  case ignoresRevisions = "a transition from another revision is refused"
  case ignoresRoom = "a claim takes of each kind what there is room for"
  case ignoresAttemptLimits = "each kind has its own limit for an attempt"
  case ignoresPauses = "a paused kind is not claimed"
  case resumesTooMuch = "what is paused by itself stays so when everything is resumed"
  case hidesWhatIsDue = "a claim says when the next task is due"
  case hidesAlarms = "whatever runs out is found when it does, the first before the others"
  case losesEvents = "the events of a task are numbered without a gap"
  case readsEventsFromStart = "events are read from any place on"
  case keepsKeysToItself = "one idempotency key has one task"
  case listsAnyOrder = "tasks come newest first"
  case ignoresFilters = "tasks are listed by what they are"
  case ignoresPages = "a listing is read page by page, whatever happens meanwhile"
  case countsNothing = "tasks are counted by kind and state"
  case prunesTooSoon = "what has ended is kept for its time"
  case prunesTooMuch = "the oldest goes first, as far as the limit"
  case ignoresRemovals = "a task that has ended is removed, however it ended"
  case keepsEvents = "the events of a removed task go with it"
  case keepsKeys = "the key of a removed task is free"
  case removesWhatLives = "a task that has not ended is not removed"
  case removesNobody = "a removal names a task that is there"
  case removesFirst = "a set removes the task that it ends"
  case removesAtOnce = "a removal is undone with its set"
  case hidesRemovals = "the removal of a task is told"
  case movesAnySchedule = "a schedule moves from its next occurrence alone"
  case saysNothing = "whatever changes tasks, pauses or schedules is told"
}

/// What is left of removed tasks by a store that does not remove it.
private final class Leftovers: Sendable {
  let events = Mutex<[RecordedTaskEvent]>([])
  let keys = Mutex<[String: TaskID]>([:])
}

/// A store that does one thing wrong.
private struct FlawedStore: StoreAround {
  let flaw: TaskFlaw?
  let time: any TimeSource
  let store: InMemoryStore
  private let leftovers = Leftovers()

  init(flaw: TaskFlaw?, time: any TimeSource) {
    self.flaw = flaw
    self.time = time
    store = InMemoryStore(time: time)
  }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    guard flaw == .tearsSets else {
      var flawed: [ChangeSet.Change] = []
      for change in try await inFlawedOrder(changes.changes) { flawed += try await self.flawed(change) }
      return try await store.commit(ChangeSet(flawed))
    }
    var changed: [TaskChange] = []
    for change in changes.changes { changed += try await store.commit(change) }
    return changed
  }

  private func inFlawedOrder(
    _ changes: [ChangeSet.Change]
  ) async throws(StoreFailure) -> [ChangeSet.Change] {
    let removals = changes.filter(\.isRemoval)
    let others = changes.filter { !$0.isRemoval }
    switch flaw {
    case .removesFirst: return removals + others
    case .removesAtOnce:
      guard !others.isEmpty else { return changes }
      for removal in removals { _ = try? await store.commit(removal) }
      return others
    default: return changes
    }
  }

  private func flawed(_ change: ChangeSet.Change) async throws(StoreFailure) -> [ChangeSet.Change] {
    switch (flaw, change) {
    case (.ignoresRevisions, .transition(let id, let transition, _)):
      [.transition(id, transition, revision: nil)]
    case (.ignoresPauses, .pauseTasks): []
    case (.resumesTooMuch, .resumeTasks(nil)):
      [change] + (try await store.pausedTasks().kinds.map { .resumeTasks($0) })
    case (.movesAnySchedule, .moveSchedule(let id, _, let next)):
      [.moveSchedule(id, from: try await store.nextOccurrence(of: id), to: next)]
    case (.ignoresRemovals, .removeTask): []
    case (.keepsEvents, .removeTask(let id)): try await keepingEvents(of: id)
    case (.keepsKeys, .removeTask(let id)): try await keepingKey(of: id)
    case (.keepsKeys, .insertTask(let task)): try takingNoKey(task)
    case (.removesWhatLives, .removeTask(let id)):
      try await store.task(id)?.state.isFinal == true
        ? [change] : [.transition(id, .cancel(reason: "removed"), revision: nil), change]
    case (.removesNobody, .removeTask(let id)): try await store.task(id) == nil ? [] : [change]
    default: [change]
    }
  }

  private func keepingEvents(of id: TaskID) async throws(StoreFailure) -> [ChangeSet.Change] {
    let events = try await store.taskEvents(after: .start, of: id, limit: .max)
    leftovers.events.withLock { $0 += events }
    return [.removeTask(id)]
  }

  private func keepingKey(of id: TaskID) async throws(StoreFailure) -> [ChangeSet.Change] {
    if let key = try await store.task(id)?.request.idempotencyKey {
      leftovers.keys.withLock { $0[key] = id }
    }
    return [.removeTask(id)]
  }

  private func takingNoKey(_ task: GenerationTask) throws(StoreFailure) -> [ChangeSet.Change] {
    let holder = task.request.idempotencyKey.flatMap { key in leftovers.keys.withLock { $0[key] } }
    if let holder { throw .conflict(.keyTaken(holder)) }
    return [.insertTask(task)]
  }

  func task(idempotencyKey: String) async throws(StoreFailure) -> GenerationTask? {
    flaw == .keepsKeysToItself ? nil : try await store.task(idempotencyKey: idempotencyKey)
  }

  func tasks(matching filter: TaskFilter, limit: Int) async throws(StoreFailure) -> [GenerationTask] {
    var filter = filter
    if flaw == .ignoresFilters { filter.kind = nil }
    if flaw == .ignoresPages { filter.after = nil }
    let tasks = try await store.tasks(matching: filter, limit: limit)
    return flaw == .listsAnyOrder ? tasks.reversed() : tasks
  }

  func taskStatistics() async throws(StoreFailure) -> TaskStatistics {
    flaw == .countsNothing ? TaskStatistics() : try await store.taskStatistics()
  }

  func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    var claim = claim
    if flaw == .ignoresRoom { claim.others = TaskClaim.Room() }
    if flaw == .ignoresAttemptLimits { claim.kinds = [:] }
    guard flaw != .forgetsClaims else { return try await forgottenClaim(claim) }
    var claimed = try await store.claim(claim)
    if flaw == .hidesWhatIsDue { claimed.nextDue = nil }
    return claimed
  }

  private func forgottenClaim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    let now = time.now
    let transition = TaskTransition.claim(
      by: claim.worker, leaseLength: claim.leaseLength, attemptLimit: claim.others?.attemptLimit)
    let queued = try await store.tasks(matching: TaskFilter(states: [.queued]), limit: claim.limit)
    return ClaimedTasks(
      changes: queued.compactMap { try? $0.applying(transition, at: now) }, now: now, nextDue: nil)
  }

  func overdueTasks(limit: Int) async throws(StoreFailure) -> OverdueTasks {
    var overdue = try await store.overdueTasks(limit: limit)
    if flaw == .hidesAlarms { overdue.nextAlarm = nil }
    return overdue
  }

  func taskEvents(
    after cursor: EventCursor, of task: TaskID?, limit: Int
  ) async throws(StoreFailure) -> [RecordedTaskEvent] {
    let cursor = flaw == .readsEventsFromStart ? .start : cursor
    let events = try await store.taskEvents(after: cursor, of: task, limit: limit)
    if flaw == .keepsEvents {
      let kept = leftovers.events.withLock { $0 }.filter { task == nil || $0.event.task == task }
      return Array((kept + events).sorted { $0.cursor < $1.cursor }.prefix(max(0, limit)))
    }
    return flaw == .losesEvents ? events.filter { $0.event.kind != .released } : events
  }

  func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    try await store.pruneTasks(
      finishedFor: flaw == .prunesTooSoon ? .zero : finishedFor, deadFor: deadFor,
      limit: flaw == .prunesTooMuch ? .max : limit)
  }

  func taskChanges() -> AsyncStream<Void> {
    flaw == .saysNothing || flaw == .hidesRemovals ? AsyncStream { $0.finish() } : store.taskChanges()
  }
}

extension ChangeSet.Change {
  fileprivate var isRemoval: Bool { if case .removeTask = self { true } else { false } }
}
