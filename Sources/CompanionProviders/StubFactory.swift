public import CompanionDomain
public import CompanionPorts

public struct StandardProviderFactory: ProviderFactory {
  public init(transport: any HTTPTransport, time: any TimeSource) {}
  public func services(for configuration: ProviderConfiguration) throws(ProviderConfigurationFailure) -> ProviderServices { ProviderServices() }
  public func checkSecret(of configuration: ProviderConfiguration) async throws(ProviderConfigurationFailure) {}
}
