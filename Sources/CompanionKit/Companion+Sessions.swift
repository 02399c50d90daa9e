import CompanionApplication
public import CompanionDomain
public import CompanionPorts
import Synchronization

extension Companion {
  /// Closes a conversation: the answer that is being given is stopped, and nothing more is taken: no message, no edit, no
  /// update of its context, and what has no answer gets none. Its background tasks go on, and their results still come
  /// into it. Its messages can be deleted, and all of it be forgotten. An answer that another process is giving comes into
  /// it as far as it is stored; its reply throws `ChatFailure.sessionClosed`.
  ///
  /// - Parameters:
  ///   - session: the conversation.
  ///   - reason: why, for whoever looks at it later: at most ``SessionClosing/maximumReasonBytes`` bytes.
  /// - Returns: how it ended, with what it has come to. One that is closed already stays as it was closed.
  /// - Throws: `ChatFailure.session` for a reason that is too long, `ChatFailure.unknownSession`, or `ChatFailure.store`.
  @discardableResult
  public func closeSession(
    _ session: SessionID, reason: String = ""
  ) async throws(ChatFailure) -> SessionClosing {
    let closing = try await CloseChatSession(environment: environment, chats: openChats)(
      session, reason: reason)
    state.withLock { state in
      if state.currentSession == session { state.currentSession = nil }
      state.loops[session]?.rest()
    }
    return closing
  }

  /// Takes messages again in a conversation that was closed.
  ///
  /// - Throws: `ChatFailure.unknownSession`, or `ChatFailure.store`.
  public func reopenSession(_ session: SessionID) async throws(ChatFailure) {
    try await CloseChatSession(environment: environment, chats: openChats).reopen(session)
  }

  /// Begins a conversation with the messages of another one, up to any of them, which then goes its own way.
  ///
  /// - Parameters:
  ///   - session: the other conversation.
  ///   - through: the last message that both have; `nil` for the other's last.
  ///   - id: the name of the new one; `nil` for a new name.
  /// - Throws: `ChatFailure.unknownSession`, `ChatFailure.unknownMessage`, or `ChatFailure.store` with a conflict
  ///   `sessionExists` when the name is taken.
  ///
  /// Complexity: linear in the number of messages, which are copied.
  @discardableResult
  public func forkSession(
    _ session: SessionID, through: SequenceNumber? = nil, as id: SessionID? = nil
  ) async throws(ChatFailure) -> ChatSession {
    try await ForkSession(environment: environment)(
      session, through: through.map(ForkSession.Point.message) ?? .end, as: id)
  }

  /// Begins a conversation with the messages of another one, up to the last one of a turn, which then goes its own way.
  /// Where a turn's task has brought its result later, what was said meanwhile comes with it.
  ///
  /// - Parameters:
  ///   - session: the other conversation.
  ///   - turn: the last turn that both have, such as ``Reply/turn`` or ``ChatMessage/turn``.
  ///   - id: the name of the new one; `nil` for a new name.
  /// - Throws: `ChatFailure.unknownSession`, `ChatFailure.unknownTurn`, or `ChatFailure.store` with a conflict
  ///   `sessionExists` when the name is taken.
  ///
  /// Complexity: linear in the number of messages.
  @discardableResult
  public func forkSession(
    _ session: SessionID, throughTurn turn: TurnID, as id: SessionID? = nil
  ) async throws(ChatFailure) -> ChatSession {
    try await ForkSession(environment: environment)(session, through: .turn(turn), as: id)
  }

  /// What is known of a conversation besides its messages: what it is about, its limits, and how it ended.
  ///
  /// - Throws: `ChatFailure.store`.
  public func details(of session: SessionID) async throws(ChatFailure) -> SessionDetails {
    try await StartChatSession(environment: environment).details(of: session)
  }

  /// What a conversation has come to.
  ///
  /// - Throws: `ChatFailure.unknownSession`, or `ChatFailure.store`.
  public func statistics(of session: SessionID) async throws(ChatFailure) -> SessionStatistics {
    try await CloseChatSession(environment: environment, chats: openChats).statistics(of: session)
  }

  /// Changes what everybody knows who works on a conversation: the answers, and its background tasks.
  ///
  /// - Returns: what is known now.
  /// - Throws: `ChatFailure.context`, when somebody else has written an entry that the writer has not seen;
  ///   `ChatFailure.sessionClosed`, `ChatFailure.unknownSession`, or `ChatFailure.store`.
  @discardableResult
  public func updateContext(
    _ update: ContextUpdate, of session: SessionID
  ) async throws(ChatFailure) -> SharedContext {
    try await UpdateSharedContext(environment: environment)(update, in: session)
  }

  /// What everybody knows who works on a conversation, as it is at this moment.
  ///
  /// - Throws: `ChatFailure.store`.
  public func sharedContext(of session: SessionID) async throws(ChatFailure) -> SharedContext {
    try await UpdateSharedContext(environment: environment).current(in: session)
  }

  /// What answers are given with.
  public var mode: ChatMode { environment.mode.current }

  /// Changes what answers are given with, from the next one on.
  public func setMode(_ mode: ChatMode) {
    if environment.mode.change(to: mode) { environment.bus.emit(event(.modeChanged(mode))) }
  }
}
