public import CompanionApplication
public import CompanionDomain
public import CompanionPorts
public import CompanionProviders

extension ProvidersConfiguration {
  /// The providers that are configured, in their order. Nothing is sent, and no secret looked up.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the field that is wrong, such as
  ///   `providers[1].api_key`.
  public func makeProviders(
    by factory: any ProviderFactory = StandardProviderFactory.standard
  ) throws(ProviderConfigurationFailure) -> [Provider] {
    try validate()
    var made: [Provider] = []
    for (place, configuration) in providers.enumerated() {
      do throws(ProviderConfigurationFailure) {
        made.append(
          Provider(configuration: configuration, services: try factory.services(for: configuration)))
      } catch {
        throw error.inside("providers[\(place)]")
      }
    }
    return made
  }

  /// Finds out whether all keys are there, so that a missing one is told before the first message.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the field and says nothing of the key.
  public func checkSecrets(
    by factory: any ProviderFactory = StandardProviderFactory.standard
  ) async throws(ProviderConfigurationFailure) {
    for (place, configuration) in providers.enumerated() {
      do throws(ProviderConfigurationFailure) {
        try await factory.checkSecret(of: configuration)
      } catch {
        throw error.inside("providers[\(place)]")
      }
    }
  }
}
