import CompanionDomain
import CompanionPorts

extension WriteConnection {
  private static let nextStart = SQL(
    """
    SELECT not_before FROM tasks INDEXED BY tasks_to_come WHERE state = 'queued' AND is_ready = 0
    ORDER BY not_before LIMIT 1
    """)
  private static let letIn = SQL(
    """
    UPDATE tasks INDEXED BY tasks_to_come SET is_ready = 1
    WHERE state = 'queued' AND is_ready = 0 AND not_before <= ?
    """)
  private static let sendBack = SQL("UPDATE tasks SET is_ready = 0 WHERE key = ?")
  private static let nextKind = SQL(
    "SELECT kind FROM tasks INDEXED BY tasks_in_line WHERE is_ready = 1 AND kind > ? ORDER BY kind LIMIT 1")
  private static let line = SQL(
    """
    SELECT key, rank, id, deadline, not_before FROM tasks INDEXED BY tasks_in_line
    WHERE is_ready = 1 AND kind = ? ORDER BY rank, id
    """)

  /// A task that stands in the line.
  private struct Candidate {
    var key: Int64
    var rank: Timestamp
    var id: TaskID
    var attemptLimit: Duration?
  }

  /// What a line has for a claim.
  private struct Candidates {
    var tasks: [Candidate] = []
    /// Those that came into the line before a clock was set back.
    var early: [Int64] = []
  }

  /// Claims tasks, at the cost of their number and that of the kinds, and of those that are passed over
  /// because their own deadline has passed.
  func claim(_ claim: TaskClaim, at now: Timestamp) throws(StoreFailure) -> ClaimedTasks {
    var nextDue = try nextStart()
    if let due = nextDue, due <= now {
      hasChangedTasks = true
      try connection.run(Self.letIn, [.time(now)])
      nextDue = try nextStart()
    }
    let candidates = try candidates(for: claim, at: now)
    if !candidates.early.isEmpty {
      for key in candidates.early { try connection.run(Self.sendBack, [.integer(key)]) }
      nextDue = try nextStart()
    }
    var changes: [TaskChange] = []
    for candidate in candidates.tasks {
      let task = try task(at: candidate.key)
      let transition = TaskTransition.claim(
        by: claim.worker, leaseLength: claim.leaseLength, attemptLimit: candidate.attemptLimit)
      let change: TaskChange
      do throws(TransitionRefusal) { change = try task.applying(transition, at: now) } catch {
        throw .corrupt("task \(task.id) is in the line, and cannot be claimed: \(error)")
      }
      try store(change, of: task, at: candidate.key, now: now)
      changes.append(change)
    }
    hasChangedTasks = hasChangedTasks || !changes.isEmpty
    isIdle = changes.isEmpty
    return ClaimedTasks(changes: changes, now: now, nextDue: nextDue)
  }

  /// What a claim gives that would find nothing, all of it of one moment; `nil` for one that may find
  /// something.
  func emptyClaim(_ claim: TaskClaim, at now: Timestamp) throws(StoreFailure) -> ClaimedTasks? {
    guard isIdle else { return nil }
    try noticeOthers()
    return try connection.snapshot { () throws(StoreFailure) in
      let nextDue = try nextStart()
      if let nextDue, nextDue <= now { return nil }
      var first = claim
      first.limit = min(claim.limit, 1)
      let candidates = try candidates(for: first, at: now)
      guard candidates.tasks.isEmpty, candidates.early.isEmpty else { return nil }
      return ClaimedTasks(changes: [], now: now, nextDue: nextDue)
    }
  }

  private func candidates(for claim: TaskClaim, at now: Timestamp) throws(StoreFailure) -> Candidates {
    var found = Candidates()
    let pause = try pausedTasks()
    guard claim.limit > 0, !pause.all else { return found }
    var lines = 0
    for kind in try kinds(for: claim) where !pause.kinds.contains(kind) {
      guard let room = claim.room(for: kind), room.limit > 0 else { continue }
      let before = found.tasks.count
      try look(along: kind, room, limit: min(room.limit, claim.limit), at: now, &found)
      if found.tasks.count > before { lines += 1 }
    }
    // Each line is in order by itself.
    if lines > 1 { found.tasks.sort { ($0.rank, $0.id) < ($1.rank, $1.id) } }
    if found.tasks.count > claim.limit { found.tasks.removeLast(found.tasks.count - claim.limit) }
    return found
  }

  /// The kinds that a claim may have tasks of: those that are named, or all that stand in the line.
  private func kinds(for claim: TaskClaim) throws(StoreFailure) -> [TaskKind] {
    guard claim.others != nil else { return Array(claim.kinds.keys) }
    var kinds: [TaskKind] = []
    while let kind = try nextKind(after: kinds.last) { kinds.append(kind) }
    return kinds
  }

  private func nextKind(after kind: TaskKind?) throws(StoreFailure) -> TaskKind? {
    try connection.row(Self.nextKind, [.text(kind?.rawValue ?? "")]) { row throws(StoreFailure) in
      try row.value(0)
    }
  }

  private func look(
    along kind: TaskKind, _ room: TaskClaim.Room, limit: Int, at now: Timestamp, _ found: inout Candidates
  ) throws(StoreFailure) {
    var left = limit
    try connection.forEachRow(Self.line, [.text(kind.rawValue)]) { row throws(StoreFailure) in
      if let deadline = try row.optionalTime(3), deadline <= now { return true }
      let key = try row.integer(0)
      if let notBefore = try row.optionalTime(4), notBefore > now {
        found.early.append(key)
        return true
      }
      found.tasks.append(
        Candidate(key: key, rank: try row.time(1), id: try row.value(2), attemptLimit: room.attemptLimit))
      left -= 1
      return left > 0
    }
  }

  private func nextStart() throws(StoreFailure) -> Timestamp? {
    try connection.row(Self.nextStart) { row throws(StoreFailure) in try row.time(0) }
  }
}
