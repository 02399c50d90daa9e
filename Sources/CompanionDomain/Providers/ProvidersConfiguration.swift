public import FoundationEssentials

/// Everything that a host configures about providers: which there are, and how one of them is chosen.
///
/// It is written as JSON, and read from it, with ``json`` and ``init(json:)-(Data)``. No secret is in it.
public struct ProvidersConfiguration: Hashable, Sendable {
  /// Which one is asked first among those of the same priority.
  public var strategy: RoutingStrategy
  /// After how long without an answer a second provider is asked as well; `nil` for never. Both may be billed.
  public var hedgeAfter: Duration?
  /// The providers, at least one, each under a name of its own.
  public var providers: [ProviderConfiguration]

  /// A configuration; what is not given is the usual.
  public init(
    strategy: RoutingStrategy = .priority, hedgeAfter: Duration? = nil, providers: [ProviderConfiguration]
  ) {
    self.strategy = strategy
    self.hedgeAfter = hedgeAfter
    self.providers = providers
  }
}

extension ProvidersConfiguration {
  /// Reads a configuration from JSON text, as a person writes it, and validates it.
  ///
  /// - Throws: ``ProviderConfigurationFailure``: the text is not JSON, with the first line that is not; a member
  ///   is there twice; or the first field that is wrong. It quotes nothing of what is written there.
  public init(json text: Data) throws(ProviderConfigurationFailure) {
    if text.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) {
      throw ProviderConfigurationFailure(field: "", problem: "is empty")
    }
    guard JSONValue.isShallow(text) else {
      throw ProviderConfigurationFailure(field: "", problem: "is nested too deeply")
    }
    try JSONSyntax.check(text)
    guard let json = JSONValue(json: text) else {
      throw ProviderConfigurationFailure(field: "", problem: "is not JSON")
    }
    try self.init(json: json)
  }

  /// Reads a configuration, and validates it.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the first field that is wrong and quotes nothing
  ///   of what was written there.
  public init(json: JSONValue) throws(ProviderConfigurationFailure) {
    self = try ConfigurationReader.read(json)
    try validate()
  }

  /// The configuration as JSON; every member that has a value is written. Times are written to the microsecond.
  public var json: JSONValue { JSONValue(configuration: self) }

  /// Checks a configuration by the same rules as one that is read; see ``ProviderConfiguration/validate()``.
  ///
  /// Complexity: linear in the number of providers.
  public func validate() throws(ProviderConfigurationFailure) {
    try ConfigurationRule.check([
      .positive("hedge_after_ms", hedgeAfter),
      ConfigurationRule("providers", !providers.isEmpty, "at least one provider is needed"),
    ])
    var places: [ProviderID: Int] = [:]
    for (place, provider) in providers.enumerated() {
      do throws(ProviderConfigurationFailure) {
        try provider.validate()
      } catch {
        throw error.inside("providers[\(place)]")
      }
      if let earlier = places.updateValue(place, forKey: provider.id) {
        throw ProviderConfigurationFailure(
          field: "providers[\(place)].id", problem: "providers[\(earlier)] has this id too")
      }
    }
  }
}

extension ProvidersConfiguration: ConfigurationPart {
  enum Member: String, CaseIterable {
    case strategy, providers
    case hedgeAfter = "hedge_after_ms"
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    self.init(
      strategy: try reader.choice(.strategy) ?? .priority,
      hedgeAfter: try reader.duration(.hedgeAfter, unit: .milliseconds(1)),
      providers: try reader.required(.providers, try reader.parts(.providers)))
  }

  var members: [Member: JSONValue?] {
    [
      .strategy: .string(strategy.rawValue),
      .hedgeAfter: hedgeAfter.map { JSONValue($0, unit: .milliseconds(1)) },
      .providers: .array(providers.map(JSONValue.init(configuration:))),
    ]
  }
}
