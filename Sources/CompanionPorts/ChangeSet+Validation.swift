import CompanionDomain

extension ChangeSet {
  /// The most bytes of UTF-8 that the texts of one message, one draft or one task may have together.
  public static let maximumTextBytes = 67_108_864

  /// Checks what can be checked without looking into a store.
  ///
  /// Every store calls this before it begins, so that all of them refuse the same: text with NUL, which some
  /// databases cannot hold; text beyond ``maximumTextBytes``; messages that leave a gap or repeat a place; a
  /// new session that claims to have messages; a task to be added to which something has happened already; a
  /// call whose cost is negative or no number; a vector that is none of its space.
  ///
  /// - Throws: ``StoreFailure/invalid(_:)``, which names the change and never quotes the text.
  public func validate() throws(StoreFailure) {
    // A change is large: it is looked at where it is.
    for index in changes.indices { try changes[index].validate() }
  }
}

extension ChangeSet.Change {
  fileprivate func validate() throws(StoreFailure) {
    switch self {
    case .insertSession(let session):
      guard session.lastSequence == .zero, session.revision == .zero else {
        throw .invalid("session \(session.id) is new and cannot have messages")
      }
    case .append(let messages, let session, let after):
      var last = after.rawValue
      for message in messages {
        let (expected, overflow) = last.addingReportingOverflow(1)
        guard !overflow, message.sequence.rawValue == expected else {
          throw .invalid("message \(message.sequence.rawValue) of \(session) does not follow \(last)")
        }
        last = expected
        guard message.change == nil else {
          throw .invalid("message \(expected) of \(session) is new and cannot be amended")
        }
        try Self.check(message.texts, of: "message \(expected) of \(session)")
      }
    case .amend(let sequence, .edit(let parts), let session, _):
      try Self.check(parts.flatMap(\.texts), of: "the edit of message \(sequence.rawValue) of \(session)")
    case .amend(_, .delete, _, _): break
    case .extendDraft(let draft, let session, let offset):
      try Self.check([draft.text], of: "the draft of \(session)", existing: max(0, offset))
    case .discardDraft: break
    case .insertTask(let task):
      guard task.isNew else { throw .invalid("task \(task.id) is to be added and is not new") }
      try Self.check(task.request.texts, of: "task \(task.id)")
    case .transition(let id, let transition, _):
      try Self.check(transition.texts, of: "the \(transition.name) of task \(id)")
    case .enterCall(let entry):
      try Self.check(
        [entry.model.provider, entry.model.model, entry.cost?.currency ?? ""], of: "ledger entry \(entry.id)")
      guard entry.cost?.isPossible ?? true else {
        throw .invalid("ledger entry \(entry.id) has a cost that is negative or no number")
      }
    case .putMemory(let memory, let sources):
      try Self.check(memory.texts, of: "the memory of \(memory.key.scope)")
      guard memory.version > 0, memory.sourceCount >= 0,
        memory.text.isEmpty || memory.sourceCount > 0 || !memory.merged.isEmpty
      else { throw .invalid("the memory of \(memory.key.scope) has no source, or no version") }
      guard sources.allSatisfy({ $0.first <= $0.last && $0.count > 0 }),
        Set(sources.map(\.session)).count == sources.count
      else { throw .invalid("the sources of the memory of \(memory.key.scope) are empty, or doubled") }
    case .insertFact(let fact):
      try Self.check(fact.texts, of: "fact \(fact.id)")
      guard (0...1).contains(fact.confidence) else {
        throw .invalid("fact \(fact.id) has a confidence that is not from 0 to 1")
      }
      guard fact.supersededBy == nil else { throw .invalid("fact \(fact.id) is new and superseded already") }
    case .supersedeFact(let id, let newer, _):
      guard id != newer else { throw .invalid("fact \(id) cannot take its own place") }
    case .putDocument(let document):
      var texts = [document.title, document.text]
      for (key, value) in document.metadata { texts += [key, value] }
      try Self.check(texts, of: "document \(document.id)")
    case .openEmbeddingSpace(let space):
      try Self.check([space.model.provider, space.model.model], of: "the space \(space)")
      guard VectorIndex.dimensions.contains(space.dimension) else {
        throw .invalid("vectors with \(space.dimension) numbers")
      }
    case .putEmbedding(let embedded, let space):
      guard !embedded.vectors.isEmpty else { throw .invalid("\(embedded.source) has no vector to keep") }
      for vector in embedded.vectors {
        if let flaw = space.flaw(of: vector) {
          throw .invalid("a vector of \(embedded.source) \(flaw)")
        }
      }
    case .noteFailedEmbedding(let failed, _):
      try Self.check([failed.reason], of: "the failure of \(failed.source)")
      guard failed.attempts > 0 else { throw .invalid("\(failed.source) has failed without an attempt") }
    case .putState(let state):
      try Self.check([state.json], of: "the state \(state.key.kind) \(state.key.name)")
      guard state.version > 0 else {
        throw .invalid("the state \(state.key.kind) \(state.key.name) has no version")
      }
    case .removeTask, .pauseTasks, .resumeTasks, .moveSchedule, .pruneLedger, .removeMemory,
      .expectMemory,
      .moveMemoryProgress, .restoreFact, .removeFact, .removeDocument, .expectState, .removeState,
      .removeStates, .eraseMessage, .eraseSession, .eraseUser, .eraseTask, .closeEmbeddingSpace,
      .retryEmbeddings:
      break
    }
  }

