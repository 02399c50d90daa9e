public import CompanionDomain
public import CompanionPorts
import Synchronization

extension InMemoryStore {
  /// A memory, or `nil`, in constant time.
  public func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    content.withLock { $0.memories.memory(key) }
  }

  /// The version before it, or `nil`, in constant time.
  public func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    content.withLock { $0.memories.previous(key) }
  }

  /// Memories by their keys, at the cost of the scopes that are named, or else of all memories.
  public func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    content.withLock { $0.memories.memories(matching: filter, after: after, limit: limit) }
  }

  /// The messages that a memory was derived from, at the cost of the limit.
  public func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    content.withLock { $0.memories.sources(of: key, after: after, limit: limit) }
  }

  /// A fact, or `nil`, in constant time.
  public func fact(_ id: FactID) async throws(StoreFailure) -> Fact? {
    content.withLock { $0.facts.fact(id) }
  }

  /// Facts by their names, at the cost of the limit, for each scope, and of those of the same conversation or
  /// scope that do not match.
  public func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    content.withLock { $0.facts.facts(matching: filter, after: after, limit: limit) }
  }

  /// What the passes have seen of a log, in constant time.
  public func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress {
    content.withLock { $0.conversations.progress(of: session) }
  }

  /// Sessions that a pass is behind, at the cost of the limit.
  public func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    content.withLock { $0.conversations.sessionsToRemember(after: after, limit: limit) }
  }

  /// Says that a log has changed, until the store is let go of.
  public func logChanges() -> AsyncStream<Void> { logListeners.stream() }

  /// Does nothing: there are no files, and what was removed is not in memory.
  public func eraseRemoved() async throws(StoreFailure) {}
}

extension InMemoryStore {
  /// A document, or `nil`, in constant time.
  public func document(_ id: DocumentID) async throws(StoreFailure) -> Document? {
    content.withLock { $0.documents.document(id) }
  }

  /// Documents in the order of their last changes, at the cost of the limit.
  public func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    content.withLock { $0.documents.documents(changedAfter: after, limit: limit) }
  }

  /// The documents of a person, at the cost of the limit.
  public func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    content.withLock { $0.documents.documents(ownedBy: owner, after: after, limit: limit) }
  }
}

extension InMemoryStore {
  /// What may fit a query, at the cost of what has its terms.
  public func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource> {
    let partitions = filter.searchedKinds.flatMap { kind in
      scopes.map { TextDocument<RecallSource>.partition(kind, in: $0) }
    }
    return content.withLock { content in
      guard filter.restrictsRecords else {
        return content.texts.candidates(for: query, scopes: Set(partitions), limit: limit)
      }
      let stored = content
      return stored.texts.candidates(
        for: query, scopes: Set(partitions),
        where: { stored.record(of: $0).map(filter.accepts) ?? false }, limit: limit)
    }
  }

  /// What some sources are, each in constant time.
  public func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    content.withLock { content in
      var records: [RecallSource: RecallRecord] = [:]
      for source in sources { records[source] = content.record(of: source) }
      return records
    }
  }
}
