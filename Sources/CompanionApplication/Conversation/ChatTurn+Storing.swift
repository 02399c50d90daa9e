import CompanionDomain
import CompanionPorts

/// What comes of a turn is stored where the conversation is still open: somebody else may close it meanwhile, in any
/// process.
extension ChatTurn {
  /// Each conflict means that somebody else has got on, so that many in a row do not happen.
  private static let attempts = 100

  /// What makes a commit fail when the conversation was closed since.
  ///
  /// - Parameter details: what was known of it the last time; `nil` for what has to be read again.
  /// - Throws: `ChatFailure.sessionClosed`, or `ChatFailure.store`.
  func stillOpen(
    _ details: inout Versioned<SessionDetails>?
  ) async throws(ChatFailure) -> ChangeSet.Change {
    let known: Versioned<SessionDetails>
    if let details {
      known = details
    } else {
      known = try await SessionStates(environment).openDetails(of: log.session)
    }
    details = known
    return .expectState(.details(of: log.session), version: known.version)
  }

  /// Appends what answers the message to the conversation, together with other changes.
  ///
  /// - Throws: `ChatFailure.sessionClosed`, or `ChatFailure.store`; nothing is stored then, unless the store does not
  ///   know.
  private func append(
    to conversation: inout Conversation, _ memory: inout TurnMemory, with changes: [ChangeSet.Change],
    _ messages: (Conversation) -> [ChatMessage]
  ) async throws(ChatFailure) -> (messages: [ChatMessage], changes: [TaskChange]) {
    for _ in 1...Self.attempts {
      let isOpen = try await stillOpen(&memory.details)
      do throws(StoreFailure) {
        return try await log.append(to: &conversation, with: changes + [isOpen], messages)
      } catch {
        guard error == .conflict(.stateMoved) else { throw .store(error) }
        memory.details = nil
      }
    }
    throw .store(.conflict(.stateMoved))
  }

  /// Stores what was delivered of the answer, even when the loop has been cancelled meanwhile.
  func store(
    _ text: String, _ settlement: ReplySettlement, isReminded: Bool, in conversation: inout Conversation,
    _ memory: inout TurnMemory
  ) async throws(ChatFailure) -> [ChatMessage] {
    let completion: ChatMessage.Completion =
      switch settlement {
      case .whole: .complete
      case .failed: .interrupted(.failed)
      case .interrupted(let reason): .interrupted(reason)
      }
    // A message whose answer never began is answered later, unless the person did not want an answer.
    let isKept = !text.isEmpty || settlement == .interrupted(.stopped)
    let (before, known) = (conversation, memory)
    let time = environment.time.now
    let (stored, after, memoryAfter) = try await Unstructured.shielded {
      () async throws(ChatFailure) -> ([ChatMessage], Conversation, TurnMemory) in
      var (conversation, memory) = (before, known)
      let discard = ChangeSet.Change.discardDraft(of: log.session)
      guard isKept else {
        do throws(StoreFailure) { try await log.store.commit(discard) } catch { throw .store(error) }
        return ([], conversation, memory)
      }
      let stored = try await append(to: &conversation, &memory, with: [discard]) {
        $0.answer([.text(text)], turn: reply.turn, completion: completion, at: time).map { message in
          var message = message
          message.isReminded = isReminded
          return message
        }
      }.messages
      return (stored, conversation, memory)
    }
    (conversation, memory) = (after, memoryAfter)
    return stored
  }

  // MARK: A background task

  /// Makes the message a task: the task and what tells the person of it are stored together.
  func handOver(
    _ instruction: String, intent: Intent, in conversation: inout Conversation, _ memory: inout TurnMemory
  ) async throws(ChatFailure) -> TurnOutcome {
    let payload: TaskPayload
    do {
      payload = try TaskPayload(ConversationTask(instruction: instruction, intent: intent))
    } catch {
      throw .store(.invalid("the task's payload: \(error)"))
    }
    let task = GenerationTask(
      id: environment.identifiers.next(),
      request: TaskRequest(
        kind: .conversation, payload: payload, requester: .conversation(log.session, reply.turn)),
      createdAt: environment.time.now)
    let announcement = Announcement.handOver(of: task)
    let stored = try await store(task, announcement, in: &conversation, &memory)
    for message in stored {
      environment.events.emit(.answerStored(message.sequence, message.completion), in: context)
    }
    onTaskCreated()

    _ = await reply.send(announcement)
    reply.finish(.whole)
    _ = await reply.settled()
    return .handedOver(task.id)
  }

  /// Stores a task together with what tells the person of it.
  private func store(
    _ task: GenerationTask, _ announcement: String, in conversation: inout Conversation,
    _ memory: inout TurnMemory
  ) async throws(ChatFailure) -> [ChatMessage] {
    environment.announcements.hold([task.id])
    defer { environment.announcements.release([task.id]) }
    let time = environment.time.now
    let (stored, changes) = try await append(to: &conversation, &memory, with: [.insertTask(task)]) {
      [
        $0.message(
          .assistant, [.text(announcement)], turn: reply.turn, origin: .announcement(of: task.id), at: time)
      ]
    }
    for change in changes { environment.announce(change) }
    return stored
  }
}
