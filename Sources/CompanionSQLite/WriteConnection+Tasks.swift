import CompanionDomain
import CompanionPorts

extension WriteConnection {
  private static let keyOfTask = SQL("SELECT key FROM tasks WHERE id = ?")
  private static let taskOfWish = SQL("SELECT id FROM tasks WHERE idempotency_key = ?")
  private static let taskByID = SQL("\(TaskRow.select) WHERE t.id = ?")
  private static let taskByKey = SQL("\(TaskRow.select) WHERE t.key = ?")
  private static let stateOfTask = SQL("SELECT key, state FROM tasks WHERE id = ?")
  private static let remove = SQL("DELETE FROM tasks WHERE key = ?")
  private static let pauses = SQL("SELECT kind FROM pauses")

  /// Adds a new task with the event of its creation.
  func insert(_ task: GenerationTask, at now: Timestamp) throws(StoreFailure) -> TaskChange {
    guard try connection.run(TaskRow.insert, TaskRow.values(of: task, at: now)) == 1 else {
      throw .conflict(try conflict(of: task))
    }
    let key = connection.lastInsertedKey
    try connection.run(TaskRow.insertRequest, TaskRow.requestValues(of: task.request, task: key))
    let event = task.creation
    try connection.run(TaskEventRow.insert, TaskEventRow.values(of: event, task: key))
    recent.remember(task, at: key)
    return TaskChange(task: task, event: event)
  }

  /// Applies a transition, and adds its event.
  func apply(
    _ transition: TaskTransition, to id: TaskID, revision: Int64?, at now: Timestamp
  ) throws(StoreFailure) -> TaskChange {
    guard let (key, task) = try entry(id) else { throw .conflict(.noSuchTask) }
    guard revision == nil || revision == task.revision else { throw .conflict(.taskMoved) }
    let change: TaskChange
    do throws(TransitionRefusal) { change = try task.applying(transition, at: now) } catch {
      throw .conflict(.refused(error))
    }
    try store(change, of: task, at: key, now: now)
    return change
  }

  /// Stores what a transition has made of a task.
  func store(
    _ change: TaskChange, of task: GenerationTask, at key: Int64, now: Timestamp
  ) throws(StoreFailure) {
    let updated: Int
    if let values = TaskRow.shortUpdateValues(of: change.task, key: key, replacing: task, at: now) {
      updated = try connection.run(TaskRow.shortUpdate, values)
    } else {
      updated = try connection.run(
        TaskRow.update,
        TaskRow.updateValues(of: change.task, key: key, replacing: task.revision, at: now))
    }
    guard updated == 1 else { throw .corrupt("task \(task.id) is at another revision than it was read at") }
    if let event = change.event {
      try connection.run(TaskEventRow.insert, TaskEventRow.values(of: event, task: key))
    }
    recent.remember(change.task, at: key)
  }

  /// Removes a task that has ended.
  func removeTask(_ id: TaskID) throws(StoreFailure) {
    let found = try connection.row(Self.stateOfTask, [.text(id.rawValue)]) { row throws(StoreFailure) in
      (key: try row.integer(0), state: try row.value(1) as TaskStateName)
    }
    guard let found else { throw .conflict(.noSuchTask) }
    guard found.state.isFinal else { throw .conflict(.refused(.notEnded(found.state))) }
    try removeTask(at: found.key)
  }

  /// Removes a task in whatever state, if it is there.
  func eraseTask(_ id: TaskID) throws(StoreFailure) {
    guard let key = try entry(id)?.key else { return }
    recent.forget(id)
    try removeTask(at: key)
  }

  /// Removes a task that has ended, at the cost of its events; they and its request go with it.
  func removeTask(at key: Int64) throws(StoreFailure) {
    // It is not among the recent ones, so that there is nothing to forget.
    try connection.run(Self.remove, [.integer(key)])
  }

  /// The task of a key that an index has told.
  func task(at key: Int64) throws(StoreFailure) -> GenerationTask {
    if let task = recent.task(at: key) { return task }
    guard let task = try connection.row(Self.taskByKey, [.integer(key)], read: TaskRow.task) else {
      throw .corrupt("an index names a task that is not there")
    }
    return task
  }

  /// What is paused; read once, for as long as nobody else writes.
  func pausedTasks() throws(StoreFailure) -> TaskPause {
    if let pause { return pause }
    var found = TaskPause()
    try connection.forEachRow(Self.pauses) { row throws(StoreFailure) in
      try found.add(row)
      return true
    }
    pause = found
    return found
  }

  func setPause(_ kind: TaskKind?, _ isPaused: Bool) throws(StoreFailure) {
    pause = nil
    try connection.run(
      isPaused ? "INSERT OR IGNORE INTO pauses (kind) VALUES (?)" : "DELETE FROM pauses WHERE kind = ?",
      [.text(kind?.rawValue ?? "")])
  }

  func move(
    _ schedule: ScheduleID, from old: Timestamp?, to new: Timestamp?
  ) throws(StoreFailure) {
    let stored = try connection.row(
      "SELECT next_at FROM schedules WHERE id = ?", [.text(schedule.rawValue)]
    ) { row throws(StoreFailure) in try row.time(0) }
    guard stored == old else { throw .conflict(.scheduleMoved) }
    if let new {
      try connection.run(
        "INSERT OR REPLACE INTO schedules (id, next_at) VALUES (?, ?)",
        [.text(schedule.rawValue), .time(new)])
    } else {
      try connection.run("DELETE FROM schedules WHERE id = ?", [.text(schedule.rawValue)])
    }
  }

  private func entry(_ id: TaskID) throws(StoreFailure) -> (key: Int64, task: GenerationTask)? {
    if let entry = recent.entry(id) { return entry }
    return try connection.row(Self.taskByID, [.text(id.rawValue)]) { row throws(StoreFailure) in
      (try row.integer(0), try TaskRow.task(from: row))
    }
  }

  /// What is in the way of a new task.
  private func conflict(of task: GenerationTask) throws(StoreFailure) -> StoreConflict {
    let isThere = try connection.row(Self.keyOfTask, [.text(task.id.rawValue)]) { _ in true } ?? false
    guard !isThere, let key = task.request.idempotencyKey else { return .taskExists }
    let holder: TaskID? = try connection.row(Self.taskOfWish, [.text(key)]) {
      row throws(StoreFailure) in try row.value(0)
    }
    guard let holder else { throw .corrupt("a task is refused and nothing is in its way") }
    return .keyTaken(holder)
  }
}

extension TaskPause {
  /// Adds what a row of pauses names: a kind, or everything for the empty text.
  mutating func add(_ row: Statement) throws(StoreFailure) {
    if try row.text(0).isEmpty { all = true } else { kinds.insert(try row.value(0)) }
  }
}
