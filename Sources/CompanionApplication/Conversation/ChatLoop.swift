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
    case message(IncomingMessage)
    /// The last message of the log, which a crash or a failure has left without an answer.
    case unanswered(TurnOptions)
  }

  private struct Entry: Sendable {
    let subject: Subject
    let reply: ReplyChannel
  }

  /// Why no more messages are taken.
  private enum End {
    case refused(ChatFailure)
    /// Nothing has happened for long: the next message opens the conversation again.
    case rested
  }

  private struct State {
    var waiting: [Entry] = []
    var current: ReplyChannel?
    /// Through which message the next summary is to be made.
    var summaryDue: SequenceNumber?
    /// When something happened the last time.
    var lastUse: Timestamp
    /// Those who wait until the present turn is over.
    var waitingForTurn: [CheckedContinuation<Void, Never>] = []
    /// `nil` while messages are taken.
    var end: End?

    var isIdle: Bool { waiting.isEmpty && current == nil }
  }

  package let session: SessionID
  private let environment: Environment
  private let onTaskCreated: @Sendable () -> Void
  private let state: Mutex<State>
  private let wakeUp = WakeUp()
  private let turnEnded = WakeUp()

  package init(
    session: SessionID, environment: Environment, onTaskCreated: @escaping @Sendable () -> Void
  ) {
    self.session = session
    self.environment = environment
    self.onTaskCreated = onTaskCreated
    state = Mutex(State(lastUse: environment.time.now))
  }

  /// Takes a message. Returns when it is in the log.
  ///
  /// - Returns: `nil` when the loop has come to rest, or has failed: another one takes the message.
  package func send(_ message: IncomingMessage) async throws(ChatFailure) -> Reply? {
    try await enqueue(.message(message), turn: environment.identifiers.next())
  }

  /// Answers the log's last message, which has no answer yet.
  ///
  /// - Returns: `nil` when the loop has come to rest, or has failed: another one answers it.
  package func answer(
    _ unanswered: ChatMessage, options: TurnOptions
  ) async throws(ChatFailure) -> Reply? {
    try await enqueue(.unanswered(options), turn: unanswered.turn)
  }

  /// Since when nothing happens here; `nil` while something does.
  package var idleSince: Timestamp? { state.withLock { $0.isIdle && $0.end == nil ? $0.lastUse : nil } }

  /// Whether a message is being answered.
  package var isAnswering: Bool { state.withLock { $0.current != nil } }

  /// Comes to rest, unless there is something to do: ``run()`` then returns, and what is in memory goes.
  ///
  /// - Returns: whether it does.
  @discardableResult
  package func rest() -> Bool {
    let rests = state.withLock { state in
      guard state.isIdle, state.end == nil else { return false }
      state.end = .rested
      return true
    }
    if rests { wakeUp() }
    return rests
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

  /// Works through the messages until ``finish()``, or until nothing has happened for long. Cancellation ends it at
  /// once; what was delivered of an answer is stored even then.
  ///
  /// - Throws: why the session could not be opened, or a turn not be stored. Those who wait have been told;
  ///   the next message needs a new loop.
  package func run() async throws(ChatFailure) {
    defer {
      refuseWaiting(.notRunning)
      endTurn()
    }
    var end: ChatFailure?
    await withDiscardingTaskGroup { group in
      group.addTask { await self.summarize() }
      do throws(ChatFailure) { try await work() } catch { end = error }
      group.cancelAll()
    }
    if let end { throw end }
  }

  private func work() async throws(ChatFailure) {
    let log = environment.log(of: session)
    let open = OpenSession(log: log, time: environment.time, events: environment.events)
    var conversation: Conversation
    do {
      conversation = try await open()
    } catch {
      refuseWaiting(error)
      throw error
    }
    var memory = TurnMemory()
    while let entry = await next() {
      let turn = ChatTurn(
        subject: entry.subject, reply: entry.reply, log: log, environment: environment,
        onTaskCreated: onTaskCreated)
      do {
        conversation = try await log.upToDate(conversation)
        try await turn.run(in: &conversation, memory: &memory)
      } catch {
        // What is in memory may be ahead of the store, or behind it.
        let failure = ChatFailure(error, in: session)
        // Where the log could not even be read the turn has not told anybody.
        entry.reply.close(.failure(failure))
        refuseWaiting(failure)
        throw failure
      }
      endTurn()
      if let through = memory.summaryDue {
        state.withLock { $0.summaryDue = through }
        turnEnded()
      }
    }
  }

  /// Summarises what leaves the prompts, beside the turns, until cancelled.
  private func summarize() async {
    let summarize = SummarizeHistory(environment: environment, session: session)
    while !Task.isCancelled {
      await turnEnded.wait(until: nil, on: environment.time)
      guard !Task.isCancelled, let through = state.withLock({ $0.summaryDue.take() }) else { continue }
      await summarize(through: through)
    }
  }

  private func endTurn() {
    let now = environment.time.now
    let waiting = state.withLock { state in
      state.current = nil
      state.lastUse = now
      defer { state.waitingForTurn = [] }
      return state.waitingForTurn
    }
    for continuation in waiting { continuation.resume() }
  }

  private func enqueue(_ subject: Subject, turn: TurnID) async throws(ChatFailure) -> Reply? {
    let context = EventContext(session: session, turn: turn)
    let events = environment.events
    let reply = ReplyChannel(turn: turn) { events.emit(.answerDelivered($0), in: context) }
    let limit = environment.configuration.waitingMessages
    let earlier = try state.withLock { state throws(ChatFailure) -> [ReplyChannel]? in
      switch state.end {
      case .refused(.notRunning): throw .notRunning
      // Those who waited have been told why; for whoever comes later it may be over.
      case .refused, .rested: return nil
      case nil: break
      }
      guard state.waiting.count < limit else { throw .tooManyWaiting(limit: limit) }
      let earlier = state.waiting.map(\.reply) + (state.current.map { [$0] } ?? [])
      state.waiting.append(Entry(subject: subject, reply: reply))
      return earlier
    }
    guard let earlier else { return nil }
    for reply in earlier { reply.interrupt(.superseded) }
    wakeUp()
    if let refusal = await reply.decided() { throw refusal }
    return Reply(channel: reply)
  }

  private func next() async -> Entry? {
    while !Task.isCancelled {
      let (entry, isFinished, idleSince) = state.withLock { state -> (Entry?, Bool, Timestamp) in
        guard state.end == nil, !state.waiting.isEmpty else { return (nil, state.end != nil, state.lastUse) }
        let entry = state.waiting.removeFirst()
        state.current = entry.reply
        return (entry, false, state.lastUse)
      }
      if let entry { return entry }
      if isFinished { return nil }
      let limit = idleSince.advanced(by: environment.configuration.sessions.idleTime)
      guard await wakeUp.wait(until: limit, on: environment.time) else {
        rest()
        continue
      }
    }
    return nil
  }

  private func refuseWaiting(_ failure: ChatFailure) {
    let waiting = state.withLock { state in
      state.end = state.end ?? .refused(failure)
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
