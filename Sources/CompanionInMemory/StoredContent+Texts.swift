import CompanionDomain
import CompanionPorts

extension StoredContent {
  /// What a change may let be found, or not any more; asked before it is applied.
  func sources(of change: ChangeSet.Change) -> [RecallSource] {
    switch change {
    case .append(let messages, let session, _): messages.map { .message(session, $0.sequence) }
    case .amend(let sequence, _, let session, _), .eraseMessage(let sequence, let session, _):
      [.message(session, sequence)]
    case .eraseSession(let session), .eraseUser(let session):
      // The last first: what is behind all others goes at once.
      conversations.messages(in: session, before: nil, limit: .max).reversed()
        .map { .message(session, $0.sequence) }
    case .putMemory(let memory, _): [.memory(memory.key)]
    case .removeMemory(let key): [.memory(key)]
    case .insertFact(let fact): [.fact(fact.id)]
    case .supersedeFact(let id, _, _), .restoreFact(let id, _), .removeFact(let id): [.fact(id)]
    case .putDocument(let document): [.document(document.id)]
    case .removeDocument(let id): [.document(id)]
    default: []
    }
  }

  /// Lets these be found as they are now; not any more if they are gone.
  mutating func updateTexts(_ sources: [RecallSource]) {
    var seen: Set<RecallSource> = []
    for source in sources where sources.count == 1 || seen.insert(source).inserted {
      if let document = text(of: source) { texts.insert(document) } else { texts.remove(source) }
    }
  }

  private func text(of source: RecallSource) -> TextDocument<RecallSource>? {
    switch source {
    case .message(let id, let sequence):
      guard let session = conversations.session(id), let message = conversations.message(sequence, in: id)
      else { return nil }
      return TextDocument(message, in: session)
    case .memory(let key): return memories.memory(key).flatMap { TextDocument($0) }
    case .fact(let id): return facts.fact(id).flatMap { TextDocument($0) }
    case .document(let id): return documents.document(id).flatMap { TextDocument($0) }
    }
  }
}
