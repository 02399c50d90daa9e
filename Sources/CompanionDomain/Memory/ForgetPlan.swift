/// What goes with what is forgotten, and what changes for what stays.
///
/// Whoever adds a place where text is kept adds it here, to what gathers the plan, and to the test that looks for
/// a forgotten word everywhere.
package struct ForgetPlan: Hashable, Sendable {
  /// The conversations that go whole.
  package var sessions: Set<SessionID> = []
  /// The conversations that stay, and are not the person's any more.
  package var disowned: Set<SessionID> = []
  /// What goes of the other conversations.
  package var logs: [SessionID: LogErasure] = [:]
  /// The conversations that stay, and whose draft of an answer goes.
  package var drafts: Set<SessionID> = []
  /// The conversations that stay, and whose states go, but for what has no words in it; see ``clearings(with:)``.
  package var cleared: Set<SessionID> = []
  /// The states of them that stay, as they are without words, where they have any.
  package var wordless: [StateRecord] = []
  /// The states of them that stay as they are, or are not there: nobody is to change them meanwhile.
  package var unchanged: [Unchanged] = []
  /// The tasks that go.
  package var tasks: Set<TaskID> = []
  /// The memories that go.
  package var memories: Set<MemoryKey> = []
  /// The facts that go.
  package var facts: Set<FactID> = []
  /// What changes about facts that stay.
  package var corrections: [FactCorrection] = []
  /// The documents that go.
  package var documents: Set<DocumentID> = []
  /// Which passes have to read which logs again.
  package var restarts: [PassRestart] = []

  /// A state, and its version; 0 for one that is not there.
  package struct Unchanged: Hashable, Sendable {
    package var key: StateKey
    package var version: Int64

    package init(_ key: StateKey, version: Int64) {
      self.key = key
      self.version = version
    }
  }

  package init() {}

  /// Whether there is nothing to do.
  package var isEmpty: Bool {
    sessions.isEmpty && disowned.isEmpty && logs.values.allSatisfy(\.words.isEmpty) && drafts.isEmpty
      && tasks.isEmpty && memories.isEmpty
      && facts.isEmpty && corrections.isEmpty && documents.isEmpty && restarts.isEmpty
  }

  /// The conversations that stay, and of which something goes: their summary, or what they share with their tasks, may
  /// repeat it, and says nothing of where it has it from.
  ///
  /// - Parameter tasks: the tasks that go.
  package func clearings(with tasks: [GenerationTask]) -> Set<SessionID> {
    var touched = disowned.union(drafts)
    touched.formUnion(logs.filter { !$0.value.words.isEmpty }.keys)
    for task in tasks {
      guard case .conversation(let session, _) = task.request.requester, logs[session] != nil else {
        continue
      }
      touched.insert(session)
    }
    return touched.subtracting(sessions)
  }

  /// Whether a task goes: a conversation or a turn asked for it that does.
  package func covers(_ task: GenerationTask) -> Bool {
    guard case .conversation(let session, let turn) = task.request.requester else { return false }
    return sessions.contains(session) || logs[session]?.turns.contains(turn) == true
  }

  /// Whether a fact goes because its source does.
  package func covers(_ source: FactSource) -> Bool {
    if let session = source.session, sessions.contains(session) { return true }
    guard case .message(let quote) = source else { return false }
    return logs[quote.session]?.messages.contains(quote.sequence) == true
  }
}

/// What goes of a log whose conversation stays.
package struct LogErasure: Hashable, Sendable {
  /// The messages.
  package var messages: Set<SequenceNumber>
  /// Those of them of which there are words.
  package var words: Set<SequenceNumber>
  /// Their turns.
  package var turns: Set<TurnID>
  /// The last message that was known: a log that has grown is to be looked at again.
  package var end: SequenceNumber

  package init(_ traces: [LogTrace], end: SequenceNumber) {
    messages = Set(traces.map(\.sequence))
    words = Set(traces.filter(\.hasWords).map(\.sequence))
    turns = Set(traces.map(\.turn))
    self.end = end
  }
}

extension ForgetTarget {
  /// What becomes of a conversation.
  package enum Erasure: Hashable, Sendable {
    case none
    case messages(LogErasure)
    case whole
  }

  /// What becomes of a conversation in which not everything goes without a look.
  ///
  /// A conversation of a person's in which nobody else has said anything goes whole.
  package func erasure(of session: ChatSession, _ traces: [LogTrace]) -> Erasure {
    let forgotten: [LogTrace]
    if case .message(let sequence, session.id) = self {
      forgotten = traces.traces(of: sequence)
    } else if let person {
      let isAlone = traces.allSatisfy { $0.speaker == nil || $0.speaker == person }
      if session.user == person, isAlone { return .whole }
      forgotten = traces.traces(of: person)
    } else {
      forgotten = []
    }
    return forgotten.isEmpty ? .none : .messages(LogErasure(forgotten, end: session.lastSequence))
  }
}
