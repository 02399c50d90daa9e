import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionProviders
import CompanionSystem
import ExampleSupport
import Foundation

/// `companion-eval retrieval`: how well documents are found for queries, by words, by vectors and by both.
struct RetrievalEvaluation {
  let options: RetrievalOptions
  let report: FigureReport

  func run() async throws {
    let clock = ContinuousClock()
    let opened = clock.now
    let corpus = try RetrievalFiles.corpus(at: options.corpus)
    var index = InvertedIndex<String>()
    for document in corpus { index.insert(document) }
    let openTime = clock.now - opened
    let queries = try RetrievalFiles.queries(at: options.queries, known: Set(corpus.map(\.id)))
    guard queries.contains(where: { !$0.relevant.isEmpty }) else {
      throw InputError(
        file: options.queries,
        message: "no query has a relevant document: there is nothing to be found, or missed")
    }
    let vectors = try await vectors(of: corpus, queries)

    var figures = RetrievalFigures()
    var ofText = RetrievalFigures()
    var ofVectors = RetrievalFigures()
    let ranking = ConversationRanking()
    let fusion = RankFusion()
    for query in queries {
      let asked = clock.now
      let terms = TextQuery(query.text)
      let scopes = query.scope.map { Set([$0]) }
      let byText = ranking.ranked(index.candidates(for: terms, scopes: scopes), for: terms)
      let textFound = clock.now
      guard let vectors else {
        figures.add(byText, for: query, duration: (textFound - asked) / .milliseconds(1))
        continue
      }
      let byVectors = try vectors.nearest(to: query, count: fusion.window)
      let vectorsFound = clock.now
      let found =
        options.embeddings == .offline
        ? RankFusion.extended(byText, by: byVectors)
        : fusion.fused([.init(floor: 0, byText), .init(byVectors)])
      figures.add(found, for: query, duration: (clock.now - asked) / .milliseconds(1))
      ofText.add(byText, for: query, duration: (textFound - asked) / .milliseconds(1))
      ofVectors.add(byVectors, for: query, duration: (vectorsFound - textFound) / .milliseconds(1))
    }

    let name = "\(corpus.count) documents, \(figures.judged) queries"
    if figures.judged < queries.count {
      report.note(
        "\(queries.count - figures.judged) queries have no relevant document, and count in no recall.")
    }
    figures.print(to: report, as: name)
    report.figure("retrieval", name, "open_ms", openTime / .milliseconds(1), "ms")
    if vectors != nil {
      ofText.print(to: report, as: "\(name), text alone")
      ofVectors.print(to: report, as: "\(name), vectors alone")
    }
  }

  private func vectors(
    of corpus: [TextDocument<String>], _ queries: [JudgedQuery]
  ) async throws -> RetrievalVectors? {
    guard let service else { return nil }
    report.note("Vectors for \(corpus.count) documents and \(queries.count) queries are made now.")
    let vectors = try await RetrievalVectors(of: corpus, queries, by: service, tell: report.note)
    if vectors.tokens < RetrievalVectors.pieceTokens {
      report.note("The model refuses longer texts: they are cut into pieces of \(vectors.tokens) tokens.")
    }
    if vectors.documents < corpus.count {
      report.note("\(corpus.count - vectors.documents) documents have no text, and so no vector.")
    }
    if vectors.pieces > vectors.documents {
      report.note(
        "\(vectors.documents) documents have \(vectors.pieces) pieces with a vector each; the nearest counts."
      )
    }
    return vectors
  }

  private var service: (any EmbeddingService)? {
    switch options.embeddings {
    case nil: return nil
    case .offline: return OfflineEmbeddings()
    case .service(let url, let model):
      let hasKey = ProcessInfo.processInfo.environment["OPENAI_API_KEY"] != nil
      return OpenAICompatibleEmbeddings(
        baseURL: url, model: model, maximumBatch: 64,
        apiKey: hasKey ? .environment("OPENAI_API_KEY") : nil, transport: URLSessionTransport(),
        time: SystemTimeSource())
    }
  }
}
