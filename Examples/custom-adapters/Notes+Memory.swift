import CompanionKit

/// A memory, the version before it, and what it was derived from.
struct KeptMemory {
  var memory: MemoryRecord
  var previous: MemoryRecord?
  var sources: [SessionID: SourceSpan] = [:]
}

extension Notes {
  /// Erases what a message says and has said.
  mutating func erase(
    _ sequence: SequenceNumber, in id: SessionID, at time: Timestamp
  ) throws(StoreFailure) {
    guard sessions[id] != nil else { throw .conflict(.noSuchSession) }
    guard let place = messages[id]?.firstIndex(where: { $0.sequence == sequence }),
      let old = messages[id]?[place]
    else { throw .conflict(.noSuchMessage) }
    let erased = old.erased(at: time)
    messages[id]?[place] = erased
    logEvents[id] = logEvents[id]?.map { event in
      event.message.sequence == sequence
        ? LogEvent(revision: event.revision, kind: event.kind.erased, message: erased) : event
    }
    if !old.isDeleted { note(.deleted([]), of: erased, in: id) }
  }

  /// Applies a change of what is remembered, of documents, or of what is embedded.
  mutating func remember(_ change: ChangeSet.Change) throws(StoreFailure) {
    switch change {
    case .putMemory(let memory, let spans):
      let old = memories[memory.key]
      guard memory.version - 1 == old?.memory.version ?? 0 else { throw .conflict(.memoryMoved) }
      var kept = KeptMemory(memory: memory, previous: old?.memory, sources: old?.sources ?? [:])
      for span in spans { kept.sources[span.session] = kept.sources[span.session]?.merging(span) ?? span }
      memories[memory.key] = kept
    case .removeMemory(let key): memories[key] = nil
    case .expectMemory(let key, let version):
      guard memories[key]?.memory.version ?? 0 == version else { throw .conflict(.memoryMoved) }
    case .moveMemoryProgress(let session, let pass, let old, let new):
      guard sessions[session] != nil else { throw .conflict(.noSuchSession) }
      guard progress[session, default: MemoryProgress()][pass] == old else {
        throw .conflict(.memoryProgressMoved)
      }
      progress[session, default: MemoryProgress()][pass] = new
    case .insertFact(let fact):
      if case .message(let quote) = fact.source {
        let log = messages[quote.session, default: []]
        guard log.contains(where: quote.isFound) else { throw .conflict(.noSuchSource) }
      }
      guard facts[fact.id] == nil else { throw .conflict(.factExists) }
      facts[fact.id] = fact
    case .supersedeFact(let id, let newer, let time):
      guard var fact = facts[id], facts[newer] != nil else { throw .conflict(.noSuchFact) }
      guard fact.supersededBy == nil else { throw .conflict(.factMoved) }
      (fact.supersededBy, fact.validTo) = (newer, time)
      facts[id] = fact
    case .restoreFact(let id, let end):
      guard var fact = facts[id] else { throw .conflict(.noSuchFact) }
      guard fact.supersededBy != nil else { throw .conflict(.factMoved) }
      (fact.supersededBy, fact.validTo) = (nil, end)
      facts[id] = fact
    case .removeFact(let id): facts[id] = nil
    case .putDocument(let document):
      lastDocument += 1
      documents[document.id] = StoredDocument(
        cursor: DocumentCursor(rawValue: lastDocument), document: document)
    case .removeDocument(let id): documents[id] = nil
    default: try keep(change)
    }
  }

  /// All that can be found, in one order; what is found of each is the domain's to decide.
  var texts: [TextDocument<RecallSource>] {
    var texts = memories.values.compactMap { TextDocument($0.memory) }
    texts += facts.values.compactMap { TextDocument($0) }
    texts += documents.values.compactMap { TextDocument($0.document) }
    for session in sessions.values {
      texts += messages[session.id, default: []].compactMap { TextDocument($0, in: session) }
    }
    return texts.sorted { $0.id < $1.id }
  }
}
