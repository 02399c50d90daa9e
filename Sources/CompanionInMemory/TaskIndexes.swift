import CompanionDomain
import CompanionPorts

/// The orders in which the tasks of an ``InMemoryStore`` are listed, claimed, looked after and removed.
struct TaskIndexes: Sendable {
  /// The tasks of one kind.
  struct KindEntry: Sendable {
    var kind: TaskKind
    /// Those that are queued and due, by rank.
    var line = OrderedIndex<TaskKey>()
    /// How many there are in each state.
    var counts = [Int](repeating: 0, count: TaskStateName.allCases.count)
  }

  private(set) var order = TaskOrder()
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

  /// Lists a new task by its place, and under whoever asked for it.
  mutating func add(_ record: TaskRecord) {
    order.assign(record.slot, to: record.task.id)
    move(record, from: nil, to: record.place)
    let key = record.key(record.task.createdAt)
    switch record.task.request.requester {
    case .conversation(let session, _):
      bySession[session, default: .init()].insert(key, by: order.isBefore)
    case .named(let requester):
      byRequester[requester, default: .init()].insert(key, by: order.isBefore)
    }
  }

  /// Lists a task no more.
  mutating func remove(_ record: TaskRecord) {
    move(record, from: record.place, to: nil)
    let key = record.key(record.task.createdAt)
    switch record.task.request.requester {
    case .conversation(let session, _):
      bySession[session]?.remove(key, by: order.isBefore)
      if bySession[session]?.isEmpty == true { bySession[session] = nil }
    case .named(let requester):
      byRequester[requester]?.remove(key, by: order.isBefore)
      if byRequester[requester]?.isEmpty == true { byRequester[requester] = nil }
    }
  }

  /// Moves a task from one place to another; it comes from nowhere, or goes there, for `nil`.
  mutating func move(_ record: TaskRecord, from old: TaskPlace?, to new: TaskPlace?) {
    if old?.state != new?.state {
      let key = record.key(record.task.createdAt)
      if let state = old?.state.ordinal {
        byState[state].remove(key, by: order.isBefore)
        kinds[record.kind].counts[state] -= 1
      }
      if let state = new?.state.ordinal {
        byState[state].insert(key, by: order.isBefore)
        kinds[record.kind].counts[state] += 1
      }
    }
    let (slot, kind, order) = (record.slot, record.kind, order)
    order.move(slot, in: &byAlarm, from: old?.alarm, to: new?.alarm)
    order.move(slot, in: &bySince, from: old?.queued?.since, to: new?.queued?.since)
    order.move(slot, in: &byStart, from: old?.queued?.notBefore, to: new?.queued?.notBefore)
    order.move(slot, in: &kinds[kind].line, from: lineRank(of: old), to: lineRank(of: new))
    order.move(slot, in: &finished, from: old?.finishedAt, to: new?.finishedAt)
    order.move(slot, in: &dead, from: old?.diedAt, to: new?.diedAt)
  }

  /// Lets into the lines whoever is due by now; out of them whoever is not, after a clock was set back.
  mutating func moveHorizon(to now: Timestamp, of records: ContiguousArray<TaskRecord?>) {
    guard now != horizon else { return }
    let isForward = now > horizon
    for key in byStart.keys(after: min(now, horizon), through: max(now, horizon)) {
      guard let record = records[key.slot], let rank = record.place.queued?.rank else { continue }
      order.move(
        key.slot, in: &kinds[record.kind].line, from: isForward ? nil : rank, to: isForward ? rank : nil)
    }
    horizon = now
  }

  private func lineRank(of place: TaskPlace?) -> Timestamp? {
    guard let queued = place?.queued, queued.notBefore.map({ $0 <= horizon }) ?? true else { return nil }
    return queued.rank
  }
}

extension TaskOrder {
  fileprivate func move(
    _ slot: Int, in index: inout OrderedIndex<TaskKey>, from old: Timestamp?, to new: Timestamp?
  ) {
    guard old != new else { return }
    if let old { index.remove(TaskKey(time: old, slot: slot), by: isBefore) }
    if let new { index.insert(TaskKey(time: new, slot: slot), by: isBefore) }
  }
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
