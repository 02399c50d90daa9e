import CompanionDomain

extension ChangeSet {
  /// The most bytes of UTF-8 that the texts of one message, one draft or one task may have together.
  public static let maximumTextBytes = 67_108_864

  /// Checks what can be checked without looking into a store.
  ///
  /// Every store calls this before it begins, so that all of them refuse the same: text with NUL, which some
  /// databases cannot hold; text beyond ``maximumTextBytes``; messages that leave a gap or repeat a place; a
  /// new session that claims to have messages; a task whose intent has no finite confidence.
  ///
  /// - Throws: ``StoreFailure/invalid(_:)``, which names the change and never quotes the text.
  public func validate() throws(StoreFailure) {
    for change in changes { try change.validate() }
  }
}

extension ChangeSet.Change {
  fileprivate func validate() throws(StoreFailure) {
    switch self {
    case .insertSession(let session):
      guard session.lastSequence == .zero else {
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
        try Self.check(message.texts, of: "message \(expected) of \(session)")
      }
    case .extendDraft(let draft, let session, let offset):
      try Self.check([draft.text], of: "the draft of \(session)", existing: max(0, offset))
    case .discardDraft: break
    case .insertTask(let task), .updateTask(let task):
      try Self.check(task.texts, of: "task \(task.id)")
      guard task.request.intent.confidence.isFinite else {
        throw .invalid("the confidence of task \(task.id)'s intent is not a number")
      }
    }
  }

  /// - Parameter existing: the bytes that the value has already.
  private static func check(
    _ texts: [String], of owner: @autoclosure () -> String, existing: Int = 0
  ) throws(StoreFailure) {
    // A text of any length may come in, but only an acceptable amount is ever scanned.
    let bytes = texts.reduce(min(existing, ChangeSet.maximumTextBytes + 1)) { $0 + $1.utf8.count }
    guard bytes <= ChangeSet.maximumTextBytes else {
      throw .invalid("\(owner()) has more than \(ChangeSet.maximumTextBytes) bytes of text")
    }
    guard !texts.contains(where: containsNUL) else {
      throw .invalid("\(owner()) contains a NUL character")
    }
  }

  private static func containsNUL(_ text: String) -> Bool {
    // A view of the string would be asked for one byte after the other.
    var text = text
    return text.withUTF8 { $0.contains(0) }
  }
}

extension ChatMessage {
  fileprivate var texts: [String] {
    parts.flatMap { part in
      switch part {
      case .text(let text): [text]
      case .toolCall(let call): [call.id, call.name, call.arguments]
      case .toolResult(let result): [result.callID, result.content]
      }
    }
  }
}

extension GenerationTask {
  fileprivate var texts: [String] {
    [request.instruction] + request.intent.files + request.intent.entities + [cancelRequest ?? ""]
      + state.texts
  }
}

extension TaskState {
  fileprivate var texts: [String] {
    switch self {
    case .queued, .running: []
    case .completed(let result): [result.text]
    case .cancelled(let reason): [reason]
    case .deadLettered(.abandoned): []
    case .deadLettered(.provider(let failure)):
      [failure.code ?? "", failure.requestID ?? "", failure.message]
    }
  }
}
