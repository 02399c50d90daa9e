import CompanionKit

extension CrashableStore {
  func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace] {
    try await alive().embeddingSpaces()
  }

  func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage? {
    try await alive().embeddingCoverage(in: space)
  }

  func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    try await alive().embeddingWork(in: space, at: now, limit: limit)
  }

  func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    try await alive().failedEmbeddings(in: space, after: after, limit: limit)
  }

  func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    try await alive().nearest(
      to: vector, in: space, scopes: scopes, matching: filter, by: metric, limit: limit)
  }

  func embeddingChanges() -> AsyncStream<Void> { base.embeddingChanges() }
}
