import CompanionDomain
import CompanionPorts

/// The tasks of an ``InMemoryStore`` with their events, pauses and schedules.
///
/// Each change checks its precondition, applies, and returns what undoes it. The cost of all three is that of
/// what is new, whatever is there already.
struct StoredTasks: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    case removeTask(slot: Int)
    case restoreTask(GenerationTask, slot: Int, hasEvent: Bool)
    case restorePause(TaskPause)
    case restoreSchedule(ScheduleID, Timestamp?)
  }

  /// A task, and what belongs to it.
  struct Record: Sendable {
    var task: GenerationTask
    var place: TaskPlace
    let kind: Int
    /// The places of its events; that of number n has index n - 1.
    var cursors: [EventCursor]

    func entry(at slot: Int) -> TaskIndexes.Entry {
      TaskIndexes.Entry(id: task.id, slot: slot, createdAt: task.createdAt, kind: kind)
    }
  }

  /// A text that is another when its bytes are.
  private struct Key: Hashable, Sendable {
    var text: String

    static func == (left: Key, right: Key) -> Bool { left.text.utf8.elementsEqual(right.text.utf8) }

    func hash(into hasher: inout Hasher) {
      for byte in text.utf8 { hasher.combine(byte) }
    }
  }

  /// Each task has a slot; those that are empty are in ``free``.
  private(set) var records: ContiguousArray<Record?> = []
  private var free: [Int] = []
  private var slots: [TaskID: Int] = [:]
  private var keys: [Key: Int] = [:]
  var indexes = TaskIndexes()
  private(set) var events = EventLog()
  private(set) var pause = TaskPause()
  private var schedules: [ScheduleID: Timestamp] = [:]

  func slot(of id: TaskID) -> Int? { slots[id] }

  func slot(idempotencyKey: String) -> Int? { keys[Key(text: idempotencyKey)] }

  func nextOccurrence(of schedule: ScheduleID) -> Timestamp? { schedules[schedule] }

  // MARK: Changes

  mutating func insert(_ task: GenerationTask) throws(StoreFailure) -> (change: TaskChange, undo: Undo) {
    guard slots[task.id] == nil else { throw .conflict(.taskExists) }
    if let key = task.request.idempotencyKey, let slot = keys[Key(text: key)],
      let holder = records[slot]?.task.id
    {
      throw .conflict(.keyTaken(holder))
    }
    let slot = free.popLast() ?? records.count
    if slot == records.count { records.append(nil) }
    let creation = task.creation
    var cursors: [EventCursor] = []
    cursors.reserveCapacity(4)
    cursors.append(events.append(creation))
    let record = Record(
      task: task, place: TaskPlace(task), kind: indexes.number(of: task.request.kind), cursors: cursors)
    let entry = record.entry(at: slot)
    indexes.move(entry, from: nil, to: record.place)
    indexes.list(entry, under: task.request.requester)
    slots[task.id] = slot
    if let key = task.request.idempotencyKey { keys[Key(text: key)] = slot }
    records[slot] = record
    return (TaskChange(task: task, event: creation), .removeTask(slot: slot))
  }

  mutating func apply(
    _ transition: TaskTransition, to id: TaskID, revision: Int64?, at now: Timestamp
  ) throws(StoreFailure) -> (change: TaskChange, undo: Undo) {
    guard let slot = slots[id], let task = records[slot]?.task else { throw .conflict(.noSuchTask) }
    guard revision == nil || revision == task.revision else { throw .conflict(.taskMoved) }
    do throws(TransitionRefusal) {
      let change = try apply(transition, toSlot: slot, task, at: now)
      return (change, .restoreTask(task, slot: slot, hasEvent: change.event != nil))
    } catch {
      throw .conflict(.refused(error))
    }
  }

  /// Applies a transition to a task that is known to be in a slot.
  mutating func apply(
    _ transition: TaskTransition, toSlot slot: Int, _ task: GenerationTask, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskChange {
    let change = try task.applying(transition, at: now)
    replace(slot, with: change.task)
    if let event = change.event { records[slot]?.cursors.append(events.append(event)) }
    return change
  }

  mutating func setPause(_ kind: TaskKind?, _ isPaused: Bool) -> Undo {
    let undo = Undo.restorePause(pause)
    if let kind {
      if isPaused { pause.kinds.insert(kind) } else { pause.kinds.remove(kind) }
    } else {
      pause.all = isPaused
    }
    return undo
  }

  mutating func moveSchedule(
    _ schedule: ScheduleID, from old: Timestamp?, to new: Timestamp?
  ) throws(StoreFailure) -> Undo {
    guard schedules[schedule] == old else { throw .conflict(.scheduleMoved) }
    schedules[schedule] = new
    return .restoreSchedule(schedule, old)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .removeTask(let slot): remove(slot)
    case .restoreTask(let task, let slot, let hasEvent):
      replace(slot, with: task)
      if hasEvent {
        records[slot]?.cursors.removeLast()
        events.removeLast()
      }
    case .restorePause(let earlier): pause = earlier
    case .restoreSchedule(let schedule, let earlier): schedules[schedule] = earlier
    }
  }

  /// Removes a task, its events and its key.
  mutating func remove(_ slot: Int) {
    guard let record = records[slot] else { return }
    let entry = record.entry(at: slot)
    indexes.move(entry, from: record.place, to: nil)
    indexes.strike(entry, under: record.task.request.requester)
    for cursor in record.cursors { events.remove(cursor) }
    slots[entry.id] = nil
    if let key = record.task.request.idempotencyKey { keys[Key(text: key)] = nil }
    records[slot] = nil
    free.append(slot)
  }

  private mutating func replace(_ slot: Int, with task: GenerationTask) {
    guard let old = records[slot]?.place, let entry = records[slot]?.entry(at: slot) else { return }
    let place = TaskPlace(task)
    indexes.move(entry, from: old, to: place)
    records[slot]?.place = place
    records[slot]?.task = task
  }
}
