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
  mutating func updateFinding(_ sources: [RecallSource]) {
    var seen: Set<RecallSource> = []
    for source in sources where sources.count == 1 || seen.insert(source).inserted {
      let record = record(of: source)
      if let document = record.flatMap({ TextDocument($0) }) {
        texts.insert(document)
      } else {
        texts.remove(source)
      }
      embeddings.update(source, to: record)
    }
  }

  /// What a source is, whether it can be found or not.
  func record(of source: RecallSource) -> RecallRecord? {
    switch source {
    case .message(let session, let sequence): conversations.record(at: sequence, in: session)
    case .memory(let key): memories.memory(key).map { .memory($0) }
    case .fact(let id): facts.fact(id).map { .fact($0) }
    case .document(let id): documents.document(id).map { .document($0) }
    }
  }
}
