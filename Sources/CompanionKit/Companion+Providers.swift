public import CompanionApplication
public import CompanionDomain
public import CompanionPorts
import Synchronization

extension Companion {
  /// How the providers stand, in the order in which they are asked.
  public var providers: [ProviderStatus] { environment.router.status() }

  /// How providers are configured at present, with what was switched and updated since the start: what a host
  /// writes back to its file. They are in the order in which they are asked.
  public var providersConfiguration: ProvidersConfiguration { environment.router.configuration }

  /// Brings what goes to one provider to another.
  ///
  /// New calls go to the other one from now on, and the first one has the lowest priority, until the process ends.
  /// Tasks that wait for a provider go on at once.
  ///
  /// - Parameters:
  ///   - source: the provider that is left.
  ///   - target: the provider that takes its place.
  ///   - reason: why, for the event that tells of it.
  ///   - includingRunning: whether tasks that run at the first provider are taken from it too: its jobs, and the calls
  ///     of this process. What they have done there may be billed, and is done again.
  /// - Returns: how many tasks were moved.
  /// - Throws: ``ProviderCommandFailure``: one of them is not known, the other one cannot be called now (its circuit
  ///   breaker is open, it has asked for a cooldown, or its budget is spent), it cannot do what the first does, or the
  ///   store failed; `partlyMoved` when that was on the way.
  @discardableResult
  public func switchProvider(
    from source: ProviderID, to target: ProviderID, reason: String, includingRunning: Bool = false
  ) async throws(ProviderCommandFailure) -> Int {
    try await SwitchProvider(engine: engine)(
      from: source, to: target, reason: reason, includingRunning: includingRunning)
  }

  /// Gives a provider a new configuration, once it has passed a test against the real service. It is applied
  /// whole; calls that are under way end by the old one.
  ///
  /// The test is a call, which lands in the ledger and may cost a few tokens.
  ///
  /// - Throws: ``ProviderCommandFailure``, also while the same account has asked for a cooldown; the provider is as it
  ///   was then.
  public func updateProvider(
    _ configuration: ProviderConfiguration
  ) async throws(ProviderCommandFailure) {
    try await UpdateProviderConfig(engine: engine, factory: factory)(configuration)
    // It may be the first that makes vectors.
    if environment.configuration.embedding.isAutomatic, state.withLock({ $0.phase == .running }) {
      embeddingRunner.start()
    }
  }

  /// Calls of providers that are over, newest first.
  ///
  /// - Parameters:
  ///   - filter: which calls are meant.
  ///   - limit: the most entries; below one gives none.
  public func ledger(
    matching filter: LedgerFilter = LedgerFilter(), limit: Int = 100
  ) async throws(StoreFailure) -> [LedgerEntry] {
    try await environment.router.ledger.flush()
    return try await environment.store.ledgerEntries(matching: filter, limit: limit)
  }

  /// What calls of providers have come to, by provider, in all processes on the store.
  public func spending(
    matching filter: LedgerFilter = LedgerFilter()
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    try await environment.router.ledger.flush()
    return try await environment.store.ledgerTotals(matching: filter)
  }

  /// Turns texts into vectors, one for each, in their order.
  ///
  /// - Parameters:
  ///   - texts: as many as a call of the provider takes; none gives none.
  ///   - model: whose vectors; `nil` for those of the provider that is asked first. Vectors of different models
  ///     cannot be compared, so that only providers of the same model stand in for each other.
  ///   - patience: how long it may wait for a provider that can be called: for its rate, its cooldown or its budget.
  ///     `nil` for the configuration's `answerDeadline`.
  /// - Throws: what the providers have failed with; of kind `noProviderReady` when none can be called in time, and
  ///   `notCapable` when none makes vectors, or those of the model.
  public func embed(
    _ texts: [String], by model: ModelIdentity? = nil, patience: Duration? = nil
  ) async throws(ProviderFailure) -> EmbeddingResponse {
    guard !texts.isEmpty else { return EmbeddingResponse(vectors: []) }
    return try await environment.embed(texts, by: model, patience: patience)
  }

  /// Background reasoning jobs.
  public var reasoning: ReasoningJobs { ReasoningJobs(engine: engine) }
}
