import CompanionDomain
import CompanionPorts

/// What is near, by its definition: each vector is compared, and nothing is prepared.
struct ComparedVectors {
  /// Something that is embedded.
  private struct Entry {
    var scope: MemoryScope
    var vectors: [[Float]]
    /// What it is; `nil` where no filter asks for more than its kind.
    var record: RecallRecord?
  }

  private var entries: [RecallSource: Entry] = [:]

  /// How many there are.
  var count: Int { entries.count }

  /// The vectors of something in a scope; `nil` for none.
  mutating func put(
    _ vectors: [[Float]]?, of source: RecallSource, in scope: MemoryScope, as record: RecallRecord? = nil
  ) {
    entries[source] = vectors.map { Entry(scope: scope, vectors: $0, record: record) }
  }

  /// What something is now that says the same as before.
  mutating func change(_ source: RecallSource, to record: RecallRecord) { entries[source]?.record = record }

  /// Checks what an index has found: as many as there may be, the nearest first, each with its similarity. Of those
  /// that are equally near any may come first, and any may be left out.
  func expect(
    _ found: [EmbeddingMatch], near query: [Float], in scopes: Set<MemoryScope>,
    matching filter: RecallFilter, by metric: VectorMetric = .cosine, limit: Int, _ what: String
  ) throws {
    let searched = entries.filter { source, entry in
      scopes.contains(entry.scope)
        && entry.record.map(filter.accepts) ?? filter.accepts(source.kind, from: .epoch, with: [:])
    }
    let near = searched.mapValues { entry in
      entry.vectors.map { Self.similarity(of: $0, and: query, by: metric) }.max() ?? 0
    }
    // Products are as exact as they are great.
    let precision = 1e-5 * max(1, near.values.map(abs).max() ?? 0)
    let best = near.values.sorted(by: >).prefix(max(0, limit))
    try CompanionTesting.expect(found.count, best.count, "how many are found \(what)")
    try CompanionTesting.expect(
      Set(found.map(\.source)).count, found.count, "how many are found, each once \(what)")
    for (match, best) in zip(found, best) {
      guard let exact = near[match.source] else {
        throw BrokenPromise(expected: "only what is searched \(what)", found: "\(match.source)")
      }
      try CompanionTesting.expect(
        abs(match.similarity - exact) < precision,
        "\(match.source) to be as near as \(exact), and not \(match.similarity) \(what)")
      try CompanionTesting.expect(
        abs(match.similarity - best) < precision, "\(match.source) to be as near as the next, \(best) \(what)"
      )
      try CompanionTesting.expect(
        metric != .cosine || (-1...1).contains(match.similarity),
        "a similarity from -1 to 1, not \(match.similarity) \(what)")
    }
  }

  private static func similarity(
    of left: [Float], and right: [Float], by metric: VectorMetric
  ) -> Double {
    func product(_ left: [Float], _ right: [Float]) -> Double {
      zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    if metric == .dotProduct { return product(left, right) }
    let lengths = (product(left, left) * product(right, right)).squareRoot()
    return lengths > 0 ? product(left, right) / lengths : 0
  }
}
