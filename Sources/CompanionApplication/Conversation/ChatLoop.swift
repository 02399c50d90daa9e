package import CompanionDomain
package import CompanionPorts
import Synchronization

/// Owns one session's conversation: takes messages, one turn at a time, in the order they came.
///
/// A new message stops the answer before it. What the earlier message asked for is understood all the same,
/// and work that it calls for is handed over.
package final class ChatLoop: Sendable {
  /// What a turn answers.
  enum Subject: Sendable {
    case message(UserText, from: UserID?)
    /// The last message of the log, which a crash or a failure has left without an answer.
    case unanswered
  }

  private struct Entry: Sendable {
    let subject: Subject
    let reply: ReplyChannel
  }

  private struct State {
    var waiting: [Entry] = []
    var current: ReplyChannel?
    /// Those who wait until the present turn is over.
    var waitingForTurn: [CheckedContinuation<Void, Never>] = []
    /// Why no more messages are taken; `nil` while they are.
    var end: ChatFailure?
  }

  package let session: SessionID
  private let environment: Environment
  private let onTaskCreated: @Sendable () -> Void
  private let state = Mutex(State())
  private let wakeUp = WakeUp()

  package init(
    session: SessionID, environment: Environment, onTaskCreated: @escaping @Sendable () -> Void
  ) {
    self.session = session
    self.environment = environment
    self.onTaskCreated = onTaskCreated
  }

  /// Takes a message. Returns when it is in the log.
  ///
  /// - Parameter speaker: who says it; `nil` for the session's user.
  package func send(_ text: UserText, from speaker: UserID? = nil) async throws(ChatFailure) -> Reply {
    try await enqueue(.message(text, from: speaker), turn: environment.identifiers.next())
  }

  /// Answers the log's last message, which has no answer yet.
  package func answer(_ unanswered: ChatMessage) async throws(ChatFailure) -> Reply {
    try await enqueue(.unanswered, turn: unanswered.turn)
  }

  /// Stops the answer that is being given; what was delivered is kept.
  package func interrupt(_ reason: InterruptionReason) {
    state.withLock { $0.current }?.interrupt(reason)
  }

  /// Stops the answer that is being given, and waits until its turn is over: what was delivered is stored then.
  package func stopAnswer() async {
    interrupt(.stopped)
    await withCheckedContinuation { continuation in
      let isIdle = state.withLock { state in
        if state.current != nil { state.waitingForTurn.append(continuation) }
        return state.current == nil
      }
      if isIdle { continuation.resume() }
    }
  }

  /// Takes no more messages, refuses those that wait, and stops the present answer; ``run()`` then returns.
  package func finish() {
    refuseWaiting(.notRunning)
    interrupt(.shutdown)
    wakeUp()
  }

  /// Ends as ``finish()`` does, because there is no such session any more.
  package func noteErasure() {
    refuseWaiting(.unknownSession(session))
    interrupt(.stopped)
    wakeUp()
  }

  /// Works through the messages until ``finish()``. Cancellation ends it at once; what was delivered of an
  /// answer is stored even then.
  ///
  /// - Throws: why the session could not be opened, or a turn not be stored. Those who wait have been told;
  ///   the next message needs a new loop.
  package func run() async throws(ChatFailure) {
    defer {
      refuseWaiting(.notRunning)
      endTurn()
    }
    let log = environment.log(of: session)
    let open = OpenSession(log: log, time: environment.time, events: environment.events)
    var conversation: Conversation
    do {
      conversation = try await open()
    } catch {
      refuseWaiting(error)
      throw error
    }
    var understood: (turn: TurnID, intent: Intent)?
    while let entry = await next() {
      let turn = ChatTurn(
        subject: entry.subject, reply: entry.reply, log: log, environment: environment,
        onTaskCreated: onTaskCreated)
      do {
        conversation = try await log.upToDate(conversation)
        try await turn.run(in: &conversation, understood: &understood)
      } catch {
        // What is in memory may be ahead of the store, or behind it.
        let failure = ChatFailure(error, in: session)
        // Where the log could not even be read the turn has not told anybody.
        entry.reply.close(.failure(failure))
        refuseWaiting(failure)
        throw failure
      }
      endTurn()
    }
  }

  private func endTurn() {
    let waiting = state.withLock { state in
      state.current = nil
      defer { state.waitingForTurn = [] }
      return state.waitingForTurn
    }
    for continuation in waiting { continuation.resume() }
  }

  private func enqueue(_ subject: Subject, turn: TurnID) async throws(ChatFailure) -> Reply {
    let context = EventContext(session: session, turn: turn)
    let events = environment.events
    let reply = ReplyChannel(turn: turn) { events.emit(.answerDelivered($0), in: context) }
    let limit = environment.configuration.waitingMessages
    let earlier = try state.withLock { state throws(ChatFailure) -> [ReplyChannel] in
      if let end = state.end { throw end }
      guard state.waiting.count < limit else { throw .tooManyWaiting(limit: limit) }
      let earlier = state.waiting.map(\.reply) + (state.current.map { [$0] } ?? [])
      state.waiting.append(Entry(subject: subject, reply: reply))
      return earlier
    }
    for reply in earlier { reply.interrupt(.superseded) }
    wakeUp()
    if let refusal = await reply.decided() { throw refusal }
    return Reply(channel: reply)
  }

  private func next() async -> Entry? {
    while !Task.isCancelled {
      let (entry, isFinished) = state.withLock { state -> (Entry?, Bool) in
        guard state.end == nil, !state.waiting.isEmpty else { return (nil, state.end != nil) }
        let entry = state.waiting.removeFirst()
        state.current = entry.reply
        return (entry, false)
      }
      if let entry { return entry }
      if isFinished { return nil }
      await wakeUp.wait(until: nil, on: environment.time)
    }
    return nil
  }

  private func refuseWaiting(_ failure: ChatFailure) {
    let waiting = state.withLock { state in
      state.end = state.end ?? failure
      defer { state.waiting = [] }
      return state.waiting
    }
    for entry in waiting { entry.reply.close(.failure(failure)) }
  }
}

extension ChatFailure {
  /// A failure of the store in a session that may have been erased meanwhile.
  init(_ failure: StoreFailure, in session: SessionID) {
    self = failure == .conflict(.noSuchSession) ? .unknownSession(session) : .store(failure)
  }
}
