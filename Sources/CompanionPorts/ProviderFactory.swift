public import CompanionDomain

/// Makes what a configuration of a provider describes.
public protocol ProviderFactory: Sendable {
  /// The services of a provider. Nothing is sent, and no secret looked up.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the field that is wrong.
  func services(
    for configuration: ProviderConfiguration
  ) throws(ProviderConfigurationFailure) -> ProviderServices

  /// Finds out whether the secret that a configuration refers to is there, without keeping it.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the field and says nothing of the secret.
  func checkSecret(of configuration: ProviderConfiguration) async throws(ProviderConfigurationFailure)
}

/// What a provider offers.
public struct ProviderServices: Sendable {
  /// Answers while somebody waits.
  public var language: (any LanguageModel)?
  /// Answers as jobs that the provider runs by itself.
  public var background: (any BackgroundLanguageModel)?
  /// Makes images.
  public var images: (any ImageGenerator)?
  /// Makes vectors of texts.
  public var embeddings: (any EmbeddingService)?

  /// Services; what is not given is not offered.
  public init(
    language: (any LanguageModel)? = nil, background: (any BackgroundLanguageModel)? = nil,
    images: (any ImageGenerator)? = nil, embeddings: (any EmbeddingService)? = nil
  ) {
    self.language = language
    self.background = background
    self.images = images
    self.embeddings = embeddings
  }

  /// Which model it is; `nil` when nothing is offered.
  public var identity: ModelIdentity? {
    language?.identity ?? background?.identity ?? images?.identity ?? embeddings?.identity
  }

  /// What is offered.
  public var kinds: Set<ModelCapabilities.Kind> {
    var kinds: Set<ModelCapabilities.Kind> = []
    if language != nil { kinds.insert(.text) }
    if background != nil { kinds.insert(.background) }
    if images != nil { kinds.insert(.image) }
    if embeddings != nil { kinds.insert(.embedding) }
    return kinds
  }
}
