import CompanionDomain
import CompanionPorts

/// Everything that an ``InMemoryStore`` holds.
struct StoredContent {
  private enum Undo {
    case conversations(StoredConversations.Undo)
    case tasks(StoredTasks.Undo)
    case ledger(StoredLedger.Undo)
  }

  private(set) var conversations = StoredConversations()
  var tasks = StoredTasks()
  private(set) var ledger = StoredLedger()

  /// Applies all changes or none.
  ///
  /// - Returns: what the inserted and changed tasks are now.
  mutating func apply(
    _ changes: [ChangeSet.Change], at now: Timestamp
  ) throws(StoreFailure) -> [TaskChange] {
    var undos: [Undo] = []
    var changed: [TaskChange] = []
    do throws(StoreFailure) {
      for index in changes.indices {
        // Nothing can fail behind the last.
        let isFinal = index == changes.count - 1
        if let undo = try apply(changes[index], at: now, &changed, isFinal: isFinal) { undos.append(undo) }
      }
    } catch {
      for undo in undos.reversed() { revert(undo) }
      throw error
    }
    return changed
  }

  private mutating func apply(
    _ change: ChangeSet.Change, at now: Timestamp, _ changed: inout [TaskChange], isFinal: Bool
  ) throws(StoreFailure) -> Undo? {
    switch change {
    case .insertSession(let session): return .conversations(try conversations.insert(session))
    case .append(let messages, let session, let after):
      return .conversations(try conversations.append(messages, to: session, after: after))
    case .amend(let sequence, let amendment, let session, let time):
      return .conversations(try conversations.amend(sequence, amendment, in: session, at: time))
    case .extendDraft(let draft, let session, let offset):
      return .conversations(try conversations.extendDraft(draft, of: session, offset: offset))
    case .discardDraft(let session): return .conversations(conversations.discardDraft(of: session))
    case .insertTask(let task):
      return .tasks(try tasks.insert(task, &changed))
    case .transition(let id, let transition, let revision):
      let undo = try tasks.apply(
        transition, to: id, revision: revision, at: now, &changed, isFinal: isFinal)
      return undo.map { .tasks($0) }
    case .removeTask(let id): return .tasks(try tasks.remove(id))
    case .pauseTasks(let kind): return .tasks(tasks.setPause(kind, true))
    case .resumeTasks(let kind): return .tasks(tasks.setPause(kind, false))
    case .moveSchedule(let schedule, let from, let to):
      return .tasks(try tasks.moveSchedule(schedule, from: from, to: to))
    case .enterCall(let entry): return ledger.enter(entry).map { .ledger($0) }
    case .pruneLedger(let time): return ledger.prune(before: time).map { .ledger($0) }
    }
  }

  private mutating func revert(_ undo: Undo) {
    switch undo {
    case .conversations(let undo): conversations.revert(undo)
    case .tasks(let undo): tasks.revert(undo)
    case .ledger(let undo): ledger.revert(undo)
    }
  }
}
