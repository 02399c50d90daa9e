import CompanionDomain
import CompanionPorts
import CompanionSQLite
import CompanionTesting
import Testing

let nearSpace = EmbeddingSpace(
  model: ModelIdentity(provider: "scripted", model: "near"), dimension: 8)

func numbered(_ number: Int, _ text: String? = nil, in place: MemoryScope = kitchen) -> Document {
  Document(id: identifier(number), scope: place, text: text ?? "number \(number)", createdAt: .epoch)
}

/// A vector that is nearer to itself than to that of any other number, and whose bytes are nowhere else.
func numberedVector(_ number: Int) -> [Float] {
  var random = SplitMix64(seed: UInt64(number))
  return (0..<nearSpace.dimension).map { _ in Float(random.next(below: 2_000_001) - 1_000_000) / 999_983 }
}

func embedded(
  _ document: Document, _ vectors: [[Float]], in space: EmbeddingSpace
) -> ChangeSet.Change? {
  EmbeddingText(.document(document)).map { text in
    .putEmbedding(EmbeddedSource(source: text.source, hash: text.hash, vectors: vectors), in: space)
  }
}

extension SQLiteStore {
  /// Stores documents with their vectors.
  func embed(_ numbers: ClosedRange<Int>) async throws(StoreFailure) {
    try await commit(
      ChangeSet(
        numbers.map { .putDocument(numbered($0)) }
          + numbers.compactMap { embedded(numbered($0), [numberedVector($0)], in: nearSpace) }))
  }

  func nearest(
    to vector: [Float], scopes: Set<MemoryScope> = [kitchen], limit: Int = 10
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    try await nearest(
      to: vector, in: nearSpace, scopes: scopes, matching: .all, by: .cosine, limit: limit)
  }

  /// The numbers of the documents that are nearest to that of a number.
  func nearestDocuments(to number: Int) async throws(StoreFailure) -> [Int] {
    try await nearest(to: numberedVector(number)).map { match in
      guard case .document(let id) = match.source else { return -1 }
      return (1...5000).first { identifier($0) == id } ?? -1
    }
  }
}

/// Checks that each source is in one state in each space, and that vectors are where they are said to be.
func expectSound(_ path: String) throws {
  let file = RawDatabase(path)
  let flaws = [
    """
    SELECT count(*) FROM embedding_spaces, embedding_sources WHERE 1 !=
      (SELECT count(*) FROM embedding_line l WHERE l.space = embedding_spaces.key AND l.source = embedding_sources.key)
      + (SELECT count(*) FROM embedding_failures f WHERE f.space = embedding_spaces.key AND f.source = embedding_sources.key)
      + (SELECT count(*) FROM embedding_vectors v WHERE v.space = embedding_spaces.key AND v.source = embedding_sources.key)
    """,
    """
    SELECT (SELECT coalesce(sum(count), 0) FROM embedding_vectors) - (SELECT count(*) FROM embedding_tail)
      - (SELECT coalesce(sum(length(owners) / 20), 0) FROM embedding_blocks)
    """,
    "SELECT (SELECT coalesce(sum(tail), 0) FROM embedding_spaces) - (SELECT count(*) FROM embedding_tail)",
    "SELECT count(*) FROM embedding_partitions WHERE name NOT IN (SELECT name FROM text_partitions)",
    "SELECT count(*) FROM embedding_sources WHERE partition NOT IN (SELECT key FROM embedding_partitions)",
    """
    SELECT count(*) FROM embedding_blocks WHERE length(owners) > 1280
      OR length(owners) / 20 * 4 * (SELECT dimension FROM embedding_spaces s WHERE s.key = embedding_blocks.key >> 40)
        != length(vectors)
    """,
  ]
  for (place, flaw) in flaws.enumerated() { #expect(try file.number(flaw) == 0, "\(place)") }
}
