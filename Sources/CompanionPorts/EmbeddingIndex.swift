public import CompanionDomain

/// Finds what a store holds by the vectors of its texts, and says what has none yet.
///
/// Whatever can be found has an `EmbeddingText`, and in each open space it either is embedded or waits for that, or
/// is parked. When its text changes, or it moves to another scope, its vectors go in the same commit, in all spaces,
/// and it waits again, as if it had never been tried. When it is gone, they are gone. So no vector is ever of another
/// text than what it is found with. What one set changes and puts back may wait again, or stay as it was.
///
/// A space that is not open has nothing: nothing waits in it, nothing has failed, and nothing is found.
///
/// Spaces and vectors come in through ``ChangeStore/commit(_:)-(ChangeSet)``.
public protocol EmbeddingIndex: ChangeStore {
  /// The open spaces, in the order in which they were opened.
  func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace]

  /// How much has its vectors in a space; `nil` where it is not open.
  func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage?

  /// What waits to be embedded in a space and is due: first what has not failed, in the order in which it was
  /// changed; then what has, by the times of its retries.
  ///
  /// Complexity: that of what is returned, however much there is.
  ///
  /// - Parameters:
  ///   - now: retries that are due later are left out.
  ///   - limit: the most; below one gives none. Where texts are long a store may give fewer, but one at least.
  func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork]

  /// What could not be embedded in a space, whether it is tried again or parked, by its name.
  ///
  /// - Parameters:
  ///   - after: only what is behind this; `nil` for all.
  ///   - limit: the most; below one gives none.
  func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding]

  /// What is nearest to a vector, the nearest first, each once, by the nearest of its vectors.
  ///
  /// A filter is asked before the limit counts: what it rejects takes no other's place, however little it accepts. It
  /// goes by what is stored now, whether the vectors are older or not.
  ///
  /// A store may miss something that is near now and then, where there are more than some thousand vectors of what the
  /// filter accepts.
  ///
  /// - Parameters:
  ///   - vector: as many finite numbers as the space has.
  ///   - scopes: where.
  ///   - filter: what may be found.
  ///   - metric: what is near; see ``EmbeddingService/metric``.
  ///   - limit: the most; below one gives none.
  /// - Throws: `StoreFailure.invalid` for a vector that is none of the space.
  func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch]

  /// Says that there may be more to embed, until the store is let go of: several changes may be told as one.
  func embeddingChanges() -> AsyncStream<Void>
}

/// Something that waits to be embedded.
public struct EmbeddingWork: Hashable, Sendable {
  /// What it is now: it has an `EmbeddingText`.
  public var record: RecallRecord
  /// How often it has failed.
  public var attempts: Int

  /// Something that waits.
  public init(record: RecallRecord, attempts: Int = 0) {
    self.record = record
    self.attempts = attempts
  }
}

/// Something that is near a vector.
public struct EmbeddingMatch: Hashable, Sendable {
  /// What it is.
  public var source: RecallSource
  /// How near it is, by the metric that was asked for: the cosine of the angle between the two vectors, from -1 to 1,
  /// 0 where one of them is zero; or their product.
  public var similarity: Double

  /// Something near.
  public init(source: RecallSource, similarity: Double) {
    self.source = source
    self.similarity = similarity
  }
}

extension ChangeSet.Change {
  /// Whether there may be something new to embed after it.
  package var mayNeedEmbedding: Bool {
    switch self {
    case .append, .amend, .putMemory, .insertFact, .supersedeFact, .restoreFact, .putDocument, .eraseUser,
      .openEmbeddingSpace, .retryEmbeddings:
      true
    default: false
    }
  }
}
