import CompanionDomain
import CompanionInMemory
import CompanionPorts

/// A store that does what another one does, but for what it says itself.
protocol StoreAround: ConversationStore, MemoryStore, DocumentStore, EmbeddingIndex {
  var store: InMemoryStore { get }
}

extension StoreAround {
  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? { try await store.session(id) }

  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await store.sessions(limit: limit)
  }

  func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    try await store.sessions(matching: filter, after: after, limit: limit)
  }

  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage] {
    try await store.messages(in: session, before: before, limit: limit)
  }

  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    try await store.logEvents(in: session, after: after, limit: limit)
  }

  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft? {
    try await store.draft(in: session)
  }
}

extension StoreAround {
  func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? { try await store.memory(key) }

  func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await store.previousMemory(key)
  }

  func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    try await store.memories(matching: filter, after: after, limit: limit)
  }

  func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    try await store.memorySources(of: key, after: after, limit: limit)
  }

  func fact(_ id: FactID) async throws(StoreFailure) -> Fact? { try await store.fact(id) }

  func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    try await store.facts(matching: filter, after: after, limit: limit)
  }

  func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress {
    try await store.memoryProgress(of: session)
  }

  func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await store.sessionsToRemember(after: after, limit: limit)
  }

  func logChanges() -> AsyncStream<Void> { store.logChanges() }

  func eraseRemoved() async throws(StoreFailure) { try await store.eraseRemoved() }

  func document(_ id: DocumentID) async throws(StoreFailure) -> Document? { try await store.document(id) }

  func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    try await store.documents(changedAfter: after, limit: limit)
  }

  func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    try await store.documents(ownedBy: owner, after: after, limit: limit)
  }
}
