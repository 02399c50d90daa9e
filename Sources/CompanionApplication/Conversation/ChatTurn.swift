import CompanionDomain
import CompanionPorts

/// One turn: the message is stored, understood, and answered as a stream or handed over as a task.
struct ChatTurn: Sendable {
  let subject: ChatLoop.Subject
  let reply: ReplyChannel
  let log: SessionLog
  let environment: Environment
  let onTaskCreated: @Sendable () -> Void

  var context: EventContext { EventContext(session: log.session, turn: reply.turn) }
  private var events: EventEmitter { environment.events }
  private var now: Timestamp { environment.time.now }

  /// Runs the turn.
  ///
  /// - Parameter memory: what the turns before have left. A turn that is answered again is not understood again.
  /// - Throws: why the turn could not be stored. Its reply has been told; the conversation has to be opened
  ///   anew, which mends what is left.
  func run(in conversation: inout Conversation, memory: inout TurnMemory) async throws(StoreFailure) {
    guard reply.beginStoring() else { return }
    let message: ChatMessage
    do throws(ChatFailure) {
      guard let stored = try await storedMessage(in: &conversation, &memory) else {
        return reply.close(.success(.answered))
      }
      message = stored
    } catch {
      reply.close(.failure(error))
      switch error {
      case .store(let failure): throw failure
      case .unknownSession: throw .conflict(.noSuchSession)
      default: return
      }
    }
    reply.accept()

    let deadline = now.advanced(by: environment.configuration.answerDeadline)
    let failure = memory.failure(of: reply.turn)
    let outcome = await withDeadline(deadline) { () async -> TurnOutcome in
      let intent = await intent(of: message, in: conversation, &memory)
      do throws(ChatFailure) {
        let subject = TurnPrompt.Subject(
          message: message, conversation: conversation, intent: intent, options: options, failure: failure,
          context: context)
        if intent.action == .directResponse || isUnwanted {
          return try await answer(subject, in: &conversation, &memory, deadline: deadline)
        }
        let outcome = try await handOver(message.text, intent: intent, in: &conversation, &memory)
        if environment.configuration.prompts.summarizesHistory {
          memory.summaryDue = await TurnPrompt(environment: environment).summaryDue(subject)
        }
        return outcome
      } catch {
        return .failed(error)
      }
    }
    memory.note(outcome, of: reply.turn)
    guard case .failed(.store(let failure)) = outcome else {
      events.emit(.turnEnded(outcome), in: context)
      return reply.close(.success(outcome))
    }
    let told = TurnOutcome.failed(ChatFailure(failure, in: log.session))
    events.emit(.turnEnded(told), in: context)
    reply.close(.success(told))
    throw failure
  }

  private var options: TurnOptions {
    switch subject {
    case .message(let incoming): incoming.options
    case .unanswered(let options): options
    }
  }

  /// The message in the log; `nil` when there is nothing left to answer.
  private func storedMessage(
    in conversation: inout Conversation, _ memory: inout TurnMemory
  ) async throws(ChatFailure) -> ChatMessage? {
    switch subject {
    case .message(let incoming):
      let take = TakeMessage(environment: environment, log: log, context: context)
      let stored = try await take(incoming.update, in: &conversation, &memory.details) { conversation in
        var message = conversation.message(
          .user, [.text(incoming.text.string)], turn: reply.turn, origin: .person, at: now)
        message.speaker = incoming.speaker
        return message
      }
      if let sequence = stored?.sequence { events.emit(.messageAccepted(sequence), in: context) }
      return stored
    case .unanswered:
      memory.details = try await SessionStates(environment).openDetails(of: log.session)
      do throws(StoreFailure) {
        conversation = try await log.load() ?? conversation
        guard let unanswered = conversation.unanswered, unanswered.turn == reply.turn else { return nil }
        if memory.understood?.intent(of: unanswered) == nil {
          memory.understood = UnderstoodMessage(
            unanswered, try await keepUnderstanding.intent(of: unanswered))
        }
        return unanswered
      } catch {
        throw ChatFailure(error, in: log.session)
      }
    }
  }

  /// Whether what the message asks for shall not be done any more. A newer message does not say so, nor does
  /// a host that looks for the result elsewhere.
  private var isUnwanted: Bool {
    switch reply.settlement {
    case nil, .interrupted(.superseded), .interrupted(.abandoned): false
    default: true
    }
  }

  private func withDeadline(
    _ deadline: Timestamp, _ turn: () async -> TurnOutcome
  ) async -> TurnOutcome {
    await withTaskGroup { group in
      group.addTask {
        do {
          try await environment.time.sleep(until: deadline, tolerance: nil)
          reply.interrupt(.deadline)
        } catch {
          // The turn ended before its deadline.
        }
      }
      let outcome = await turn()
      group.cancelAll()
      return outcome
    }
  }
}

