public import CompanionDomain
public import CompanionPorts

/// Vectors of texts without a model: no key, no server, no network.
///
/// They are lexical: texts are near each other that have words, parts of words or characters in common, not that
/// mean the same in other words. A word is found in spite of a slip of the pen; a synonym is not. They are there
/// so that everything that takes vectors can be tried, tested and relied on without a provider; where texts are
/// searched by their words anyway, they add little.
///
/// The same text has the same vector everywhere and for all time, as far as ``identity`` is the same. A vector
/// has a length of 1, and no number of it is 0 but by chance, so that its signs alone say much about it.
public struct OfflineEmbeddings: EmbeddingService {
  /// The numbers of a vector.
  public static let dimension = SignedSum.dimension

  /// Offline vectors.
  public init() {}

  /// `offline`, and `lexical` with the versions of its own rules and of ``TextAnalysis``.
  public var identity: ModelIdentity {
    ModelIdentity(provider: "offline", model: "lexical-\(LexicalFeatures.version).\(TextAnalysis.version)")
  }

  /// They are.
  public var isLexical: Bool { true }

  /// 4,096.
  public var maximumBatch: Int { 4_096 }

  /// The vectors of texts; see ``EmbeddingService/embed(_:)``. An empty text has one, too: far from all others.
  /// No tokens are counted.
  ///
  /// - Throws: `ProviderFailure` of kind `invalidRequest` for more texts than ``maximumBatch``, or `cancelled`.
  ///
  /// Complexity: linear in the length of the texts.
  public func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    guard texts.count <= maximumBatch else {
      let message = "\(texts.count) texts are more than the \(maximumBatch) of one call"
      throw ProviderFailure(.invalidRequest, message: message)
    }
    var vectors: [[Float]] = []
    vectors.reserveCapacity(texts.count)
    for text in texts {
      guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
      vectors.append(Self.vector(of: text))
    }
    return EmbeddingResponse(vectors: vectors)
  }

  private static func vector(of text: String) -> [Float] {
    var sum = SignedSum()
    for feature in LexicalFeatures(text).all { sum.add(feature.hash, weight: feature.energy.squareRoot()) }
    return sum.normalized
  }
}

extension EmbeddingService where Self == OfflineEmbeddings {
  /// Vectors that need nothing; see ``OfflineEmbeddings``.
  public static var offline: OfflineEmbeddings { OfflineEmbeddings() }
}
