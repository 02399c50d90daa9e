import CompanionDomain
import CompanionPorts

/// What is near, by its definition: each vector is compared, and nothing is prepared.
struct ComparedVectors {
  /// Something that is embedded.
  private struct Entry {
    var scope: MemoryScope
    var vectors: [[Float]]
  }

  private var entries: [RecallSource: Entry] = [:]

  /// How many there are.
  var count: Int { entries.count }

  /// The vectors of something in a scope; `nil` for none.
  mutating func put(_ vectors: [[Float]]?, of source: RecallSource, in scope: MemoryScope) {
    entries[source] = vectors.map { Entry(scope: scope, vectors: $0) }
  }

  /// Checks what an index has found: as many as there may be, the nearest first, each with its similarity. Of those
  /// that are equally near any may come first, and any may be left out.
  func expect(
    _ found: [EmbeddingMatch], near query: [Float], kinds: Set<RecallSource.Kind>,
    in scopes: Set<MemoryScope>,
    limit: Int, _ what: String
  ) throws {
    let searched = entries.filter { kinds.contains($0.key.kind) && scopes.contains($0.value.scope) }
    let near = searched.mapValues { entry in
      entry.vectors.map { Self.cosine(of: $0, and: query) }.max() ?? 0
    }
    let best = near.values.sorted(by: >).prefix(max(0, limit))
    try CompanionTesting.expect(found.count, best.count, "how many are found \(what)")
    try CompanionTesting.expect(
      Set(found.map(\.source)).count, found.count, "how many are found, each once \(what)")
    for (match, best) in zip(found, best) {
      guard let exact = near[match.source] else {
        throw BrokenPromise(expected: "only what is searched \(what)", found: "\(match.source)")
      }
      try CompanionTesting.expect(
        abs(match.similarity - exact) < 1e-5,
        "\(match.source) to be as near as \(exact), and not \(match.similarity) \(what)")
      try CompanionTesting.expect(
        abs(match.similarity - best) < 1e-5, "\(match.source) to be as near as the next, \(best) \(what)")
      try CompanionTesting.expect(
        (-1...1).contains(match.similarity), "a similarity from -1 to 1, not \(match.similarity) \(what)")
    }
  }

  /// The cosine of the angle between two vectors; 0 where one of them is zero.
  private static func cosine(of left: [Float], and right: [Float]) -> Double {
    func product(_ left: [Float], _ right: [Float]) -> Double {
      zip(left, right).reduce(0) { $0 + Double($1.0) * Double($1.1) }
    }
    let lengths = (product(left, left) * product(right, right)).squareRoot()
    return lengths > 0 ? product(left, right) / lengths : 0
  }
}
