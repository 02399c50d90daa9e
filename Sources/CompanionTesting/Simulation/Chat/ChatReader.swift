package import CompanionApplication
package import CompanionDomain
package import CompanionPorts
import FoundationEssentials

/// Reads all that a store has of conversations and their tasks.
package struct ChatReader: Sendable {
  private let store: any CompanionStore

  package init(store: any CompanionStore) { self.store = store }

  private static let page = 100

  package func sessions() async throws(StoreFailure) -> [ChatSession] {
    try await store.sessions(limit: 10_000).sorted { $0.id < $1.id }
  }

  /// The messages of a conversation, oldest first.
  package func messages(in session: ChatSession) async throws(StoreFailure) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    var before: SequenceNumber?
    repeat {
      let page = try await store.messages(in: session.id, before: before, limit: Self.page)
      messages = page + messages
      before = page.count < Self.page ? nil : page.first?.sequence
    } while before != nil
    return messages
  }

  /// The part of an answer that a crash has left, as it comes into the log when the conversation is opened.
  func draftedAnswer(in session: ChatSession) async throws(StoreFailure) -> ChatMessage? {
    guard let draft = try await store.draft(in: session.id), !draft.text.isEmpty else { return nil }
    return ChatMessage(
      sequence: session.lastSequence.next, turn: draft.turn, role: .assistant, parts: [.text(draft.text)],
      time: draft.startedAt, completion: .interrupted(.crashed), origin: .model)
  }

  /// What the events of a log lead to, from the first on.
  package func replayed(
    _ session: SessionID
  ) async throws(StoreFailure) -> (messages: [ChatMessage], revisions: [Int64]) {
    var messages: [ChatMessage] = []
    var revisions: [Int64] = []
    var last = LogRevision.zero
    while true {
      let page = try await store.logEvents(in: session, after: last, limit: Self.page)
      guard let end = page.last else { return (messages, revisions) }
      for event in page {
        revisions.append(event.revision.rawValue)
        switch event.kind {
        case .appended: messages.append(event.message)
        default:
          let place = messages.firstIndex { $0.sequence == event.message.sequence }
          if let place { messages[place] = event.message }
        }
      }
      last = end.revision
    }
  }

  package func tasks() async throws(StoreFailure) -> [GenerationTask] {
    var tasks: [GenerationTask] = []
    var filter = TaskFilter(states: Set(TaskStateName.allCases))
    repeat {
      let page = try await store.tasks(matching: filter, limit: Self.page)
      tasks += page
      filter.after = page.count < Self.page ? nil : page.last?.id
    } while filter.after != nil
    return tasks
  }

  package func rounds(of task: TaskID) async throws(StoreFailure) -> [ToolRound] {
    try await states(of: .task(task), [.round]).compactMap { record in
      try? JSONDecoder().decode(ToolRound.self, from: Data(record.json.utf8))
    }
  }

  /// Everything that is written in a conversation.
  package func words(of session: ChatSession) async throws(StoreFailure) -> [String] {
    let draft = try await store.draft(in: session.id)
    let states = try await states(of: .session(session.id), [.session, .context, .summary, .understood])
    var texts = states.map(\.json) + [draft?.text ?? ""]
    var last = LogRevision.zero
    while true {
      let page = try await store.logEvents(in: session.id, after: last, limit: Self.page)
      guard let end = page.last else { return texts }
      texts += page.flatMap { $0.message.parts + $0.kind.oldParts }.map(\.written)
      last = end.revision
    }
  }

  /// The marks in what is known of a conversation besides.
  func context(of session: SessionID) async throws(StoreFailure) -> [TextMark] {
    try await states(of: .session(session), [.context]).flatMap { TextMark.all(in: $0.json) }
  }

  /// Everything that is written in a task.
  package func words(of task: GenerationTask) async throws(StoreFailure) -> [String] {
    let states = try await states(of: .task(task.id), [.round, .approval, "intent"])
    return states.map(\.json) + [task.request.payload.json, "\(task.state)", task.progress?.note ?? ""]
  }

  private func states(
    of owner: StateOwner, _ kinds: [StateKind]
  ) async throws(StoreFailure) -> [StateRecord] {
    var records: [StateRecord] = []
    for kind in kinds { records += try await store.states(of: owner, kind, after: nil, limit: 1_000) }
    return records
  }
}

extension MessagePart {
  fileprivate var written: String {
    switch self {
    case .text(let text): text
    case .toolCall(let call): call.arguments
    case .toolResult(let result): result.content
    @unknown default: ""
    }
  }
}
