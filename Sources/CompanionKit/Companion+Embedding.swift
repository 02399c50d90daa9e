public import CompanionDomain
public import CompanionPorts

extension Companion {
  /// Embeds everything that is due now, and waits for it. A companion that runs does so by itself; see
  /// ``CompanionConfiguration/embedding``.
  ///
  /// - Returns: what was done. Where nothing is new the service is not called.
  @discardableResult
  public func embedAll() async -> EmbeddingRun { await embeddingRunner.runOnce() }

  /// What could not be embedded in a space, whether it is tried again or parked, by its name, with the reasons.
  ///
  /// - Parameters:
  ///   - space: where.
  ///   - after: only what is behind this, to page on; `nil` for all.
  ///   - limit: the most; below one gives none.
  public func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource? = nil, limit: Int = 100
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    try await environment.store.failedEmbeddings(in: space, after: after, limit: limit)
  }

  /// Lets all that has failed in a space, parked or not, be tried again at once.
  ///
  /// - Throws: `StoreFailure`, with `noSuchEmbeddingSpace` where the space is not open.
  public func retryEmbeddings(in space: EmbeddingSpace) async throws(StoreFailure) {
    _ = try await environment.store.commit(.retryEmbeddings(in: space))
  }

  /// Removes all vectors of a space, such as that of a model that is not used any more.
  ///
  /// The space of the model that is asked first for vectors is opened again by the next run, which embeds everything
  /// anew.
  public func closeEmbeddingSpace(_ space: EmbeddingSpace) async throws(StoreFailure) {
    _ = try await environment.store.commit(.closeEmbeddingSpace(space))
  }
}
