import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension ChatWitness {
  /// Looks at everything when all is over.
  ///
  /// - Parameters:
  ///   - store: as it is.
  ///   - reading: as processes read it.
  ///   - waiting: the tasks of the approvals and the questions that are listed.
  func checkEnd(
    of store: some CompanionStore, readAs reading: any CompanionStore, waiting: Set<TaskID>
  ) async throws(StoreFailure) {
    let reader = ChatReader(store: store)
    var logs: [SessionID: [ChatMessage]] = [:]
    for session in try await reader.sessions() {
      logs[session.id] = try await reader.messages(in: session)
      try await checkLog(of: session, logs[session.id] ?? [], through: reading)
      checkWords(try await reader.words(of: session), "in \(session.id)")
      // It comes into the log with the next message.
      if let draft = try await reader.draftedAnswer(in: session) { logs[session.id]?.append(draft) }
    }
    for task in try await reader.tasks() {
      try await check(task, reader, isListed: waiting.contains(task.id))
    }
    let (sent, deliveries) = state.withLock { ($0.sent, $0.deliveries) }
    for message in sent { check(message, logs) }
    for (session, messages) in logs.sorted(by: { $0.key < $1.key }) where session.isOriginal {
      for message in messages where message.origin == .model && !message.isDeleted {
        checkKept(message, in: session, deliveries)
      }
    }
    for delivery in deliveries { checkDelivered(delivery, logs) }
  }

  // MARK: Logs

  /// The log's events have no gap, and lead to its messages.
  private func checkLog(
    of session: ChatSession, _ messages: [ChatMessage], through store: any CompanionStore
  ) async throws(StoreFailure) {
    let replayed = try await ChatReader(store: store).replayed(session.id)
    let places = messages.map(\.sequence.rawValue)
    if places != Array(0..<session.lastSequence.rawValue).map({ $0 + 1 }) {
      report(.logIsWhole, "\(session.id) has the places \(places), up to \(session.lastSequence.rawValue)")
    }
    if replayed.revisions != Array(0..<session.revision.rawValue).map({ $0 + 1 }) {
      report(
        .logIsWhole,
        "\(session.id) has the revisions \(replayed.revisions), up to \(session.revision.rawValue)")
    } else if replayed.messages != messages {
      report(.logIsWhole, "the events of \(session.id) lead to other messages than it has")
    }
  }

  // MARK: Tasks

  private func check(
    _ task: GenerationTask, _ reader: ChatReader, isListed: Bool
  ) async throws(StoreFailure) {
    checkWords(try await reader.words(of: task), "in task \(task.id)")
    if !task.state.isFinal {
      let isWaiting =
        switch task.state {
        case .waiting(let wait): wait.reason.isForPerson
        default: false
        }
      if !(isWaiting && isListed) {
        report(.everyTaskEnds, "task \(task.id) has not ended: it is \(task.state)")
      }
      return
    }
    let rounds = try await reader.rounds(of: task.id)
    checkAnswers(to: task, rounds)
    for round in rounds {
      for call in round.calls where call.result == nil || call.result?.callID != call.call.id {
        report(
          .callsHaveOneResult, "\(call.call.name) in round \(round.number) of task \(task.id) has no result")
      }
    }
  }

  /// An answer that was taken is a result, once, however the task has ended.
  private func checkAnswers(to task: GenerationTask, _ rounds: [ToolRound]) {
    let results = rounds.flatMap(\.calls).compactMap(\.result?.content)
    let answers = state.withLock { $0.answers.filter { $0.key.task == task.id } }
    for (question, mark) in answers.sorted(by: { $0.key.lease < $1.key.lease }) {
      let count = results.count { TextMark.all(in: $0).contains(mark) }
      guard count != 1 else { continue }
      report(
        .decidedOnce, "the answer \(mark.word) to “\(question.text)” is \(count) results of task \(task.id)")
    }
  }

  // MARK: Messages

  /// A message that was taken is in the log, and answered, handed over, or told to have failed.
  private func check(_ sent: Sent, _ logs: [SessionID: [ChatMessage]]) {
    guard let log = logs[sent.session] else { return }
    let own = log.filter { $0.turn == sent.turn }
    guard let message = own.first(where: { $0.origin == .person }) else {
      report(.everyMessageIsAnswered, "\(sent.mark.word) was taken, and is not in \(sent.session)")
      return
    }
    let isAnswered = own.contains { $0.origin != .person }
    let isFollowed = log.contains { $0.origin == .person && $0.sequence > message.sequence }
    if !isAnswered, !isFollowed, !sent.wasTold, !message.isDeleted {
      report(.everyMessageIsAnswered, "nobody has heard anything of \(sent.mark.word) in \(sent.session)")
    }
  }

  // MARK: Answers

  /// What is kept was delivered.
  private func checkKept(_ message: ChatMessage, in session: SessionID, _ deliveries: [Delivery]) {
    let taken = deliveries.filter { $0.turn == message.turn }.map(\.taken)
    let isKept =
      message.completion == .interrupted(.crashed)
      ? taken.contains { $0.hasPrefix(message.text) } : taken.contains(message.text)
    if !isKept {
      report(
        .keptIsDelivered,
        "message \(message.sequence.rawValue) of \(session), \(message.completion), has “\(message.text.suffix(40))”, and delivered were \(taken.map { $0.suffix(40) })"
      )
    }
  }

  /// What was delivered is kept: all of it where nothing went wrong, and all but the last interval of checkpoints where
  /// the process died, or somebody else has closed the conversation.
  private func checkDelivered(_ delivery: Delivery, _ logs: [SessionID: [ChatMessage]]) {
    guard delivery.session.isOriginal, let log = logs[delivery.session], !delivery.taken.isEmpty else {
      return
    }
    let own = log.filter { $0.turn == delivery.turn && $0.role == .assistant }
    guard !log.contains(where: { $0.turn == delivery.turn && $0.isDeleted }) else { return }
    let isHandedOver = own.contains { if case .announcement = $0.origin { true } else { false } }
    guard !isHandedOver else { return }
    let kept = own.map(\.text)
    if delivery.life.hasDied {
      guard let death = state.withLock({ $0.killedAt[ObjectIdentifier(delivery.life)] }) else { return }
      return checkPart(of: delivery, until: death, kept)
    }
    switch (delivery.outcome, delivery.closedAt) {
    case (.failed(.store)?, _): return
    case (.failed(.sessionClosed)?, let closing?), (nil, let closing?):
      if delivery.life.isUndisturbed { checkPart(of: delivery, until: closing, kept) }
      return
    default: break
    }
    guard delivery.outcome != nil || delivery.isAbandoned && delivery.life.isUndisturbed else { return }
    if !kept.contains(delivery.taken) {
      report(
        .keptIsDelivered,
        "\(delivery.taken.utf8.count) bytes of turn \(delivery.turn) were delivered, and kept are \(kept.map(\.utf8.count)), \(delivery.outcome.map { "\($0)" } ?? "abandoned")"
      )
    }
  }

  /// What was acknowledged an interval of checkpoints before the process died, or the conversation was closed, is kept.
  private func checkPart(of delivery: Delivery, until end: Timestamp, _ kept: [String]) {
    let interval = scenario.processes[delivery.life.process].configuration.checkpointInterval
    let bytes = delivery.acknowledged.last { $0.time.advanced(by: interval) < end }?.bytes ?? 0
    guard bytes > 0, !kept.contains(where: { $0.utf8.count >= bytes }) else { return }
    report(
      .keptIsDelivered,
      "of turn \(delivery.turn), \(bytes) bytes were acknowledged \(interval) before the end, and kept are \(kept.map(\.utf8.count))"
    )
  }

  // MARK: Forgotten words

  private func checkWords(_ texts: [String], _ place: String) {
    for mark in Set(texts.flatMap(TextMark.all)).sorted() {
      let isForgotten = state.withLock { state in
        state.texts.indices.contains(mark.number) && state.texts[mark.number].forgottenAt != nil
      }
      if isForgotten { report(.forgottenStaysForgotten, "\(mark.word) was forgotten, and is \(place)") }
    }
  }
}

extension SessionID {
  /// Whether a conversation is no fork.
  var isOriginal: Bool { (0..<100).contains { self == ChatScenario.session($0) } }
}

extension WaitReason {
  /// Whether a person is waited for.
  fileprivate var isForPerson: Bool {
    switch self {
    case .approval, .answer: true
    default: false
    }
  }
}
