import CompanionApplication
import CompanionDomain
import CompanionPorts
import FoundationEssentials
import Synchronization

extension ChatWitness {
  /// Takes what the store has accepted.
  ///
  /// - Parameter changed: the tasks as the changes have left them.
  func note(_ changes: ChangeSet, _ changed: [TaskChange]) {
    for change in changed {
      guard case .waiting? = change.event?.kind, let asked = TaskQuestion(of: change.task) else { continue }
      question.yield(asked)
    }
    var cleared: Set<SessionID> = []
    for change in changes.changes {
      switch change {
      case .append(let messages, let session, _): note(messages, in: session)
      case .putState(let record): note(record, cleared: cleared)
      case .eraseSession(let session):
        tell("store: \(session) is erased")
        state.withLock { _ = $0.closed.remove(session) }
        noteClearing(of: session)
      case .removeStates(of: .session(let session), _):
        cleared.insert(session)
        noteClearing(of: session)
      case .amend(let sequence, .edit, let session, _):
        guard state.withLock({ $0.closed.contains(session) }) else { continue }
        report(.closedTakesNothing, "\(session) is closed, and message \(sequence.rawValue) is edited")
      case .eraseMessage(let sequence, let session, _):
        tell("store: message \(sequence.rawValue) of \(session) is erased")
      default: break
      }
    }
  }

  private func note(_ messages: [ChatMessage], in session: SessionID) {
    for message in messages {
      notes.combine(message.text)
      tell(
        "store: \(session) #\(message.sequence.rawValue) \(message.origin) \(message.completion): \(message.text.prefix(60))"
      )
      if message.origin == .person, let mark = TextMark.all(in: message.text).last {
        state.withLock { $0.marks[message.turn] = $0.marks[message.turn] ?? mark }
      }
      guard message.isOfChat, state.withLock({ $0.closed.contains(session) }) else { continue }
      report(.closedTakesNothing, "\(session) is closed, and takes “\(message.text.prefix(60))”")
    }
  }

  private func noteClosing(of session: SessionID) {
    let now = time.now
    state.withLock { state in
      state.closed.insert(session)
      for place in state.deliveries.indices where state.deliveries[place].session == session {
        state.deliveries[place].closedAt = state.deliveries[place].closedAt ?? now
      }
    }
  }

  /// - Parameter cleared: the conversations of which something is forgotten with it.
  private func note(_ record: StateRecord, cleared: Set<SessionID>) {
    notes.combine(record.json)
    switch (record.key.owner, record.key.kind) {
    case (.session(let session), .session):
      guard let details = try? JSONDecoder().decode(SessionDetails.self, from: Data(record.json.utf8)) else {
        return
      }
      tell("store: \(session) is \(details.closing == nil ? "open" : "closed")")
      if details.closing == nil {
        state.withLock { _ = $0.closed.remove(session) }
      } else {
        noteClosing(of: session)
      }
    case (.session(let session), .context):
      guard !cleared.contains(session), state.withLock({ $0.closed.contains(session) }) else { return }
      report(.closedTakesNothing, "\(session) is closed, and what is known of it changes")
    case (.session, .understood):
      guard let kept = try? JSONDecoder().decode(UnderstoodMessage.self, from: Data(record.json.utf8)) else {
        return
      }
      noteKept(kept)
    case (.task, .approval):
      guard let approval = try? JSONDecoder().decode(Approval.self, from: Data(record.json.utf8)) else {
        return
      }
      note(approval)
    default: break
    }
  }

  private func note(_ approval: Approval) {
    tell("store: approval \(approval.id): \(approval.decision.map { "\($0)" } ?? "asked for")")
    let known = state.withLock { state in
      defer { state.approvals[approval.id] = approval }
      for mark in TextMark.all(in: approval.call.arguments) { state.asked[mark] = approval.id }
      return state.approvals[approval.id]
    }
    if let decision = known?.decision, decision != approval.decision {
      report(
        .decidedOnce,
        "\(approval.id) was \(decision), and is \(approval.decision.map { "\($0)" } ?? "open") now")
    }
    if known == nil, approval.decision == nil { request.yield(approval) }
  }
}

extension ChatMessage {
  /// Whether somebody has said it, or was answered by it. What a task brings comes later, and so does what a crash has cut.
  fileprivate var isOfChat: Bool {
    switch origin {
    case .person, .announcement: true
    case .model: completion != .interrupted(.crashed)
    default: false
    }
  }
}

/// The store itself, as all processes share it: tells a witness of everything that it has accepted.
struct ChatWitnessedStore: StoreWrapper {
  let base: any CompanionStore
  let witness: ChatWitness

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let changed = try await base.commit(changes)
    witness.note(changes, changed)
    return changed
  }
}
