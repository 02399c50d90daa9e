import CompanionDomain
import CompanionPorts

extension StoredTasks {
  /// A line that is claimed from, and how far it has been looked through.
  private struct Line {
    var kind: Int
    var index: OrderedIndex<TaskKey>.Index
    var left: Int
    var attemptLimit: Duration?
  }

  /// Claims the tasks of the lowest rank for which there is room, at the cost of their number times that of
  /// the kinds, and of those that are passed over because their own deadline has passed.
  mutating func claim(_ claim: TaskClaim, at now: Timestamp) -> ClaimedTasks {
    indexes.moveHorizon(to: now, of: records)
    let chosen = chosen(for: claim, at: now)
    var changes: [TaskChange] = []
    changes.reserveCapacity(chosen.count)
    for (record, attemptLimit) in chosen {
      let transition = TaskTransition.claim(
        by: claim.worker, leaseLength: claim.leaseLength, attemptLimit: attemptLimit)
      // Nothing else can have taken it: it was claimable just now.
      guard let change = try? apply(transition, to: record, at: now) else { continue }
      changes.append(change)
    }
    return ClaimedTasks(changes: changes, now: now, nextDue: indexes.byStart.firstTime(after: now))
  }

  private func chosen(
    for claim: TaskClaim, at now: Timestamp
  ) -> [(record: TaskRecord, attemptLimit: Duration?)] {
    var lines: [Line] = []
    for (number, entry) in indexes.kinds.enumerated() where !entry.line.isEmpty && !pause.covers(entry.kind) {
      guard let room = claim.room(for: entry.kind), room.limit > 0 else { continue }
      let line = Line(
        kind: number, index: entry.line.startIndex, left: room.limit, attemptLimit: room.attemptLimit)
      if let line = skippingOverdue(line, at: now) { lines.append(line) }
    }
    var chosen: [(record: TaskRecord, attemptLimit: Duration?)] = []
    while chosen.count < claim.limit,
      let next = lines.indices.min(by: { indexes.order.isBefore(head($0), head($1)) })
    {
      if let record = records[head(next).slot] { chosen.append((record, lines[next].attemptLimit)) }
      lines[next].left -= 1
      indexes.kinds[lines[next].kind].line.formIndex(after: &lines[next].index)
      if lines[next].left > 0, let line = skippingOverdue(lines[next], at: now) {
        lines[next] = line
      } else {
        lines.remove(at: next)
      }
    }
    return chosen

    func head(_ number: Int) -> TaskKey { indexes.kinds[lines[number].kind].line[lines[number].index] }
  }

  /// A line from its next task on that is still of use; `nil` at its end.
  private func skippingOverdue(_ line: Line, at now: Timestamp) -> Line? {
    var line = line
    while line.index < indexes.kinds[line.kind].line.endIndex {
      let slot = indexes.kinds[line.kind].line[line.index].slot
      if records[slot]?.task.isOverdue(at: now) == false { return line }
      indexes.kinds[line.kind].line.formIndex(after: &line.index)
    }
    return nil
  }
}
