public import CompanionDomain
public import CompanionPorts

extension FaultyStore {
  /// A memory, unless something goes wrong.
  public func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await call(.read) { store throws(StoreFailure) in try await store.memory(key) }
  }

  /// The version before a memory, unless something goes wrong.
  public func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await call(.read) { store throws(StoreFailure) in try await store.previousMemory(key) }
  }

  /// Memories, unless something goes wrong.
  public func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.memories(matching: filter, after: after, limit: limit)
    }
  }

  /// What a memory was derived from, unless something goes wrong.
  public func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.memorySources(of: key, after: after, limit: limit)
    }
  }

  /// A fact, unless something goes wrong.
  public func fact(_ id: FactID) async throws(StoreFailure) -> Fact? {
    try await call(.read) { store throws(StoreFailure) in try await store.fact(id) }
  }

  /// Facts, unless something goes wrong.
  public func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.facts(matching: filter, after: after, limit: limit)
    }
  }

  /// What the passes have seen of a log, unless something goes wrong.
  public func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress {
    try await call(.read) { store throws(StoreFailure) in try await store.memoryProgress(of: session) }
  }

  /// What has not gone into memory, unless something goes wrong.
  public func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.sessionsToRemember(after: after, limit: limit)
    }
  }

  /// Says that a log has changed, unless the news goes astray.
  public func logChanges() -> AsyncStream<Void> { faulty(base.logChanges()) }

  /// Erases what was removed, unless something goes wrong.
  public func eraseRemoved() async throws(StoreFailure) {
    try await call(.prune) { store throws(StoreFailure) in try await store.eraseRemoved() }
  }
}

extension FaultyStore {
  /// A document, unless something goes wrong.
  public func document(_ id: DocumentID) async throws(StoreFailure) -> Document? {
    try await call(.read) { store throws(StoreFailure) in try await store.document(id) }
  }

  /// Documents by their changes, unless something goes wrong.
  public func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.documents(changedAfter: after, limit: limit)
    }
  }

  /// A person's documents, unless something goes wrong.
  public func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.documents(ownedBy: owner, after: after, limit: limit)
    }
  }

  /// What may fit a query, unless something goes wrong.
  public func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource> {
    try await call(.read) { store throws(StoreFailure) in
      try await store.textCandidates(for: query, in: scopes, matching: filter, limit: limit)
    }
  }

  /// What some sources are, unless something goes wrong.
  public func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    try await call(.read) { store throws(StoreFailure) in try await store.records(of: sources) }
  }
}
