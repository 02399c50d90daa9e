import CompanionKit

extension NotebookStore {
  func embeddingSpaces() -> [EmbeddingSpace] { notes.spaces.map(\.space) }

  func embeddingCoverage(in space: EmbeddingSpace) -> EmbeddingCoverage? {
    guard let noted = noted(space) else { return nil }
    let parked = noted.failures.values.count { $0.retryAt == nil }
    return EmbeddingCoverage(
      embedded: noted.vectors.count,
      waiting: notes.embeddable.count - noted.vectors.count - parked, parked: parked,
      nextRetry: noted.failures.values.compactMap(\.retryAt).min())
  }

  func embeddingWork(in space: EmbeddingSpace, at now: Timestamp, limit: Int) -> [EmbeddingWork] {
    guard let noted = noted(space) else { return [] }
    let fresh = notes.embeddable.values
      .filter { noted.vectors[$0.text.source] == nil && noted.failures[$0.text.source] == nil }
      .sorted { $0.place < $1.place }.map(\.text.source)
    let retries = noted.failures.values.compactMap { failed in failed.retryAt.map { ($0, failed.source) } }
      .filter { $0.0 <= now }.sorted { $0 < $1 }.map(\.1)
    let due = (fresh + retries).prefix(max(0, limit))
    let records = records(of: Set(due))
    return due.compactMap { source in
      records[source].map {
        EmbeddingWork(record: $0, attempts: noted.failures[source]?.attempts ?? 0)
      }
    }
  }

  func failedEmbeddings(in space: EmbeddingSpace, after: RecallSource?, limit: Int) -> [FailedEmbedding] {
    page(of: noted(space)?.failures.values.map(\.self) ?? [], by: \.source, after: after, limit: limit)
  }

  /// Goes through all vectors.
  func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) throws(StoreFailure) -> [EmbeddingMatch] {
    if let flaw = space.flaw(of: vector) { throw .invalid("the vector that is searched for \(flaw)") }
    let matches = (noted(space)?.vectors ?? [:]).compactMap { source, vectors -> EmbeddingMatch? in
      guard let scope = notes.embeddable[source]?.text.scope, scopes.contains(scope),
        let record = records(of: [source])[source], filter.accepts(record)
      else { return nil }
      let similarities = vectors.map { similarity(of: $0, and: vector, by: metric) }
      return EmbeddingMatch(source: source, similarity: similarities.max() ?? 0)
    }
    let nearest = matches.sorted { ($1.similarity, $0.source) < ($0.similarity, $1.source) }
    return Array(nearest.prefix(max(0, limit)))
  }

  nonisolated func embeddingChanges() -> AsyncStream<Void> { bell.stream() }

  private func noted(_ space: EmbeddingSpace) -> NotedSpace? { notes.spaces.first { $0.space == space } }
}

/// The product of two vectors, or the cosine of the angle between them; 0 where one of them is zero.
private func similarity(of left: [Float], and right: [Float], by metric: VectorMetric) -> Double {
  func product(_ left: [Float], _ right: [Float]) -> Double {
    zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
  }
  if metric == .dotProduct { return product(left, right) }
  let lengths = (product(left, left) * product(right, right)).squareRoot()
  return lengths > 0 ? min(1, max(-1, product(left, right) / lengths)) : 0
}
