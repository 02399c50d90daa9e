import CompanionDomain
import CompanionPorts

/// The tasks of an ``InMemoryStore`` with their events, pauses and schedules.
///
/// Each change checks its precondition, applies, and returns what undoes it. The cost of all three is that of
/// what is new, whatever is there already.
struct StoredTasks {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo {
    case removeTask(TaskRecord)
    indirect case restoreTask(TaskRecord, GenerationTask, hasEvent: Bool)
    case addTask(TaskRecord, [RecordedTaskEvent])
    case restorePause(TaskPause)
    case restoreSchedule(ScheduleID, Timestamp?)
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
  private(set) var records: ContiguousArray<TaskRecord?> = []
  private var free: [Int] = []
  private var byID: [TaskID: TaskRecord] = [:]
  private var byKey: [Key: TaskRecord] = [:]
  var indexes = TaskIndexes()
  private(set) var events = EventLog()
  private(set) var pause = TaskPause()
  private var schedules: [ScheduleID: Timestamp] = [:]

  func record(_ id: TaskID) -> TaskRecord? { byID[id] }

  func record(idempotencyKey: String) -> TaskRecord? { byKey[Key(text: idempotencyKey)] }

  func nextOccurrence(of schedule: ScheduleID) -> Timestamp? { schedules[schedule] }

  // MARK: Changes

  mutating func insert(
    _ task: GenerationTask, _ changed: inout [TaskChange]
  ) throws(StoreFailure) -> Undo {
    guard byID[task.id] == nil else { throw .conflict(.taskExists) }
    if let key = task.request.idempotencyKey, let holder = record(idempotencyKey: key) {
      throw .conflict(.keyTaken(holder.task.id))
    }
    let slot = free.popLast() ?? records.count
    if slot == records.count { records.append(nil) }
    let record = TaskRecord(task, slot: slot, kind: indexes.number(of: task.request.kind))
    let creation = task.creation
    record.cursors.append(events.append(creation))
    enter(record)
    changed.append(TaskChange(task: task, event: creation))
    return .removeTask(record)
  }

  /// Applies a transition to the task of an identifier.
  ///
  /// - Parameter isFinal: whether it will never be undone.
  mutating func apply(
    _ transition: TaskTransition, to id: TaskID, revision: Int64?, at now: Timestamp,
    _ changed: inout [TaskChange], isFinal: Bool
  ) throws(StoreFailure) -> Undo? {
    guard let record = byID[id] else { throw .conflict(.noSuchTask) }
    guard revision == nil || revision == record.task.revision else { throw .conflict(.taskMoved) }
    do throws(TransitionRefusal) {
      let earlier = isFinal ? nil : record.task
      let lastEvent = record.task.lastEvent
      changed.append(try apply(transition, to: record, at: now))
      return earlier.map { .restoreTask(record, $0, hasEvent: record.task.lastEvent != lastEvent) }
    } catch {
      throw .conflict(.refused(error))
    }
  }

  mutating func apply(
    _ transition: TaskTransition, to record: TaskRecord, at now: Timestamp
  ) throws(TransitionRefusal) -> TaskChange {
    let event = try record.task.make(transition, at: now)
    moveToItsPlace(record)
    if let event { record.cursors.append(events.append(event)) }
    return TaskChange(task: record.task, event: event)
  }

  /// Removes a task that has ended, its events and its key.
  mutating func remove(_ id: TaskID) throws(StoreFailure) -> Undo {
    guard let record = byID[id] else { throw .conflict(.noSuchTask) }
    guard record.place.state.isFinal else { throw .conflict(.refused(.notEnded(record.place.state))) }
    return take(record)
  }

  /// Removes a task in whatever state, its events and its key.
  ///
  /// - Returns: `nil` where there is none.
  mutating func erase(_ id: TaskID) -> Undo? { byID[id].map { take($0) } }

  private mutating func take(_ record: TaskRecord) -> Undo {
    let removed = record.cursors.compactMap { cursor in
      events[cursor].map { RecordedTaskEvent(cursor: cursor, event: $0) }
    }
    remove(record)
    return .addTask(record, removed)
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
    case .removeTask(let record):
      record.cursors.removeAll()
      events.removeLast()
      remove(record)
    case .restoreTask(let record, let earlier, let hasEvent):
      record.task = earlier
      moveToItsPlace(record)
      guard hasEvent else { return }
      record.cursors.removeLast()
      events.removeLast()
    case .addTask(let record, let removed):
      // What came into its slot has been reversed: the slot is the last that was freed.
      if let place = free.lastIndex(of: record.slot) { free.remove(at: place) }
      enter(record)
      for event in removed { events.restore(event) }
    case .restorePause(let earlier): pause = earlier
    case .restoreSchedule(let schedule, let earlier): schedules[schedule] = earlier
    }
  }

  /// Puts a task in its slot, which is empty, and lists it.
  private mutating func enter(_ record: TaskRecord) {
    records[record.slot] = record
    byID[record.task.id] = record
    if let key = record.task.request.idempotencyKey { byKey[Key(text: key)] = record }
    indexes.add(record)
  }

  /// Removes a task, its events and its key.
  mutating func remove(_ record: TaskRecord) {
    indexes.remove(record)
    for cursor in record.cursors { events.remove(cursor) }
    byID[record.task.id] = nil
    if let key = record.task.request.idempotencyKey { byKey[Key(text: key)] = nil }
    records[record.slot] = nil
    free.append(record.slot)
  }

  private mutating func moveToItsPlace(_ record: TaskRecord) {
    let place = TaskPlace(record.task)
    indexes.move(record, from: record.place, to: place)
    record.place = place
  }
}
