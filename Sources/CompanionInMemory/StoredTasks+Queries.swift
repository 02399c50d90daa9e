import CompanionDomain
import CompanionPorts

extension StoredTasks {
  func task(_ id: TaskID) -> GenerationTask? { record(id)?.task }

  func task(idempotencyKey: String) -> GenerationTask? {
    record(idempotencyKey: idempotencyKey)?.task
  }

  /// Tasks, newest first, at the cost of the limit and of those that are of the same requester or in the same
  /// states and of another kind.
  func tasks(matching filter: TaskFilter, limit: Int) -> [GenerationTask] {
    guard limit > 0 else { return [] }
    var last: TaskKey?
    if let after = filter.after {
      // Nothing comes after a task that is not there.
      guard let record = record(after) else { return [] }
      last = record.key(record.task.createdAt)
    }
    var newest: [TaskKey] = []
    for index in sources(of: filter) {
      let end = last.map { last in index.firstIndex { !indexes.order.isBefore($0, last) } } ?? index.endIndex
      var found = 0
      for key in index[..<end].reversed() {
        guard let record = records[key.slot], isMatch(record, filter) else { continue }
        newest.append(key)
        found += 1
        if found == limit { break }
      }
    }
    return newest.sorted { indexes.order.isBefore($1, $0) }.prefix(limit).compactMap {
      records[$0.slot]?.task
    }
  }

  /// The shortest lists that hold everything that matches.
  private func sources(of filter: TaskFilter) -> [OrderedIndex<TaskKey>] {
    if let session = filter.session { return indexes.bySession[session].map { [$0] } ?? [] }
    if let requester = filter.requester { return indexes.byRequester[requester].map { [$0] } ?? [] }
    return TaskStateName.allCases.filter(filter.states.contains).map { indexes[$0] }
  }

  private func isMatch(_ record: TaskRecord, _ filter: TaskFilter) -> Bool {
    guard filter.states.contains(record.place.state) else { return false }
    let request = record.task.request
    if let kind = filter.kind, request.kind != kind { return false }
    switch request.requester {
    case .conversation(let session, _):
      return filter.requester == nil && (filter.session == nil || filter.session == session)
    case .named(let requester):
      return filter.session == nil && (filter.requester == nil || filter.requester == requester)
    }
  }

  /// The numbers of tasks, at the cost of the kinds and the states.
  var statistics: TaskStatistics {
    var counts: [TaskKind: [TaskStateName: Int]] = [:]
    for entry in indexes.kinds {
      for state in TaskStateName.allCases where entry.counts[state.ordinal] > 0 {
        counts[entry.kind, default: [:]][state] = entry.counts[state.ordinal]
      }
    }
    return TaskStatistics(counts: counts, oldestQueued: indexes.bySince.first?.time)
  }

  /// The tasks whose alarm has come, at the cost of the limit.
  func overdue(limit: Int, at now: Timestamp) -> OverdueTasks {
    let overdue = indexes.byAlarm.prefix { $0.time <= now }.prefix(max(0, limit))
    return OverdueTasks(
      tasks: overdue.compactMap { records[$0.slot]?.task }, now: now,
      nextAlarm: indexes.byAlarm.firstTime(after: now))
  }

  /// Events behind a place, at the cost of the limit.
  func events(after cursor: EventCursor, of task: TaskID?, limit: Int) -> [RecordedTaskEvent] {
    guard let task else { return events.events(after: cursor, limit: limit) }
    guard limit > 0, let cursors = record(task)?.cursors else { return [] }
    // Few tasks have many events, and who follows one has read all but the last.
    let start = (cursors.lastIndex { $0 <= cursor } ?? -1) + 1
    return cursors[start...].prefix(limit).compactMap { cursor in
      events[cursor].map { RecordedTaskEvent(cursor: cursor, event: $0) }
    }
  }

  /// Removes tasks that ended long ago, at the cost of their number.
  ///
  /// - Returns: which they were.
  mutating func prune(
    finishedFor: Duration, deadFor: Duration, limit: Int, at now: Timestamp
  ) -> [TaskID] {
    var removed: [TaskID] = []
    while removed.count < limit {
      let oldest = [(indexes.finished.first, finishedFor), (indexes.dead.first, deadFor)]
        .compactMap { key, age in key.flatMap { $0.time.advanced(by: age) <= now ? $0 : nil } }
        .min(by: indexes.order.isBefore)
      guard let oldest, let record = records[oldest.slot] else { break }
      remove(record)
      removed.append(record.task.id)
    }
    return removed
  }
}
