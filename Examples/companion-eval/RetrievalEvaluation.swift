import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionProviders
import CompanionSystem
import ExampleSupport
import Foundation

/// `companion-eval retrieval`: how well documents are found for queries.
struct RetrievalEvaluation {
  let options: RetrievalOptions
  let report: FigureReport

  private static let depths = [1, 5, 10, 20, 50]

  func run() async throws {
    let clock = ContinuousClock()
    let opened = clock.now
    let corpus = try RetrievalFiles.corpus(at: options.corpus)
    var index = InvertedIndex<String>()
    for document in corpus { index.insert(document) }
    let openTime = clock.now - opened
    let queries = try RetrievalFiles.queries(at: options.queries, known: Set(corpus.map(\.id)))
    let vectors = try await vectors(of: corpus, queries)

    var recalls = Self.depths.map { _ in 0.0 }
    var reciprocalRanks = 0.0
    var judged = 0
    var latencies: [Double] = []
    let ranking = ConversationRanking()
    for query in queries {
      let asked = clock.now
      let terms = TextQuery(query.text)
      let scopes = query.scope.map { Set([$0]) }
      var found = ranking.ranked(index.candidates(for: terms, scopes: scopes), for: terms)
      if let vectors {
        found = RankFusion().fused([.init(found), .init(vectors.nearest(to: query))])
      }
      latencies.append((clock.now - asked) / .milliseconds(1))
      guard !query.relevant.isEmpty else { continue }
      judged += 1
      for (place, depth) in Self.depths.enumerated() {
        let hits = found.prefix(depth).count { query.relevant.contains($0.id) }
        recalls[place] += Double(hits) / Double(query.relevant.count)
      }
      if let rank = found.firstIndex(where: { query.relevant.contains($0.id) }) {
        reciprocalRanks += 1 / Double(rank + 1)
      }
    }

    let name = "\(corpus.count) documents, \(judged) queries"
    if judged < queries.count {
      report.note("\(queries.count - judged) queries have no relevant document, and count in no recall.")
    }
    let count = Double(max(1, judged))
    for (depth, recall) in zip(Self.depths, recalls) {
      report.figure("retrieval", name, "recall_at_\(depth)", recall / count, "fraction")
    }
    report.figure("retrieval", name, "mrr", reciprocalRanks / count, "fraction")
    report.figure("retrieval", name, "latency_p50_ms", latencies.percentile(0.5), "ms")
    report.figure("retrieval", name, "latency_p95_ms", latencies.percentile(0.95), "ms")
    report.figure("retrieval", name, "open_ms", openTime / .milliseconds(1), "ms")
  }

  private func vectors(
    of corpus: [TextDocument<String>], _ queries: [JudgedQuery]
  ) async throws -> ExactVectors? {
    guard let embeddings = options.embeddings else { return nil }
    let hasKey = ProcessInfo.processInfo.environment["OPENAI_API_KEY"] != nil
    let service = OpenAICompatibleEmbeddings(
      baseURL: embeddings.url, model: embeddings.model, maximumBatch: 64,
      apiKey: hasKey ? .environment("OPENAI_API_KEY") : nil, transport: URLSessionTransport(),
      time: SystemTimeSource())
    report.note("Vectors for \(corpus.count) documents and \(queries.count) queries are made now.")
    return try await ExactVectors(of: corpus, queries, by: service)
  }
}

/// The vectors of documents and queries, compared one by one.
private struct ExactVectors {
  private let documents: [(id: String, scope: String?, vector: [Float])]
  private let queries: [String: [Float]]

  init(
    of corpus: [TextDocument<String>], _ queries: [JudgedQuery], by service: any EmbeddingService
  ) async throws {
    let ofDocuments = try await Self.vectors(
      of: corpus.map { ($0.context + [$0.text]).joined(separator: "\n") }, by: service)
    let ofQueries = try await Self.vectors(of: queries.map(\.text), by: service)
    documents = zip(corpus, ofDocuments).map { ($0.id, $0.scope, $1) }
    self.queries = Dictionary(zip(queries.map(\.id), ofQueries)) { first, _ in first }
  }

  /// The documents in a query's scope by the cosine of their vectors.
  func nearest(to query: JudgedQuery) -> [RankedItem<String>] {
    guard let asked = queries[query.id] else { return [] }
    return documents.lazy
      .filter { query.scope == nil || $0.scope == query.scope }
      .map { document in
        let product = zip(document.vector, asked).reduce(into: Float(0)) { $0 += $1.0 * $1.1 }
        return RankedItem(id: document.id, score: Double(product))
      }
      .sorted { $0.comes(before: $1) }
  }

  /// Vectors of length 1. An empty text, which services refuse, has one of zeros.
  private static func vectors(of texts: [String], by service: any EmbeddingService) async throws -> [[Float]]
  {
    var vectors: [[Float]] = []
    for start in stride(from: 0, to: texts.count, by: service.maximumBatch) {
      let batch = texts[start..<min(start + service.maximumBatch, texts.count)].map { $0.isEmpty ? " " : $0 }
      vectors += try await service.embed(batch).vectors.map { vector in
        let length = vector.reduce(into: Float(0)) { $0 += $1 * $1 }.squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
      }
    }
    return vectors
  }
}

extension [Double] {
  /// The value that a part of all others does not exceed; 0 where there is none.
  func percentile(_ part: Double) -> Double {
    guard !isEmpty else { return 0 }
    let sorted = sorted()
    return sorted[Swift.min(sorted.count - 1, Int(Double(sorted.count) * part))]
  }
}
