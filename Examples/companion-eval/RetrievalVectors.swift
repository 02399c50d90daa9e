import CompanionDomain
import CompanionPorts

/// Why there are no vectors to judge.
struct EmbeddingError: Error, CustomStringConvertible {
  let description: String
}

/// The vectors of documents and queries, searched as the library searches them.
///
/// What is longer than a model takes is cut into pieces, and a document is as near as its nearest piece.
struct RetrievalVectors {
  /// What has been cut into pieces, with the document of each and its number among the scopes.
  private struct Pieces {
    var texts: [String] = []
    var owners: [String] = []
    var groups: [UInt32] = []
    /// Of the document that has the most.
    var most = 1
    var documents = 0
  }

  /// How many tokens a piece has at most, unless the model takes fewer.
  static let pieceTokens = 512
  /// A model that refuses even so few tokens is of no use.
  private static let leastTokens = 32

  private let index: VectorIndex
  private let groups: [String: UInt32]
  private let queries: [String: [Float]]
  private let owners: [String]
  private let mostPieces: Int

  /// How many documents have a vector; those without a text have none.
  let documents: Int
  /// How many vectors they have.
  var pieces: Int { owners.count }
  /// How many tokens a piece has at most.
  let tokens: Int

  /// Vectors made now.
  ///
  /// - Parameter tell: takes what a person is to know meanwhile.
  /// - Throws: `ProviderFailure` where the service fails, `EmbeddingError` where its vectors are of no use.
  init(
    of corpus: [TextDocument<String>], _ queries: [JudgedQuery], by service: any EmbeddingService,
    tell: @escaping (String) -> Void
  ) async throws {
    var tokens = Self.pieceTokens
    while true {
      do {
        try await self.init(of: corpus, queries, tokens: tokens, by: service, tell: tell)
        return
      } catch let failure as ProviderFailure
        where failure.kind == .contextLengthExceeded && tokens / 2 >= Self.leastTokens
      {
        tokens /= 2
      }
    }
  }

  private init(
    of corpus: [TextDocument<String>], _ queries: [JudgedQuery], tokens: Int,
    by service: any EmbeddingService, tell: @escaping (String) -> Void
  ) async throws {
    var groups: [String: UInt32] = [:]
    for scope in corpus.compactMap(\.scope) where groups[scope] == nil {
      groups[scope] = UInt32(groups.count + 1)
    }
    let pieces = Self.pieces(of: corpus, groups: groups, tokens: tokens)
    guard !pieces.texts.isEmpty else { throw EmbeddingError(description: "No document has a text.") }
    let estimator = TokenEstimator()
    let asked = queries.filter { query in query.text.contains { !$0.isWhitespace } }
    var making = VectorMaking(of: asked.count + pieces.texts.count, by: service, tell: tell)
    let ofQueries = try await making.vectors(
      of: asked.map { ("query \($0.id)", estimator.cut($0.text, toTokens: tokens)) })
    let ofPieces = try await making.vectors(
      of: zip(pieces.owners, pieces.texts).map { ("document \($0)", $1) })
    try making.checkAll()
    let dimension = ofPieces[0].count
    do throws(VectorFailure) {
      var index = try VectorIndex(dimension: dimension)
      for (vector, group) in zip(ofPieces, pieces.groups) { _ = try index.insert(vector, group: group) }
      // A query is refused by what refuses it when it is searched for.
      for vector in ofQueries { _ = try index.nearest(to: vector, count: 0) }
      self.index = index
    } catch {
      throw EmbeddingError(description: Self.refusal(of: error))
    }
    self.groups = groups
    self.queries = Dictionary(zip(asked.map(\.id), ofQueries)) { first, _ in first }
    self.tokens = tokens
    owners = pieces.owners
    mostPieces = pieces.most
    documents = pieces.documents
  }

  /// The documents in a query's scope by their nearest piece, best first; none for a query without a text.
  ///
  /// - Parameter count: how many are wanted at least, if there are as many.
  func nearest(to query: JudgedQuery, count: Int) throws -> [RankedItem<String>] {
    guard let vector = queries[query.id] else { return [] }
    var allowed: Set<UInt32>?
    if let scope = query.scope {
      guard let group = groups[scope] else { return [] }
      allowed = [group]
    }
    var seen: Set<String> = []
    return try index.nearest(to: vector, count: min(count * mostPieces, pieces), in: allowed).compactMap {
      let owner = owners[Int($0.slot)]
      return seen.insert(owner).inserted ? RankedItem(id: owner, score: Double($0.score)) : nil
    }
  }

  private static func pieces(
    of corpus: [TextDocument<String>], groups: [String: UInt32], tokens: Int
  ) -> Pieces {
    let chunker = TextChunker(limit: tokens)
    let estimator = TokenEstimator()
    var pieces = Pieces()
    for document in corpus {
      // With what is found as if it were in the text.
      let text = (document.context + [document.text]).joined(separator: "\n")
      let cut = chunker.pieces(of: text) { estimator.tokens(in: $0) }
      let group = document.scope.flatMap { groups[$0] } ?? 0
      pieces.texts += cut.map(String.init)
      pieces.owners += cut.map { _ in document.id }
      pieces.groups += cut.map { _ in group }
      pieces.most = max(pieces.most, cut.count)
      if !cut.isEmpty { pieces.documents += 1 }
    }
    return pieces
  }

  private static func refusal(of failure: VectorFailure) -> String {
    switch failure {
    case .unusableNumbers: "The service gives vectors with numbers that are infinite, too great or none."
    case .unsupportedDimension(let dimension):
      "The service gives vectors of \(dimension) numbers; up to \(VectorIndex.dimensions.upperBound) are possible."
    default: "The service's vectors cannot be indexed: \(failure)"
    }
  }
}
