import CompanionDomain
import CompanionPorts

/// Where a task stands in the orders that change with its state.
struct TaskPlace: Sendable {
  /// Its place in the line, while it is queued.
  struct Queued: Sendable {
    var rank: Timestamp
    var since: Timestamp
    var notBefore: Timestamp?
  }

  var state: TaskStateName
  var queued: Queued?
  var alarm: Timestamp?
  var endedAt: Timestamp?

  init(_ task: GenerationTask) {
    state = task.state.name
    alarm = task.alarm
    endedAt = task.endedAt
    if case .queued(let queueing) = task.state, let rank = task.rank {
      queued = Queued(rank: rank, since: queueing.since, notBefore: queueing.notBefore)
    }
  }
}

/// The orders in which the tasks of an ``InMemoryStore`` are listed, claimed, looked after and removed.
struct TaskIndexes: Sendable {
  /// What a task keeps all its life.
  struct Entry: Sendable {
    var id: TaskID
    var slot: Int
    var createdAt: Timestamp
    /// The number of its kind in ``TaskIndexes/kinds``.
    var kind: Int

    func key(_ time: Timestamp) -> TaskKey { TaskKey(time: time, id: id, slot: slot) }
  }

  /// The tasks of one kind.
  struct KindEntry: Sendable {
    var kind: TaskKind
    /// Those that are queued and due, by rank.
    var line = OrderedIndex<TaskKey>()
    /// How many there are in each state.
    var counts = [Int](repeating: 0, count: TaskStateName.allCases.count)
  }

  /// The kinds in the order in which they were first seen.
  private(set) var kinds: [KindEntry] = []
  private var kindNumbers: [TaskKind: Int] = [:]
  /// By creation, for each state.
  private var byState = [OrderedIndex<TaskKey>](repeating: .init(), count: TaskStateName.allCases.count)
  private(set) var bySession: [SessionID: OrderedIndex<TaskKey>] = [:]
  private(set) var byRequester: [RequesterID: OrderedIndex<TaskKey>] = [:]
  private(set) var byAlarm = OrderedIndex<TaskKey>()
  /// The queued ones, by the time from which they wait.
  private(set) var bySince = OrderedIndex<TaskKey>()
  /// The queued ones that do not start before a time, by it, due or not.
  private(set) var byStart = OrderedIndex<TaskKey>()
  /// The completed and cancelled ones, by their end.
  private(set) var finished = OrderedIndex<TaskKey>()
  /// The dead letters, by their end.
  private(set) var dead = OrderedIndex<TaskKey>()
  /// Whoever starts no later than this is in the line of its kind, and nobody else is.
  private var horizon = Timestamp(nanosecondsSinceEpoch: .min)

  subscript(state: TaskStateName) -> OrderedIndex<TaskKey> { byState[state.ordinal] }

  /// The number of a kind; a new one for a kind that has not been seen.
  mutating func number(of kind: TaskKind) -> Int {
    if let number = kindNumbers[kind] { return number }
    kindNumbers[kind] = kinds.count
    kinds.append(KindEntry(kind: kind))
    return kinds.count - 1
  }

  /// Moves a task from one place to another; it comes from nowhere, or goes there, for `nil`.
  mutating func move(_ entry: Entry, from old: TaskPlace?, to new: TaskPlace?) {
    if old?.state != new?.state {
      if let state = old?.state.ordinal {
        byState[state].remove(entry.key(entry.createdAt))
        kinds[entry.kind].counts[state] -= 1
      }
      if let state = new?.state.ordinal {
        byState[state].insert(entry.key(entry.createdAt))
        kinds[entry.kind].counts[state] += 1
      }
    }
    Self.move(entry, in: &byAlarm, from: old?.alarm, to: new?.alarm)
    Self.move(entry, in: &bySince, from: old?.queued?.since, to: new?.queued?.since)
    Self.move(entry, in: &byStart, from: old?.queued?.notBefore, to: new?.queued?.notBefore)
    Self.move(entry, in: &kinds[entry.kind].line, from: lineRank(of: old), to: lineRank(of: new))
    Self.move(entry, in: &finished, from: old?.finishedAt, to: new?.finishedAt)
    Self.move(entry, in: &dead, from: old?.diedAt, to: new?.diedAt)
  }

  /// Lists a new task under whoever asked for it.
  mutating func list(_ entry: Entry, under requester: TaskRequester) {
    let key = entry.key(entry.createdAt)
    switch requester {
    case .conversation(let session, _): bySession[session, default: .init()].insert(key)
    case .named(let requester): byRequester[requester, default: .init()].insert(key)
    }
  }

  /// Strikes a task from the list of whoever asked for it.
  mutating func strike(_ entry: Entry, under requester: TaskRequester) {
    let key = entry.key(entry.createdAt)
    switch requester {
    case .conversation(let session, _):
      bySession[session]?.remove(key)
      if bySession[session]?.isEmpty == true { bySession[session] = nil }
    case .named(let requester):
      byRequester[requester]?.remove(key)
      if byRequester[requester]?.isEmpty == true { byRequester[requester] = nil }
    }
  }

  /// Lets into the lines whoever is due by now; out of them whoever is not, after a clock was set back.
  mutating func moveHorizon(to now: Timestamp, of records: ContiguousArray<StoredTasks.Record?>) {
    guard now != horizon else { return }
    let isForward = now > horizon
    let passed = byStart.keys(after: min(now, horizon), through: max(now, horizon))
    for key in passed {
      guard let kind = records[key.slot]?.kind, let rank = records[key.slot]?.place.queued?.rank
      else { continue }
      let key = TaskKey(time: rank, id: key.id, slot: key.slot)
      if isForward { kinds[kind].line.insert(key) } else { kinds[kind].line.remove(key) }
    }
    horizon = now
  }

  private func lineRank(of place: TaskPlace?) -> Timestamp? {
    guard let queued = place?.queued, queued.notBefore.map({ $0 <= horizon }) ?? true else { return nil }
    return queued.rank
  }

  private static func move(
    _ entry: Entry, in index: inout OrderedIndex<TaskKey>, from old: Timestamp?, to new: Timestamp?
  ) {
    guard old != new else { return }
    if let old { index.remove(entry.key(old)) }
    if let new { index.insert(entry.key(new)) }
  }
}

extension TaskPlace {
  fileprivate var finishedAt: Timestamp? { state == .deadLettered ? nil : endedAt }
  fileprivate var diedAt: Timestamp? { state == .deadLettered ? endedAt : nil }
}

extension TaskStateName {
  /// Its place among all.
  var ordinal: Int {
    switch self {
    case .queued: 0
    case .running: 1
    case .waiting: 2
    case .completed: 3
    case .cancelled: 4
    case .deadLettered: 5
    }
  }
}
