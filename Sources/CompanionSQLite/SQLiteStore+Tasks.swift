public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// A task, or `nil`: one lookup in an index.
  public func task(_ id: TaskID) async throws(StoreFailure) -> GenerationTask? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        "SELECT \(TaskRow.columns) FROM tasks WHERE id = ?", [.text(id.rawValue)], read: TaskRow.task)
    }
  }

  /// The newest tasks in some states; only those are read.
  public func tasks(
    in states: Set<TaskStateName>, limit: Int
  ) async throws(StoreFailure) -> [GenerationTask] {
    try await readers.read { connection throws(StoreFailure) in
      guard !states.isEmpty else { return [] }
      // A branch for each state: SQLite merges them as their index has them, where one branch for all states
      // would be sorted.
      let branch = "SELECT \(TaskRow.columns) FROM tasks WHERE state = ?"
      let branches = Array(repeating: branch, count: states.count).joined(separator: " UNION ALL ")
      return try connection.rows(
        "\(branches) ORDER BY created_at DESC, id DESC LIMIT ?",
        states.map { .text($0.rawValue) } + [.integer(max(0, limit))], read: TaskRow.task)
    }
  }

  /// How many tasks are in some states, counted in an index.
  public func taskCount(in states: Set<TaskStateName>) async throws(StoreFailure) -> Int {
    try await readers.read { connection throws(StoreFailure) in
      var count = 0
      for state in states {
        count +=
          try connection.row("SELECT count(*) FROM tasks WHERE state = ?", [.text(state.rawValue)]) {
            row throws(StoreFailure) in Int(try row.integer(0))
          } ?? 0
      }
      return count
    }
  }

  /// Claims tasks in one transaction that locks out the writers of all processes. Only tasks that are
  /// claimed, and those with an expired lease, are looked at.
  public func claim(
    limit: Int, worker: WorkerID, leaseLength: Duration
  ) async throws(StoreFailure) -> [GenerationTask] {
    let time = time
    return try await writer.write { connection throws(StoreFailure) in
      // Here, because the wait for other processes is over.
      let now = time.now
      var claimed: [GenerationTask] = []
      for task in try connection.claimable(at: now, limit: limit) {
        guard let task = try? task.applying(.claim(by: worker, leaseLength: leaseLength), at: now)
        else { continue }
        try connection.update(try TaskRow(task))
        claimed.append(task)
      }
      return claimed
    }
  }

  /// The first lease to expire: one lookup in an index.
  public func nextLeaseExpiry() async throws(StoreFailure) -> Timestamp? {
    try await readers.read { connection throws(StoreFailure) in
      try connection.row(
        """
        SELECT lease_expires_at FROM tasks WHERE lease_expires_at IS NOT NULL
        ORDER BY lease_expires_at LIMIT 1
        """
      ) { row throws(StoreFailure) in try row.time(0) }
    }
  }
}

extension Connection {
  /// The tasks that ``GenerationTask/isClaimable(at:)`` holds for, in the order in which they wait.
  fileprivate func claimable(at now: Timestamp, limit: Int) throws(StoreFailure) -> [GenerationTask] {
    try rows(
      """
      SELECT \(TaskRow.columns) FROM tasks WHERE state = ?
      UNION ALL SELECT \(TaskRow.columns) FROM tasks WHERE lease_expires_at <= ?
      ORDER BY created_at, id LIMIT ?
      """,
      [.text(TaskStateName.queued.rawValue), .time(now), .integer(max(0, limit))], read: TaskRow.task)
  }
}
