import CompanionApplication
import CompanionDomain
import CompanionKit
import CompanionPorts

/// Does the steps of a scenario that people, hosts and fate do.
struct ChatClient: Sendable {
  let world: ChatWorld
  let processes: [ChatProcess]

  var witness: ChatWitness { world.witness }
  var time: any TimeSource { world.time }

  func perform(_ timed: ChatScenario.TimedStep) async {
    await sleep(until: witness.start.advanced(by: timed.time))
    let process = processes[timed.process]
    let session = ChatScenario.session(timed.talk)
    switch timed.step {
    case .kill: process.kill("killed")
    case .restart: await process.stop()
    default:
      // Nobody in a dead process waits for its answer.
      guard let incarnation = process.current else { return }
      await incarnation.process.whileItLives { await perform(timed.step, in: session, incarnation) }
    }
  }

  private func perform(
    _ step: ChatScenario.Step, in session: SessionID, _ incarnation: ChatProcess.Incarnation
  ) async {
    let companion = incarnation.companion
    do {
      switch step {
      case .send(let message): try await send(message, in: session, incarnation)
      case .interrupt:
        witness.noteSuperseding(in: session, of: incarnation.process)
        companion.interrupt(session)
      case .edit(let pick): try await edit(pick, in: session, companion)
      case .delete(let pick):
        guard let message = try await said(pick, in: session) else { return }
        try await companion.deleteMessage(message.sequence, in: session)
      case .update: try await companion.updateContext(update(in: session), of: session)
      case .cancelTask(let pick):
        let tasks = try await companion.tasks(in: [.queued, .running, .waiting])
        guard !tasks.isEmpty else { return }
        try await companion.cancelTask(tasks[pick % tasks.count].id, reason: "no longer wanted")
      case .close:
        witness.noteSuperseding(in: session, of: incarnation.process)
        try await companion.closeSession(session, reason: "enough")
      case .reopen: try await companion.reopenSession(session)
      case .fork(let pick): try await fork(session, pick, incarnation)
      case .forget(let oblivion): try await forget(oblivion, in: session, incarnation)
      case .mode(let mode): companion.setMode(mode)
      case .kill, .restart: break
      }
    } catch {
      witness.tell("client: \(step) in \(session): \(error)")
    }
  }

  // MARK: Messages

  private func send(
    _ message: ChatScenario.Message, in session: SessionID, _ incarnation: ChatProcess.Incarnation
  ) async throws {
    let mark = witness.newMark(in: session)
    let text = ChatWords.text(message.saying, mark)
    witness.tell("client: says \(mark.word) in \(session), \(message.saying)")
    witness.noteSuperseding(in: session, of: incarnation.process)
    let reply = try await incarnation.companion.send(
      text, in: session, options: message.options, update: message.updatesContext ? update(in: session) : nil)
    witness.noteTaken(mark, reply.turn, in: session)
    if case .isCancelled(let after) = message.consumer {
      let place = begin(reply, in: session, incarnation)
      await withTaskGroup { group in
        group.addTask { await take(reply, place, message, incarnation) }
        group.addTask {
          await sleep(until: time.now.advanced(by: after))
          witness.noteStop(place)
        }
        await group.next()
        group.cancelAll()
      }
      return
    }
    await take(reply, begin(reply, in: session, incarnation), message, incarnation)
  }

  private func begin(
    _ reply: Reply, in session: SessionID, _ incarnation: ChatProcess.Incarnation
  ) -> Int {
    witness.noteDelivery(of: reply.turn, in: session, by: incarnation.process)
  }

  /// Takes an answer as somebody does.
  private func take(
    _ reply: Reply, _ place: Int, _ message: ChatScenario.Message?, _ incarnation: ChatProcess.Incarnation
  ) async {
    var pieces = reply.makeAsyncIterator()
    var count = 0
    while !incarnation.process.hasDied {
      switch message?.consumer {
      case .interrupts(after: count):
        witness.noteStop(place)
        reply.interrupt()
      case .abandons(after: count):
        witness.noteAbandoned(place)
        return
      default: break
      }
      witness.noteDemand(place)
      let piece: String?
      do throws(ChatFailure) {
        piece = try await pieces.next()
      } catch {
        piece = nil
      }
      guard !incarnation.process.hasDied else { return }
      guard let piece else { return witness.noteEnd(place, reply.outcome) }
      witness.notePiece(place, piece)
      count += 1
      if let pace = message?.pace, pace > .zero { await sleep(until: time.now.advanced(by: pace)) }
    }
  }

