public import CompanionApplication
public import CompanionDomain
public import CompanionPorts
import Synchronization

extension Companion {
  /// Sends a message, and returns its answer as it is given.
  ///
  /// When this returns the message is in the store. An answer that is still being given in the same session
  /// is stopped: what was delivered of it is kept, marked as interrupted.
  ///
  /// - Parameters:
  ///   - text: what the person says: not empty, no NUL, at most 256 KiB.
  ///   - session: the conversation; `nil` for the current one: the one used last, even in an earlier run, or
  ///     a new one where there is none.
  ///   - speaker: who says it, where several people do; `nil` for the session's user.
  ///   - options: what holds for this answer alone.
  ///   - update: what is known of the conversation from now on, before anybody asks what the message means. It is
  ///     stored with the message, or neither is.
  public func send(
    _ text: String, in session: SessionID? = nil, from speaker: UserID? = nil,
    options: TurnOptions = TurnOptions(), update: ContextUpdate? = nil
  ) async throws(ChatFailure) -> Reply {
    let message: UserText
    do {
      message = try UserText(text)
    } catch {
      throw .refused(error)
    }
    let id = if let session { session } else { try await currentSession() }
    let incoming = IncomingMessage(message, from: speaker, options: options, update: update)
    return try await withLoop(of: id) { (loop) async throws(ChatFailure) in try await loop.send(incoming) }
  }

  /// Answers the last message of a session when nothing has answered it, as after a crash.
  ///
  /// - Parameters:
  ///   - session: the conversation.
  ///   - options: what holds for this answer alone; those that the message was sent with are not kept.
  /// - Returns: the answer; `nil` when there is nothing to answer.
  /// - Throws: `ChatFailure.sessionClosed` where the last message has no answer and the conversation is closed;
  ///   `ChatFailure.notRunning`, or `ChatFailure.store`.
  public func resume(
    _ session: SessionID, options: TurnOptions = TurnOptions()
  ) async throws(ChatFailure) -> Reply? {
    let unanswered: ChatMessage?
    let draft: AnswerDraft?
    do throws(StoreFailure) {
      unanswered = try await environment.log(of: session).load()?.unanswered
      draft = try await environment.store.draft(in: session)
    } catch {
      throw .store(error)
    }
    // An answer that had begun counts as one, as soon as it is in the log.
    guard let unanswered, draft?.turn != unanswered.turn else { return nil }
    return try await withLoop(of: session) { (loop) async throws(ChatFailure) in
      try await loop.answer(unanswered, options: options)
    }
  }

  /// Stops the answer that is being given in a session; what was delivered is kept.
  public func interrupt(_ session: SessionID) {
    state.withLock { $0.loops[session] }?.interrupt(.stopped)
  }

  /// Starts a new session, and makes it the current one.
  ///
  /// - Parameters:
  ///   - id: the name it shall have; `nil` for a new name.
  ///   - place: where it takes place, which decides what is remembered together; `nil` for a channel of its own.
  ///   - user: who speaks where a message does not say who does.
  ///   - item: what the conversation is about, by the host's name for it; `nil` for nothing special. See
  ///     ``SessionDetails/item``.
  ///   - limits: what it may come to.
  ///   - context: what is known of it from the beginning.
  /// - Throws: `ChatFailure.session` or `ChatFailure.context` for what cannot be kept, or `ChatFailure.store`, with a
  ///   conflict `sessionExists` when the name is taken.
  @discardableResult
  public func startSession(
    _ id: SessionID? = nil, at place: ConversationPlace? = nil, with user: UserID = .user,
    about item: String? = nil, limits: SessionLimits = SessionLimits(), context: ContextUpdate? = nil
  ) async throws(ChatFailure) -> ChatSession {
    let session = ChatSession(
      id: id ?? environment.identifiers.next(), place: place, user: user, createdAt: environment.time.now)
    try await StartChatSession(environment: environment)(
      session, details: SessionDetails(item: item, limits: limits), context: context)
    state.withLock { $0.currentSession = session.id }
    return session
  }

  /// The session that messages go to when none is named: the one used last that is not closed, or a new one.
  public func currentSession() async throws(ChatFailure) -> SessionID {
    if let id = state.withLock({ $0.currentSession }) { return id }
    let newest: [ChatSession]
    do throws(StoreFailure) {
      newest = try await environment.store.sessions(limit: 20)
    } catch {
      throw .store(error)
    }
    var latest: ChatSession?
    for session in newest where latest == nil {
      if try await details(of: session.id).closing == nil { latest = session }
    }
    guard let latest else { return try await startSession().id }
    state.withLock { $0.currentSession = $0.currentSession ?? latest.id }
    return latest.id
  }

  /// Makes a session the current one.
  ///
  /// - Throws: `ChatFailure.unknownSession`, or `ChatFailure.store`.
  public func useSession(_ id: SessionID) async throws(ChatFailure) {
    let session: ChatSession?
    do throws(StoreFailure) {
      session = try await environment.store.session(id)
    } catch {
      throw .store(error)
    }
    guard session != nil else { throw .unknownSession(id) }
    state.withLock { $0.currentSession = id }
  }

  /// Changes the words of a message that a person wrote. The answers to it stay; the next ones are given with the
  /// new words in view.
  ///
  /// The log keeps the old words as an event; see ``LogEvent``.
  ///
  /// - Throws: `ChatFailure.refused` for words that would not be taken as a message, `ChatFailure.sessionClosed`,
  ///   `ChatFailure.unknownSession`, `ChatFailure.unknownMessage`, `ChatFailure.notAmendable`, or `ChatFailure.store`.
  public func editMessage(
    _ sequence: SequenceNumber, in session: SessionID, to text: String
  ) async throws(ChatFailure) {
    do throws(MessageRefusal) {
      _ = try UserText(text)
    } catch {
      throw .refused(error)
    }
    try await amend(sequence, .edit([.text(text)]), in: session)
  }

  /// Takes a message out of the conversation, closed or not: it keeps its place, and says nothing any more.
  ///
  /// The log keeps its words as an event; see ``LogEvent``.
  ///
  /// - Throws: `ChatFailure.unknownSession`, `ChatFailure.unknownMessage`, `ChatFailure.notAmendable`, or
  ///   `ChatFailure.store`.
  public func deleteMessage(_ sequence: SequenceNumber, in session: SessionID) async throws(ChatFailure) {
    try await amend(sequence, .delete, in: session)
  }

  private func amend(
    _ sequence: SequenceNumber, _ amendment: MessageAmendment, in session: SessionID
  ) async throws(ChatFailure) {
    try await AmendMessage(environment: environment)(sequence, amendment, in: session)
  }

  /// The sessions, the one used last first.
  public func sessions(limit: Int = 20) async throws(StoreFailure) -> [ChatSession] {
    try await environment.store.sessions(limit: limit)
  }

  /// The newest messages of a session, oldest first; none where there is no such session.
  ///
  /// - Parameters:
  ///   - session: the conversation.
  ///   - before: only messages before this place, to page back; `nil` for the end.
  ///   - limit: the most messages; below one gives none.
  public func history(
    of session: SessionID, before: SequenceNumber? = nil, limit: Int = 20
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await environment.store.messages(in: session, before: before, limit: limit)
  }
}
