import CompanionDomain
import CompanionPorts

extension BoundedStore {
  func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await bounded { store throws(StoreFailure) in try await store.memory(key) }
  }

  func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await bounded { store throws(StoreFailure) in try await store.previousMemory(key) }
  }

  func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    try await bounded { store throws(StoreFailure) in
      try await store.memories(matching: filter, after: after, limit: limit)
    }
  }

  func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    try await bounded { store throws(StoreFailure) in
      try await store.memorySources(of: key, after: after, limit: limit)
    }
  }

  func fact(_ id: FactID) async throws(StoreFailure) -> Fact? {
    try await bounded { store throws(StoreFailure) in try await store.fact(id) }
  }

  func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    try await bounded { store throws(StoreFailure) in
      try await store.facts(matching: filter, after: after, limit: limit)
    }
  }

  func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress {
    try await bounded { store throws(StoreFailure) in try await store.memoryProgress(of: session) }
  }

  func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await bounded { store throws(StoreFailure) in
      try await store.sessionsToRemember(after: after, limit: limit)
    }
  }

  func logChanges() -> AsyncStream<Void> { base.logChanges() }

  /// Takes as long as it takes: it may rewrite all that is stored.
  func eraseRemoved() async throws(StoreFailure) { try await base.eraseRemoved() }

  func document(_ id: DocumentID) async throws(StoreFailure) -> Document? {
    try await bounded { store throws(StoreFailure) in try await store.document(id) }
  }

  func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    try await bounded { store throws(StoreFailure) in
      try await store.documents(changedAfter: after, limit: limit)
    }
  }

  func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    try await bounded { store throws(StoreFailure) in
      try await store.documents(ownedBy: owner, after: after, limit: limit)
    }
  }

  func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource> {
    try await bounded { store throws(StoreFailure) in
      try await store.textCandidates(for: query, in: scopes, matching: filter, limit: limit)
    }
  }

  func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    try await bounded { store throws(StoreFailure) in try await store.records(of: sources) }
  }
}