  /// Answers the last message of a conversation, if nothing has answered it.
  ///
  /// - Returns: whether there is nothing left to answer.
  func resume(_ session: SessionID, in incarnation: ChatProcess.Incarnation) async -> Bool {
    for _ in 0..<8 where !incarnation.process.hasDied {
      do throws(ChatFailure) {
        guard let reply = try await incarnation.companion.resume(session) else { return true }
        witness.tell("client: \(session) is resumed, with turn \(reply.turn)")
        await take(reply, begin(reply, in: session, incarnation), nil, incarnation)
        return false
      } catch {
        witness.tell("client: resuming \(session): \(error)")
        switch error {
        case .unknownSession, .sessionClosed: return true
        default: break
        }
      }
      await sleep(until: time.now.advanced(by: .seconds(2)))
    }
    return false
  }

  private func update(in session: SessionID) -> ContextUpdate {
    let mark = witness.newMark(in: session)
    return ContextUpdate(["screen": "It shows \(mark.word)"])
  }

  /// One of the messages that people have said, as the store has it.
  private func said(_ pick: Int, in session: SessionID) async throws -> ChatMessage? {
    let messages = try await world.content.messages(in: session, before: nil, limit: 100)
      .filter { $0.origin == .person && !$0.isDeleted }
    return messages.isEmpty ? nil : messages[pick % messages.count]
  }

  private func edit(_ pick: Int, in session: SessionID, _ companion: Companion) async throws {
    guard let message = try await said(pick, in: session) else { return }
    let mark = witness.newMark(in: session)
    try await companion.editMessage(
      message.sequence, in: session, to: "Good evening to you, \(mark.word), I meant to say.")
  }

  // MARK: Conversations

  private func fork(
    _ session: SessionID, _ pick: Int, _ incarnation: ChatProcess.Incarnation
  ) async throws {
    let stored = try await world.content.messages(in: session, before: nil, limit: 1_000)
    witness.noteCopied(stored.flatMap { TextMark.all(in: $0.text) })
    witness.noteCopied(try await ChatReader(store: world.content).context(of: session))
    let through = stored.isEmpty ? nil : stored[pick % stored.count].sequence
    let id = world.newFork()
    try await incarnation.companion.forkSession(session, through: through, as: id)
    let message = world.draw { ChatScenario.message(&$0) }
    try await send(message, in: id, incarnation)
  }

  private func forget(
    _ oblivion: ChatScenario.Oblivion, in session: SessionID, _ incarnation: ChatProcess.Incarnation
  ) async throws {
    let marks: [TextMark]
    let target: ForgetTarget
    switch oblivion {
    case .message(let pick):
      guard let message = try await said(pick, in: session) else { return }
      target = .message(message.sequence, in: session)
      marks = TextMark.all(in: message.text)
    case .session:
      // It is taken up again at once, under the same name, by whoever says something there.
      target = .session(session)
      marks = try await world.content.messages(in: session, before: nil, limit: 1_000)
        .filter { $0.origin == .person }.flatMap { TextMark.all(in: $0.text) }
    }
    // Rewriting a file takes as long as it takes; nobody waits for ever.
    let isForgotten = await withTaskGroup { group in
      group.addTask { (try? await incarnation.companion.forget(target)) != nil }
      group.addTask {
        await sleep(until: time.now.advanced(by: .seconds(600)))
        return false
      }
      defer { group.cancelAll() }
      return await group.next() ?? false
    }
    guard isForgotten else { return }
    witness.tell("client: \(marks.map(\.word).joined(separator: " ")) are forgotten")
    witness.noteForgotten(marks)
  }

  // MARK: The end

  /// Waits until everything has been answered and every task has ended.
  ///
  /// - Returns: the tasks that wait for a person.
  func converge() async -> Set<TaskID> {
    let end = time.now.advanced(by: ChatScenario.patience)
    let waiting = await settle(until: end)
    guard world.flaw != .forgetResume else { return waiting }
    for session in witness.sessions {
      for _ in 0..<4 {
        guard let incarnation = processes.lazy.compactMap(\.current).first else { continue }
        // What was closed without an answer gets one when it is open again.
        try? await incarnation.companion.reopenSession(session)
        if await resume(session, in: incarnation) { break }
      }
    }
    // What was handed over just now has to end, too.
    return await settle(until: end)
  }

  private func settle(until end: Timestamp) async -> Set<TaskID> {
    var waiting: Set<TaskID> = []
    repeat {
      await sleep(until: time.now.advanced(by: .seconds(30)))
      guard let companion = processes.lazy.compactMap(\.current).first?.companion,
        let approvals = try? await companion.approvals(), let questions = try? await companion.questions(),
        let tasks = try? await companion.tasks(in: [.queued, .running, .waiting], limit: 1_000)
      else { continue }
      waiting = Set(approvals.map(\.id.task) + questions.map(\.task))
      if tasks.allSatisfy({ waiting.contains($0.id) }) { break }
    } while time.now < end && !Task.isCancelled
    return waiting
  }

  func sleep(until time: Timestamp) async { try? await self.time.sleep(until: time, tolerance: nil) }
}
