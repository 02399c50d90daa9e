package import CompanionDomain
package import CompanionPorts

extension StoreWrapper {
  package func memory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await base.memory(key)
  }

  package func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    try await base.previousMemory(key)
  }

  package func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    try await base.memories(matching: filter, after: after, limit: limit)
  }

  package func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    try await base.memorySources(of: key, after: after, limit: limit)
  }

  package func fact(_ id: FactID) async throws(StoreFailure) -> Fact? {
    try await base.fact(id)
  }

  package func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    try await base.facts(matching: filter, after: after, limit: limit)
  }

  package func memoryProgress(of session: SessionID) async throws(StoreFailure) -> MemoryProgress {
    try await base.memoryProgress(of: session)
  }

  package func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    try await base.sessionsToRemember(after: after, limit: limit)
  }

  package func logChanges() -> AsyncStream<Void> { base.logChanges() }

  package func eraseRemoved() async throws(StoreFailure) { try await base.eraseRemoved() }

  package func document(_ id: DocumentID) async throws(StoreFailure) -> Document? {
    try await base.document(id)
  }

  package func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    try await base.documents(changedAfter: after, limit: limit)
  }

  package func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    try await base.documents(ownedBy: owner, after: after, limit: limit)
  }

  package func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource> {
    try await base.textCandidates(for: query, in: scopes, matching: filter, limit: limit)
  }

  package func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    try await base.records(of: sources)
  }
}