  /// - Parameter existing: the bytes that the value has already.
  private static func check(
    _ texts: [String], of owner: @autoclosure () -> String, existing: Int = 0
  ) throws(StoreFailure) {
    // A text of any length may come in, but only an acceptable amount is ever scanned.
    var bytes = min(existing, ChangeSet.maximumTextBytes + 1)
    for text in texts { bytes += text.utf8.count }
    guard bytes <= ChangeSet.maximumTextBytes else {
      throw .invalid("\(owner()) has more than \(ChangeSet.maximumTextBytes) bytes of text")
    }
    guard !texts.contains(where: containsNUL) else {
      throw .invalid("\(owner()) contains a NUL character")
    }
  }

  private static func containsNUL(_ text: String) -> Bool {
    // A view of the string would be asked for one byte after the other.
    if let found = text.utf8.withContiguousStorageIfAvailable({ $0.contains(0) }) { return found }
    var text = text
    return text.withUTF8 { $0.contains(0) }
  }
}

extension ChatMessage {
  fileprivate var texts: [String] { parts.flatMap(\.texts) }
}

extension MessagePart {
  fileprivate var texts: [String] {
    switch self {
    case .text(let text): [text]
    case .toolCall(let call): [call.id, call.name, call.arguments]
    case .toolResult(let result): [result.callID, result.content]
    }
  }
}

extension TaskRequest {
  fileprivate var texts: [String] {
    var texts = [payload.json, idempotencyKey ?? ""]
    for (key, value) in metadata { texts += [key, value] }
    return texts
  }
}

extension TaskTransition {
  fileprivate var name: String {
    switch self {
    case .claim: "claim"
    case .renew: "renewal"
    case .report: "report"
    case .complete: "result"
    case .fail, .timeOut, .reject: "failure"
    case .wait, .endWait: "wait"
    case .release: "release"
    case .stop, .cancel: "cancellation"
    case .wake: "input"
    case .rescue: "rescue"
    case .expire: "end"
    case .requeue: "retry"
    case .leaveToPerson: "review"
    }
  }

  fileprivate var texts: [String] {
    switch self {
    case .report(_, let progress, _): [progress.note ?? "", progress.checkpoint ?? ""]
    case .complete(_, let text, _): [text]
    case .fail(_, let failure, _), .reject(_, let failure): failure.texts
    case .wait(_, let reason, _): [reason.text]
    case .cancel(let reason), .requeue(let reason, _, _): [reason]
    case .wake(let input): [input?.stored ?? ""]
    case .claim, .renew, .release, .stop, .endWait, .rescue, .timeOut, .expire, .leaveToPerson: []
    }
  }
}

extension WaitReason {
  fileprivate var text: String {
    switch self {
    case .approval(let text), .answer(let text), .providerJob(let text), .provider(let text): text
    }
  }
}

extension TaskFailure {
  fileprivate var texts: [String] {
    switch self {
    case .provider(let failure): [failure.code ?? "", failure.requestID ?? "", failure.message]
    case .undecodable(let text), .unstorable(let text), .handler(let text, _): [text]
    case .attemptTimedOut, .abandoned, .deadlinePassed, .unknownKind, .oversized: []
    }
  }
}

extension MemoryRecord {
  fileprivate var texts: [String] {
    [text, origin.model.provider, origin.model.model, origin.instructions]
  }
}

extension Fact {
  fileprivate var texts: [String] {
    var texts = [subject, statement]
    if case .message(let quote) = source { texts.append(quote.text) }
    if let origin { texts += [origin.model.provider, origin.model.model, origin.instructions] }
    return texts
  }
}
