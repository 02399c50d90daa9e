package import CompanionDomain
package import CompanionPorts

/// Begins a conversation that has the same messages as another one up to some message, and goes its own way from there.
package struct ForkSession: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// Where the new conversation leaves the other one.
  package enum Point: Sendable {
    /// Behind its last message.
    case end
    /// Behind a message.
    case message(SequenceNumber)
    /// Behind the last message of a turn.
    case turn(TurnID)
  }

  private static let page = 500

  /// - Parameters:
  ///   - point: behind what the new one goes its own way.
  ///   - id: the name of the new one; `nil` for a new name.
  /// - Returns: the new conversation. Nothing of what it has from the other is remembered once more.
  /// - Throws: `ChatFailure.unknownSession`, `ChatFailure.unknownMessage`, `ChatFailure.unknownTurn`, or
  ///   `ChatFailure.store` with a conflict `sessionExists` when the name is taken.
  package func callAsFunction(
    _ session: SessionID, through point: Point, as id: SessionID?
  ) async throws(ChatFailure) -> ChatSession {
    do throws(StoreFailure) {
      guard let origin = try await environment.store.session(session) else {
        throw StoreFailure.conflict(.noSuchSession)
      }
      let end = try await end(of: point, in: origin)
      guard end >= .zero, end <= origin.lastSequence else { throw StoreFailure.conflict(.noSuchMessage) }
      return try await fork(origin, through: end, as: id ?? environment.identifiers.next())
    } catch {
      switch (error, point) {
      case (.conflict(.noSuchMessage), .message(let message)): throw .unknownMessage(message, in: session)
      case (.conflict(.noSuchMessage), .turn(let turn)): throw .unknownTurn(turn, in: session)
      default: throw ChatFailure(error, in: session)
      }
    }
  }

  private func end(of point: Point, in session: ChatSession) async throws(StoreFailure) -> SequenceNumber {
    switch point {
    case .end: return session.lastSequence
    case .message(let message): return message
    case .turn(let turn):
      var before = session.lastSequence.next
      while before > SequenceNumber.zero.next {
        let page = try await environment.store.messages(in: session.id, before: before, limit: Self.page)
        if let last = page.last(where: { $0.turn == turn }) { return last.sequence }
        guard let first = page.first else { break }
        before = first.sequence
      }
      throw .conflict(.noSuchMessage)
    }
  }

  private func fork(
    _ origin: ChatSession, through end: SequenceNumber, as id: SessionID
  ) async throws(StoreFailure) -> ChatSession {
    let now = environment.time.now
    let isPersonal = origin.place == ConversationPlace(channelOf: origin.id)
    var session = ChatSession(
      id: id, place: isPersonal ? nil : origin.place, user: origin.user, createdAt: now)
    let originals = try await messages(of: origin.id, through: end)
    let messages = copies(of: originals)
    var changes = [ChangeSet.Change.insertSession(session)]
    if !messages.isEmpty { changes.append(.append(messages, to: id, after: .zero)) }
    let details = Versioned(value: SessionDetails(), version: 0)
    var known: Versioned<SessionDetails> = details
    if let stored: Versioned<SessionDetails> = try await environment.store.value(.details(of: origin.id)) {
      known = stored
    }
    changes.append(
      try details.putting(
        SessionDetails(
          item: known.value.item, limits: known.value.limits, fork: SessionFork(of: origin.id, through: end)),
        as: .details(of: id), at: now))
    if let context: Versioned<SharedContext> = try await environment.store.value(
      .sharedContext(of: origin.id))
    {
      changes.append(
        try Versioned<SharedContext>(value: context.value, version: 0)
          .putting(context.value, as: .sharedContext(of: id), at: now))
    }
    // An edit of what was read takes the summary back, so that it is read behind the messages.
    let summary: Versioned<ConversationSummary>? = try await environment.store.value(.summary(of: origin.id))
    if let copy = summary?.value.copied(with: originals.map(\.sequence), through: end) {
      changes.append(
        try Versioned<ConversationSummary>(value: copy, version: 0)
          .putting(copy, as: .summary(of: id), at: now))
    }
    // What was said there is remembered from there.
    let revision = LogRevision(rawValue: Int64(messages.count))
    if !messages.isEmpty {
      changes += MemoryPass.allCases.map { .moveMemoryProgress(id, $0, from: .zero, to: revision) }
    }
    try await environment.store.commit(ChangeSet(changes))
    session.lastSequence = messages.last?.sequence ?? .zero
    session.revision = revision
    session.updatedAt = messages.last?.time ?? now
    return session
  }

  /// The messages that the fork has: those that say something, as they are now.
  private func messages(
    of session: SessionID, through end: SequenceNumber
  ) async throws(StoreFailure) -> [ChatMessage] {
    var pages: [[ChatMessage]] = []
    var before = end.next
    while before > SequenceNumber.zero.next {
      let page = try await environment.store.messages(in: session, before: before, limit: Self.page)
      guard let first = page.first else { break }
      pages.append(page)
      before = first.sequence
    }
    return pages.reversed().joined().filter { !$0.isDeleted }
  }

  /// The messages as the fork has them, without gaps.
  private func copies(of messages: [ChatMessage]) -> [ChatMessage] {
    messages.enumerated().map { place, message in
      var copy = message
      copy.sequence = SequenceNumber(rawValue: Int64(place + 1))
      copy.change = nil
      return copy
    }
  }
}
