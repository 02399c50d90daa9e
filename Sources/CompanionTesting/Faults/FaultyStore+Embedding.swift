public import CompanionDomain
public import CompanionPorts

extension FaultyStore {
  /// The open spaces, unless something goes wrong.
  public func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.embeddingSpaces()
    }
  }

  /// How much has its vectors, unless something goes wrong.
  public func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage? {
    try await call(.read) { store throws(StoreFailure) in
      try await store.embeddingCoverage(in: space)
    }
  }

  /// What waits to be embedded, unless something goes wrong.
  public func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.embeddingWork(in: space, at: now, limit: limit)
    }
  }

  /// What could not be embedded, unless something goes wrong.
  public func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.failedEmbeddings(in: space, after: after, limit: limit)
    }
  }

  /// What is nearest to a vector, unless something goes wrong.
  public func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    try await call(.read) { store throws(StoreFailure) in
      try await store.nearest(
        to: vector, in: space, scopes: scopes, matching: filter, by: metric, limit: limit)
    }
  }

  /// Says that there may be more to embed, unless the news goes astray.
  public func embeddingChanges() -> AsyncStream<Void> { faulty(base.embeddingChanges()) }
}
