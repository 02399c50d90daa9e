public import CompanionDomain
public import CompanionPorts

/// A configured provider, and the services by which it is called.
public struct Provider: Sendable {
  /// What the host has configured.
  public var configuration: ProviderConfiguration
  /// What it offers.
  public var services: ProviderServices

  /// A provider of these parts.
  ///
  /// - Parameter services: what the configuration describes, as a `ProviderFactory` makes it.
  public init(configuration: ProviderConfiguration, services: ProviderServices) {
    self.configuration = configuration
    self.services = services
  }

  /// A provider whose services a host has made itself.
  ///
  /// - Parameters:
  ///   - id: the name under which the host knows it.
  ///   - services: what it offers.
  ///   - priority: providers of a lower number are asked first.
  ///   - capabilities: what the model can do; `nil` for what its services offer, with tools and JSON.
  ///   - limits: what may be asked of it.
  ///   - price: what it costs; `nil` where that is not known.
  ///   - breaker: when its circuit breaker opens, and for how long.
  public init(
    _ id: ProviderID, services: ProviderServices, priority: Int = 0, capabilities: ModelCapabilities? = nil,
    limits: ProviderLimits = ProviderLimits(), price: ModelPrice? = nil,
    breaker: CircuitBreaker.Policy = CircuitBreaker.Policy()
  ) {
    self.init(
      configuration: ProviderConfiguration(
        id: id, api: .custom, model: services.identity?.model ?? "none", priority: priority,
        capabilities: capabilities ?? ModelCapabilities(kinds: services.kinds), limits: limits, price: price,
        breaker: breaker),
      services: services)
  }

  /// A provider of one language model; see ``init(_:services:priority:capabilities:limits:price:breaker:)``.
  public init(
    _ id: ProviderID, model: any LanguageModel, priority: Int = 0, capabilities: ModelCapabilities? = nil,
    limits: ProviderLimits = ProviderLimits(), price: ModelPrice? = nil,
    breaker: CircuitBreaker.Policy = CircuitBreaker.Policy()
  ) {
    self.init(
      id, services: ProviderServices(language: model), priority: priority, capabilities: capabilities,
      limits: limits, price: price, breaker: breaker)
  }

  /// The provider's name.
  public var id: ProviderID { configuration.id }

  /// The model's name, as its services tell it.
  public var model: ModelIdentity {
    services.identity ?? ModelIdentity(provider: id.rawValue, model: configuration.model)
  }
}
