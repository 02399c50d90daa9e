import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// Claims tasks in one transaction that locks out the writers of all processes. Only tasks that are
  /// claimed, and those whose own deadline has passed, are looked at.
  public func claim(_ claim: TaskClaim) async throws(StoreFailure) -> ClaimedTasks {
    let time = time
    let body = WriteBody<ClaimedTasks>(
      reading: { file throws(StoreFailure) in try file.emptyClaim(claim, at: time.now) },
      // The time is read here because the wait for other processes is over.
      writing: { file throws(StoreFailure) in try file.claim(claim, at: time.now) })
    return try await writer.write(body, isSmall: claim.limit <= 16)
  }

  /// Removes tasks that ended long ago, with their events, some at a time, so that other writes come between.
  public func pruneTasks(
    finishedFor: Duration, deadFor: Duration, limit: Int
  ) async throws(StoreFailure) -> Int {
    let time = time
    var removed = 0
    while removed < limit {
      let batch = min(limit - removed, Self.pruneBatch)
      let body = WriteBody { file throws(StoreFailure) in
        try file.prune(finishedFor: finishedFor, deadFor: deadFor, limit: batch, at: time.now)
      }
      let count = try await writer.write(body, isSmall: false)
      removed += count
      if count < batch { break }
    }
    return removed
  }

  private static let pruneBatch = 200
}

extension WriteConnection {
  private static let ended = SQL(
    """
    SELECT key, ended_at, id FROM tasks WHERE state = 'completed' AND ended_at <= ?1
    UNION ALL SELECT key, ended_at, id FROM tasks WHERE state = 'cancelled' AND ended_at <= ?1
    UNION ALL SELECT key, ended_at, id FROM tasks WHERE state = 'deadLettered' AND ended_at <= ?2
    ORDER BY 2, 3 LIMIT ?3
    """)

  fileprivate func prune(
    finishedFor: Duration, deadFor: Duration, limit: Int, at now: Timestamp
  ) throws(StoreFailure) -> Int {
    var keys: [Int64] = []
    try connection.forEachRow(
      Self.ended,
      [
        .time(now.advanced(by: .zero - finishedFor)), .time(now.advanced(by: .zero - deadFor)),
        .integer(limit),
      ]
    ) { row throws(StoreFailure) in
      keys.append(try row.integer(0))
      return true
    }
    for key in keys { try removeTask(at: key) }
    hasChangedTasks = hasChangedTasks || !keys.isEmpty
    return keys.count
  }
}
