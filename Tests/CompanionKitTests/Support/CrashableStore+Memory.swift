import CompanionKit

extension CrashableStore {
  func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    if hasLostMemory { throw .busy("a test") }
    return try await alive().memory(key)
  }

  func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await alive().previousMemory(key)
  }

  func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    try await alive().memories(matching: filter, after: after, limit: limit)
  }

  func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    try await alive().memorySources(of: key, after: after, limit: limit)
  }

  func fact(_ id: FactID) async throws(StoreFailure) -> Fact? {
    try await alive().fact(id)
  }

  func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    try await alive().facts(matching: filter, after: after, limit: limit)
  }

  func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress {
    try await alive().memoryProgress(of: session)
  }

  func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await alive().sessionsToRemember(after: after, limit: limit)
  }

  func logChanges() -> AsyncStream<Void> { base.logChanges() }

  func eraseRemoved() async throws(StoreFailure) { try await alive().eraseRemoved() }

  func document(_ id: DocumentID) async throws(StoreFailure) -> Document? {
    try await alive().document(id)
  }

  func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    try await alive().documents(changedAfter: after, limit: limit)
  }

  func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    try await alive().documents(ownedBy: owner, after: after, limit: limit)
  }

  func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource> {
    try await alive().textCandidates(for: query, in: scopes, matching: filter, limit: limit)
  }

  func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    try await alive().records(of: sources)
  }

  func state(_ key: StateKey) async throws(StoreFailure) -> StateRecord? { try await alive().state(key) }

  func states(
    of owner: StateOwner, _ kind: StateKind, after: StateName?, limit: Int
  ) async throws(StoreFailure) -> [StateRecord] {
    try await alive().states(of: owner, kind, after: after, limit: limit)
  }
}
