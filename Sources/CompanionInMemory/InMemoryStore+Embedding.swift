public import CompanionDomain
public import CompanionPorts
import Synchronization

extension InMemoryStore {
  /// The open spaces.
  public func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace] {
    content.withLock { $0.embeddings.open }
  }

  /// How much has its vectors in a space, at the cost of what has failed there.
  public func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage? {
    content.withLock { $0.embeddings[space]?.coverage }
  }

  /// What waits to be embedded in a space, at the cost of the limit.
  public func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    content.withLock { content in
      let work = content.embeddings[space]?.work(at: now, limit: limit) ?? []
      return work.compactMap { work in
        content.record(of: work.source).map { EmbeddingWork(record: $0, attempts: work.attempts) }
      }
    }
  }

  /// What could not be embedded in a space, at the cost of all that could not.
  public func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    content.withLock { $0.embeddings[space]?.failed(after: after, limit: limit) ?? [] }
  }

  /// What is nearest to a vector. It is searched outside of the store's lock.
  public func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    if let flaw = space.flaw(of: vector) { throw .invalid("the vector that is searched for \(flaw)") }
    let (stored, groups, accepts) = content.withLock { content in
      (
        content.embeddings[space], content.embeddings.groups(filter.searchedKinds, in: scopes),
        content.embeddings.rule(of: filter)
      )
    }
    guard let stored, limit > 0 else { return [] }
    do throws(VectorFailure) {
      return try stored.nearest(to: vector, groups: groups, by: metric, limit: limit, where: accepts)
    } catch {
      throw .invalid("the vector that is searched for: \(error)")
    }
  }

  /// Says that there may be more to embed, until the store is let go of.
  public func embeddingChanges() -> AsyncStream<Void> { embeddingListeners.stream() }
}
