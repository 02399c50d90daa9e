package import CompanionDomain
package import CompanionPorts

/// Closes a conversation, so that it takes no messages any more, and says what it has come to; or opens it again.
package struct CloseChatSession: Sendable {
  let environment: Environment
  let chats: OpenChats

  package init(environment: Environment, chats: OpenChats) {
    self.environment = environment
    self.chats = chats
  }

  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// Stops the answer that is being given, and closes the conversation. Its tasks go on, and their results still come
  /// into it. Of an answer that another process gives, or that a crash has cut, what is stored by now comes into the log.
  ///
  /// - Returns: how it ended. One that is closed already stays as it was closed.
  /// - Throws: `ChatFailure.session`, `ChatFailure.unknownSession`, or `ChatFailure.store`.
  package func callAsFunction(
    _ session: SessionID, reason: String
  ) async throws(ChatFailure) -> SessionClosing {
    do throws(SessionRefusal) { try SessionClosing.check(reason: reason) } catch { throw .session(error) }
    for _ in 1...Self.attempts {
      await chats.stopAnswer(session)
      let details = try await SessionStates(environment).details(of: session)
      if let closing = details.value.closing { return closing }
      do throws(StoreFailure) {
        guard let stored = try await environment.store.session(session) else {
          throw StoreFailure.conflict(.noSuchSession)
        }
        let now = environment.time.now
        var statistics = try await SessionTotals(environment: environment).statistics(of: stored, until: now)
        let (draft, isDamaged) = try await draft(in: session)
        let delivered = try await delivered(draft, in: stored, at: now)
        statistics.messages += Int64(delivered.count)
        let closing = SessionClosing(reason: reason, time: now, statistics: statistics)
        var closed = details.value
        closed.closing = closing
        // What has come meanwhile is answered, or stopped, before, and what was delivered meanwhile looked at.
        let same = AnswerDraft(turn: draft?.turn ?? TurnID(bits: 0), startedAt: now, text: "")
        var changes: [ChangeSet.Change] = [.append(delivered, to: session, after: stored.lastSequence)]
        if !isDamaged {
          changes.append(.extendDraft(same, of: session, offset: draft?.text.utf8.count ?? 0))
        }
        changes += [
          .discardDraft(of: session), try details.putting(closed, as: .details(of: session), at: now),
        ]
        try await environment.store.commit(ChangeSet(changes))
        // An answer to an earlier message may have begun meanwhile.
        await chats.stopAnswer(session)
        environment.events.emit(.sessionClosed(closing), in: EventContext(session: session))
        return closing
      } catch {
        switch error {
        case .conflict(.stateMoved), .conflict(.logMoved), .conflict(.draftMoved): continue
        default: throw ChatFailure(error, in: session)
        }
      }
    }
    throw .store(.conflict(.stateMoved))
  }

  /// What is stored of an answer. That it is damaged is no reason to leave a conversation open: it goes then.
  private func draft(
    in session: SessionID
  ) async throws(StoreFailure) -> (draft: AnswerDraft?, isDamaged: Bool) {
    do throws(StoreFailure) {
      return (try await environment.store.draft(in: session), false)
    } catch {
      guard case .corrupt = error else { throw error }
      return (nil, true)
    }
  }

  /// What was delivered so far of an answer, as it comes into the log.
  private func delivered(
    _ draft: AnswerDraft?, in session: ChatSession, at now: Timestamp
  ) async throws(StoreFailure) -> [ChatMessage] {
    guard let draft else { return [] }
    return try await environment.log(of: session.id).conversation(of: session).repairs(draft: draft, at: now)
  }

  /// Takes messages again. Nothing is changed for a conversation that is open.
  package func reopen(_ session: SessionID) async throws(ChatFailure) {
    do throws(StoreFailure) {
      guard try await environment.store.session(session) != nil else {
        throw StoreFailure.conflict(.noSuchSession)
      }
    } catch {
      throw ChatFailure(error, in: session)
    }
    for _ in 1...Self.attempts {
      let details = try await SessionStates(environment).details(of: session)
      guard details.value.closing != nil else { return }
      var open = details.value
      open.closing = nil
      do throws(StoreFailure) {
        try await environment.store.commit(
          try details.putting(open, as: .details(of: session), at: environment.time.now))
        return
      } catch {
        if error == .conflict(.stateMoved) { continue }
        throw ChatFailure(error, in: session)
      }
    }
    throw .store(.conflict(.stateMoved))
  }

  /// What a conversation has come to.
  package func statistics(of session: SessionID) async throws(ChatFailure) -> SessionStatistics {
    do throws(StoreFailure) {
      guard let stored = try await environment.store.session(session) else {
        throw StoreFailure.conflict(.noSuchSession)
      }
      return try await SessionTotals(environment: environment)
        .statistics(of: stored, until: stored.updatedAt)
    } catch {
      throw ChatFailure(error, in: session)
    }
  }
}
