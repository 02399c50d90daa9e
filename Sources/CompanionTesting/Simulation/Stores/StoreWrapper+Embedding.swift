package import CompanionDomain
package import CompanionPorts

extension StoreWrapper {
  package func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace] {
    try await base.embeddingSpaces()
  }

  package func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage? {
    try await base.embeddingCoverage(in: space)
  }

  package func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    try await base.embeddingWork(in: space, at: now, limit: limit)
  }

  package func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    try await base.failedEmbeddings(in: space, after: after, limit: limit)
  }

  package func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    try await base.nearest(
      to: vector, in: space, scopes: scopes, matching: filter, by: metric, limit: limit)
  }

  package func embeddingChanges() -> AsyncStream<Void> { base.embeddingChanges() }
}
