/// The name of a model.
public struct ModelIdentity: Hashable, Sendable, Codable {
  /// The provider, named as OpenTelemetry's `gen_ai.provider.name` does where it has a name.
  public var provider: String
  /// The model, in the provider's own words.
  public var model: String

  /// A name of these parts.
  public init(provider: String, model: String) {
    self.provider = provider
    self.model = model
  }
}
