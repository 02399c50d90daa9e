import CompanionKit
import ExampleSupport
import Foundation

/// Search by vectors through a store: what it costs to keep them, to open a file that has many, and to search it.
///
/// Each is of a document of a few words, so that vectors are what counts.
struct StoredVectorsSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  private let clock = ContinuousClock()
  private let scope = MemoryScope.workspace(.main)
  private var space: EmbeddingSpace {
    EmbeddingSpace(
      model: ModelIdentity(provider: "synthetic", model: options.data.rawValue), dimension: options.dimension)
  }

  func run() async throws {
    let count = options.count ?? 100_000
    let name = "sqlite, \(count) vectors of \(options.dimension), \(options.data.rawValue)"
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "companion-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "vectors.db").path
    var vectors = SyntheticVectors(kind: options.data, dimension: options.dimension)

    var store = try await open(path)
    let time = try await clock.measure { try await fill(store, with: &vectors, count: count) }
    report.figure(
      "vectors", "documents and vectors stored, \(name)", "build_s", time.milliseconds / 1000, "s")
    try await measureBatches(store, with: &vectors, from: count, "commits wait for no disk, \(name)")
    await store.close()

    let queries = vectors.queries(300)
    var openings: [Double] = []
    for query in queries.prefix(5) {
      let opened = clock.now
      store = try await open(path)
      try await search(store, for: query)
      openings.append((clock.now - opened).milliseconds)
      await store.close()
    }
    report.figure(
      "vectors", "the first search included, \(name), median of 5", "open_ms", openings.percentile(0.5), "ms")
    report.figure("vectors", "the same, the shortest", "open_ms", openings.min() ?? 0, "ms")
    store = try await open(path)
    try await search(store, for: queries[0])
    var times: [Double] = []
    for query in [queries, queries].joined() {
      times.append(try await clock.measure { try await search(store, for: query) }.milliseconds)
    }
    report.figure("vectors", "\(name), median", "latency_p50_ms", times.percentile(0.5), "ms")
    report.figure("vectors", "\(name), p95", "latency_p95_ms", times.percentile(0.95), "ms")
    for share in [0.001, 0.1, 0.5] {
      let last = Timestamp(nanosecondsSinceEpoch: 0).advanced(by: .seconds(max(1, share * Double(count))))
      let filter = RecallFilter(times: Timestamp(nanosecondsSinceEpoch: 0)..<last)
      times = []
      for query in queries.prefix(100) {
        times.append(
          try await clock.measure { try await search(store, for: query, matching: filter) }.milliseconds)
      }
      report.figure(
        "vectors", "within a time that has \((share * 100).formatted()) % of them, \(name), median",
        "latency_p50_ms", times.percentile(0.5), "ms")
    }
    await store.close()

    store = try await open(path, durability: .full)
    try await measureBatches(store, with: &vectors, from: count + 800, "commits wait for the disk, \(name)")
    await store.close()
  }

  private func open(
    _ path: String, durability: SQLiteStore.Durability = .normal
  ) async throws -> SQLiteStore {
    try await SQLiteStore(path: path, durability: durability, time: SystemTimeSource())
  }

  private func search(
    _ store: SQLiteStore, for query: [Float], matching filter: RecallFilter = RecallFilter(kinds: [.document])
  ) async throws {
    let found = try await store.nearest(
      to: query, in: space, scopes: [scope], matching: filter, by: .cosine, limit: 10)
    guard !found.isEmpty else { throw BenchmarkError(message: "nothing was found") }
  }

  /// What the runner does: batches of eight, a commit each, of documents that are there.
  private func measureBatches(
    _ store: SQLiteStore, with vectors: inout SyntheticVectors, from first: Int, _ name: String
  ) async throws {
    let documents = (first..<first + 800).map(document)
    try await store.commit(ChangeSet(documents.map { .putDocument($0) }))
    var times: [Double] = []
    for start in stride(from: 0, to: documents.count, by: 8) {
      let changes = embedded(documents[start..<start + 8], vectors.queries(8))
      let time = try await clock.measure { try await store.commit(ChangeSet(changes)) }
      times.append(time.milliseconds * 1000 / 8)
    }
    report.figure(
      "vectors", "vectors of 8 a commit, \(name), mean", "per_document_us",
      times.reduce(0, +) / Double(times.count), "µs")
  }

  private func fill(
    _ store: SQLiteStore, with vectors: inout SyntheticVectors, count: Int
  ) async throws {
    try await store.commit(.openEmbeddingSpace(space))
    for start in stride(from: 0, to: count, by: 5000) {
      let documents = (start..<min(start + 5000, count)).map(document)
      try await store.commit(
        ChangeSet(
          documents.map { .putDocument($0) } + embedded(documents[...], vectors.queries(documents.count))))
    }
  }

  private func embedded(
    _ documents: ArraySlice<Document>, _ vectors: [[Float]]
  ) -> [ChangeSet.Change] {
    zip(documents, vectors).compactMap { document, vector in
      EmbeddingText(.document(document)).map { text in
        .putEmbedding(EmbeddedSource(source: text.source, hash: text.hash, vectors: [vector]), in: space)
      }
    }
  }

  private func document(_ number: Int) -> Document {
    Document(
      id: DocumentID(bits: UInt128(number)), scope: scope, text: "n\(number % 1000)",
      createdAt: Timestamp(nanosecondsSinceEpoch: 0).advanced(by: .seconds(number)))
  }
}