// MARK: - A direct answer

extension ChatTurn {
  private func answer(
    _ subject: TurnPrompt.Subject, in conversation: inout Conversation, _ memory: inout TurnMemory,
    deadline: Timestamp
  ) async throws(ChatFailure) -> TurnOutcome {
    let prompt: TurnPrompt.Made
    do throws(PromptBudgetFailure) {
      prompt = try await TurnPrompt(environment: environment)(subject)
    } catch {
      return .failed(.prompt(error))
    }
    memory.summaryDue = environment.configuration.prompts.summarizesHistory ? prompt.summaryDue : nil
    let (start, details) = (now, memory.details)
    let (settlement, checkpointFailure) = await withTaskGroup { group in
      group.addTask { await produce(prompt.request, deadline: deadline) }
      let outcome = await checkpointing(from: start, details)
      group.cancelAll()
      return outcome
    }
    let stored = try await store(
      reply.delivered, settlement, isReminded: prompt.isReminded, in: &conversation, &memory)
    for message in stored where message.role == .assistant {
      events.emit(.answerStored(message.sequence, message.completion), in: context)
    }
    if let checkpointFailure { throw .store(checkpointFailure) }
    return outcome(of: settlement)
  }

  /// Streams the model's answer into the reply.
  private func produce(_ request: GenerationRequest, deadline: Timestamp) async {
    guard reply.settlement == nil else { return }
    do throws(ProviderFailure) {
      var isEmpty = true
      let finish = try await environment.calls.stream(
        request, context: context, deadline: deadline,
        onFinish: { finish in
          // A cut at the limit on tokens is told from an answer that is whole.
          if !isEmpty { reply.finish(finish == .length ? .interrupted(.tokenLimit) : .whole) }
        },
        take: { text in
          isEmpty = isEmpty && text.isEmpty
          return await reply.send(text)
        })
      guard finish != nil else { return reply.interrupt(.shutdown) }
      if isEmpty { throw ProviderFailure(.malformedResponse, message: "The answer is empty.") }
    } catch {
      // A model that says so without having been asked to stop has failed like any other.
      let isStopped = error.kind == .cancelled && Task.isCancelled
      if isStopped { reply.interrupt(.shutdown) } else { reply.finish(.failed(error)) }
    }
  }

  /// Stores what has been acknowledged while the answer goes on, so that a crash loses little of it.
  ///
  /// - Returns: how the answer ended, and why checkpoints could not be stored, if so.
  private func checkpointing(
    from start: Timestamp, _ details: Versioned<SessionDetails>?
  ) async -> (ReplySettlement, StoreFailure?) {
    await withTaskGroup(of: StoreFailure?.self) { group in
      group.addTask { await checkpoints(from: start, details) }
      let settlement = await reply.settled() ?? reply.settle(.shutdown)
      group.cancelAll()
      return (settlement, await group.next() ?? nil)
    }
  }

  private func checkpoints(
    from start: Timestamp, _ details: Versioned<SessionDetails>?
  ) async -> StoreFailure? {
    var details = details
    var bytes = 0
    while true {
      let text = await reply.acknowledged(beyond: bytes)
      guard !text.isEmpty, reply.settlement == nil, !Task.isCancelled else { return nil }
      let next = now.advanced(by: environment.configuration.checkpointInterval)
      let draft = AnswerDraft(turn: reply.turn, startedAt: start, text: text)
      do {
        let isOpen = try await stillOpen(&details)
        try await log.store.commit(isOpen, .extendDraft(draft, of: log.session, offset: bytes))
        bytes += text.utf8.count
        try await environment.time.sleep(until: next, tolerance: nil)
      } catch StoreFailure.conflict(.stateMoved) {
        details = nil
      } catch ChatFailure.sessionClosed {
        reply.interrupt(.stopped)
        return nil
      } catch StoreFailure.conflict(.draftMoved) {
        // Another process has opened the session and taken the draft for a crashed one's. The whole
        // answer is appended in the end.
        return nil
      } catch let failure as StoreFailure {
        reply.interrupt(.failed)
        return failure
      } catch ChatFailure.store(let failure) where !Task.isCancelled {
        reply.interrupt(.failed)
        return failure
      } catch {
        return nil
      }
    }
  }

  private func outcome(of settlement: ReplySettlement) -> TurnOutcome {
    switch settlement {
    case .whole: .answered
    case .failed(let failure): .failed(.model(failure))
    case .interrupted(.deadline): .failed(.deadline(environment.configuration.answerDeadline))
    case .interrupted(let reason): .interrupted(reason)
    }
  }
}
