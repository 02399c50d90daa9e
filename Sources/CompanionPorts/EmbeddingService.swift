public import CompanionDomain

/// Turns texts into vectors whose nearness is nearness of meaning.
///
/// Like a ``LanguageModel`` it makes one attempt, and classifies what goes wrong.
public protocol EmbeddingService: Sendable {
  /// Which model this is. Vectors of different models cannot be compared.
  var identity: ModelIdentity { get }

  /// The most texts that one call takes.
  var maximumBatch: Int { get }

  /// Whether texts are near each other for their spelling, and not for what they mean: words find more by themselves,
  /// and what only vectors find comes behind it. `false` unless said otherwise.
  var isLexical: Bool { get }

  /// How near vectors of the model are: what it was made for. `cosine` unless said otherwise.
  var metric: VectorMetric { get }

  /// The vectors of texts, one for each, in their order, all of the same dimension, all of finite numbers.
  ///
  /// What has nothing but zeros for a vector is not stored: it is tried again, and then parked.
  ///
  /// - Parameter texts: at most ``maximumBatch``; none gives none without a call.
  /// - Throws: `ProviderFailure`; `malformedResponse` when what came is not one valid vector for each text,
  ///   `invalidRequest`, without a call, for more than ``maximumBatch``.
  func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse
}

extension EmbeddingService {
  /// They are near for what they mean.
  public var isLexical: Bool { false }

  /// Their directions tell.
  public var metric: VectorMetric { .cosine }
}

/// The vectors of texts.
public struct EmbeddingResponse: Hashable, Sendable {
  /// One for each text, in their order.
  public var vectors: [[Float]]
  /// The tokens of the texts; `nil` where the provider does not tell.
  public var usage: TokenUsage?

  /// A response of these parts.
  public init(vectors: [[Float]], usage: TokenUsage? = nil) {
    self.vectors = vectors
    self.usage = usage
  }
}
