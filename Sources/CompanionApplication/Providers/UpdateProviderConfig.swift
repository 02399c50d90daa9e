package import CompanionDomain
package import CompanionPorts

/// Gives a provider a new configuration, after it has been shown to work.
///
/// It is validated, then tested by a small call of the real service, then applied at once and whole. A
/// configuration that fails is never applied.
package struct UpdateProviderConfig: Sendable {
  let engine: TaskEngine
  let factory: any ProviderFactory

  package init(engine: TaskEngine, factory: any ProviderFactory) {
    self.engine = engine
    self.factory = factory
  }

  private var router: ModelRouter { engine.environment.router }

  /// - Throws: why the configuration was not applied; the provider is as it was.
  package func callAsFunction(
    _ configuration: ProviderConfiguration
  ) async throws(ProviderCommandFailure) {
    let id = configuration.id
    guard let present = router.configuration(of: id) else { throw .unknownProvider(id) }
    let services: ProviderServices
    do throws(ProviderConfigurationFailure) {
      try configuration.validate()
      services = try factory.services(for: configuration)
      try await factory.checkSecret(of: configuration)
    } catch {
      throw .invalid(error)
    }
    // The test is a call like any other to the one who has asked for no calls.
    if present.hasSameAccount(as: configuration), let until = router.askedRest(of: id) {
      throw .unavailable(id, until: until)
    }
    let provider = Provider(configuration: configuration, services: services)
    do throws(ProviderFailure) {
      try await TestConnection(router: router)(provider)
    } catch {
      engine.environment.events.emit(.providerUpdateRefused(id, error))
      throw .testFailed(id, error)
    }
    // Somebody may have cancelled while the answer was on its way: then nobody expects the change.
    guard !Task.isCancelled else { throw .testFailed(id, ProviderFailure(.cancelled)) }
    router.replace(provider)
    // Whoever waits is to know at once what is left of a budget that is new.
    await router.lookUpSpending()
    engine.environment.events.emit(.providerUpdated(id))
    do throws(StoreFailure) {
      try await engine.wakeTasksThatWaitForProvider()
    } catch {
      engine.environment.events.emit(.serviceFailed("providers", error))
    }
  }
}
