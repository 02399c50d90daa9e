import CompanionApplication
import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// A mistake that whoever lets people talk with a model is known to make, to show that a simulation finds it.
@nonexhaustive
public enum PlantedChatFlaw: String, Hashable, Sendable, CaseIterable {
  /// What a message asks for is asked a second time.
  case understandTwice = "understand-twice"
  /// Nobody keeps what a message asks for.
  case forgetUnderstanding = "forget-understanding"
  /// A call of a tool goes to the model without its result.
  case loseResult = "lose-result"
  /// A task ends, and its open calls are left without a result.
  case leaveCallsOpen = "leave-calls-open"
  /// Every tool counts as one that may be called again.
  case repeatCalls = "repeat-calls"
  /// Nobody is asked for permission.
  case skipApproval = "skip-approval"
  /// What was decided about a call is decided anew when somebody else answers.
  case decideTwice = "decide-twice"
  /// A task goes on without the answer that it was given.
  case loseAnswer = "lose-answer"
  /// The limit of prompts is not kept.
  case forgetPromptLimit = "forget-prompt-limit"
  /// More is kept of an answer than was delivered.
  case keepUndelivered = "keep-undelivered"
  /// A part of what was delivered is not kept.
  case dropDelivered = "drop-delivered"
  /// A model that is told to stop does not come back for a while.
  case ignoreStop = "ignore-chat-stop"
  /// Messages come into a conversation that was closed.
  case forgetClosing = "forget-closing"
  /// Nobody looks for what a crash has left without an answer.
  case forgetResume = "forget-resume"
  /// What was made of forgotten words stays.
  case keepStates = "keep-states"
  /// Forgotten words stay in the log.
  case keepWords = "keep-words"
  /// The log does not tell of something that has happened to it.
  case skipLogEvent = "skip-log-event"

  /// What becomes of a configuration on its way to whoever has to keep to it.
  func distorted(_ configuration: CompanionConfiguration) -> CompanionConfiguration {
    var configuration = configuration
    if self == .forgetPromptLimit { configuration.prompts.limit *= 4 }
    return configuration
  }
}

/// A store that does not do what it is asked; see ``PlantedChatFlaw``.
struct FlawedChatStore: StoreWrapper {
  let base: any CompanionStore
  let flaw: PlantedChatFlaw

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    var rewritten: [ChangeSet.Change] = []
    let endsTask = changes.changes.contains { if case .transition = $0 { true } else { false } }
    for change in changes.changes {
      if let change = try await rewrite(change, endsTask: endsTask) { rewritten.append(change) }
    }
    return try await base.commit(ChangeSet(rewritten))
  }

  private func rewrite(
    _ change: ChangeSet.Change, endsTask: Bool
  ) async throws(StoreFailure) -> ChangeSet.Change? {
    switch (flaw, change) {
    case (.leaveCallsOpen, .putState(let record))
    where record.key.kind == .round && record.json.contains("the task has ended"):
      return nil
    case (.loseAnswer, .transition(let task, .wake(.some), let revision)):
      return .transition(task, .wake(input: nil), revision: revision)
    case (.decideTwice, .putState(var record)) where record.key.kind == .approval:
      record.version = (try await base.state(record.key)?.version ?? 0) + 1
      return .putState(record)
    case (.keepUndelivered, .append(let messages, let session, let place)):
      return .append(
        messages.map { $0.rewritten { $0 + "And so on. " } }, to: session, after: place)
    case (.dropDelivered, .append(let messages, let session, let place)):
      return .append(
        messages.map { $0.rewritten { String($0.prefix(max(1, $0.count / 2))) } }, to: session, after: place)
    case (.forgetUnderstanding, .putState(let record)) where record.key.kind == .understood: return nil
    case (.keepStates, .removeStates), (.keepWords, .eraseMessage): return nil
    default: return change
    }
  }

  func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? {
    guard var record = try await base.state(key) else { return nil }
    if flaw == .forgetClosing, key.kind == .session,
      var details = try? JSONDecoder().decode(SessionDetails.self, from: Data(record.json.utf8))
    {
      details.closing = nil
      record.json =
        (try? JSONEncoder().encode(details)).map { String(decoding: $0, as: UTF8.self) } ?? record.json
    }
    if flaw == .decideTwice, key.kind == .approval,
      let approval = try? JSONDecoder().decode(Approval.self, from: Data(record.json.utf8)),
      case .approved? = approval.decision
    {
      // As it was asked for.
      let open = Approval(
        id: approval.id, session: approval.session, call: approval.call, effect: approval.effect,
        summary: approval.summary, requestedAt: approval.requestedAt, expiresAt: approval.expiresAt)
      record.json =
        (try? JSONEncoder().encode(open)).map { String(decoding: $0, as: UTF8.self) } ?? record.json
    }
    return record
  }

  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    let events = try await base.logEvents(in: session, after: after, limit: limit)
    return flaw == .skipLogEvent ? events.filter { $0.revision.rawValue != 3 } : events
  }
}

extension ChatMessage {
  /// The message with other words, if it is a part of an answer.
  fileprivate func rewritten(_ words: (String) -> String) -> ChatMessage {
    guard case .interrupted = completion, origin == .model, !text.isEmpty else { return self }
    var message = self
    message.parts = [.text(words(text))]
    return message
  }
}
