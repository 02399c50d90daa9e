import CompanionDomain
import CompanionPorts

extension BoundedStore {
  func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace] {
    try await bounded { store throws(StoreFailure) in
      try await store.embeddingSpaces()
    }
  }

  func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage? {
    try await bounded { store throws(StoreFailure) in
      try await store.embeddingCoverage(in: space)
    }
  }

  func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    try await bounded { store throws(StoreFailure) in
      try await store.embeddingWork(in: space, at: now, limit: limit)
    }
  }

  func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    try await bounded { store throws(StoreFailure) in
      try await store.failedEmbeddings(in: space, after: after, limit: limit)
    }
  }

  func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    try await bounded { store throws(StoreFailure) in
      try await store.nearest(
        to: vector, in: space, scopes: scopes, matching: filter, by: metric, limit: limit)
    }
  }

  func embeddingChanges() -> AsyncStream<Void> { base.embeddingChanges() }
}
