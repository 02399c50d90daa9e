extension ProviderConfiguration {
  public func validate() throws(ProviderConfigurationFailure) {}
}
public struct ProvidersConfiguration {
  public init(providers: [ProviderConfiguration]) {}
  public func validate() throws(ProviderConfigurationFailure) {}
}
