/// A session with the end of its log, and the rules by which the log grows.
///
/// It is a value: what it returns is stored first, and only then taken in with ``take(_:)``, so that memory
/// never runs ahead of the store.
public struct Conversation: Sendable {
  /// The session's name.
  public let id: SessionID
  /// How much of the log is in ``hot``, and how much of that a model is sent.
  public let policy: HistoryPolicy
  /// The place of the last message of the log.
  public private(set) var lastSequence: SequenceNumber
  /// What has happened to the log so far: another one, where the log has grown or was amended since it was read.
  public private(set) var revision: LogRevision
  /// The newest messages, in order and without a gap; at most ``HistoryPolicy/hot``.
  public private(set) var hot: [ChatMessage]

  /// A conversation with the end of its stored log.
  ///
  /// - Parameter newest: the newest messages of the log in order. What does not continue without a gap to
  ///   the session's last message is left out.
  public init(session: ChatSession, newest: [ChatMessage], policy: HistoryPolicy = .standard) {
    id = session.id
    self.policy = policy
    lastSequence = session.lastSequence
    revision = session.revision
    var contiguous: [ChatMessage] = []
    var expected = session.lastSequence
    for message in newest.suffix(policy.hot).reversed() {
      guard message.sequence == expected else { break }
      contiguous.append(message)
      expected = SequenceNumber(rawValue: expected.rawValue - 1)
    }
    hot = contiguous.reversed()
  }

  /// The next message of the log, not yet taken in.
  ///
  /// - Parameter offset: how many new messages go before this one.
  public func message(
    _ role: ChatMessage.Role,
    _ parts: [MessagePart],
    turn: TurnID,
    origin: ChatMessage.Origin,
    completion: ChatMessage.Completion = .complete,
    at time: Timestamp,
    offset: Int = 0
  ) -> ChatMessage {
    ChatMessage(
      sequence: SequenceNumber(rawValue: lastSequence.rawValue + 1 + Int64(offset)),
      turn: turn, role: role, parts: parts, time: time, completion: completion, origin: origin)
  }

  /// The messages that end an answer: the answer itself, and an interrupted result for each tool call that
  /// it leaves open.
  public func answer(
    _ parts: [MessagePart],
    turn: TurnID,
    completion: ChatMessage.Completion,
    at time: Timestamp
  ) -> [ChatMessage] {
    let answer = message(.assistant, parts, turn: turn, origin: .model, completion: completion, at: time)
    return [answer] + results(for: ToolPairing.missingResults(in: [answer]), turn: turn, at: time, offset: 1)
  }

  /// What a session needs appended before it goes on after a crash: the delivered part of an answer that
  /// was being streamed, and a result for every tool call left without one.
  public func repairs(draft: AnswerDraft?, at time: Timestamp) -> [ChatMessage] {
    var messages: [ChatMessage] = []
    if let orphan = hot.last(where: { !$0.toolCalls.isEmpty }) {
      let tail = hot.drop { $0.sequence < orphan.sequence }
      messages += results(for: ToolPairing.missingResults(in: tail), turn: orphan.turn, at: time, offset: 0)
    }
    if let draft, !draft.text.isEmpty {
      var delivered = message(
        .assistant, [.text(draft.text)], turn: draft.turn, origin: .model,
        completion: .interrupted(.crashed), at: time, offset: messages.count)
      // Nobody knows any more whether it was; what may repeat a memory must not become one.
      delivered.isReminded = true
      messages.append(delivered)
    }
    return messages
  }

  /// The person's newest message, when nothing has answered it: not an answer, not a part of one, not the
  /// announcement of a task. What a task of an earlier turn has brought back is no answer to it. One that was deleted
  /// wants none.
  public var unanswered: ChatMessage? {
    guard let newest = hot.last(where: { $0.role == .user }), !newest.isDeleted else { return nil }
    let isAnswered = hot.contains { $0.turn == newest.turn && $0.role == .assistant }
    return isAnswered ? nil : newest
  }

  /// Takes in messages that have been stored.
  ///
  /// - Returns: `false`, having changed nothing, when they do not continue the log.
  public mutating func take(_ messages: [ChatMessage]) -> Bool {
    var expected = lastSequence.next
    for message in messages {
      guard message.sequence == expected else { return false }
      expected = expected.next
    }
    hot += messages
    lastSequence = messages.last?.sequence ?? lastSequence
    revision = LogRevision(rawValue: revision.rawValue &+ Int64(messages.count))
    if hot.count > policy.hot { hot.removeFirst(hot.count - policy.trimmed) }
    return true
  }

  private func results(
    for results: [ToolResult], turn: TurnID, at time: Timestamp, offset: Int
  ) -> [ChatMessage] {
    results.enumerated().map { index, result in
      message(.tool, [.toolResult(result)], turn: turn, origin: .repair, at: time, offset: offset + index)
    }
  }
}
