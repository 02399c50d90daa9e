public import CompanionDomain
public import CompanionPorts

/// Why a command about providers was not carried out, or not to its end. Nothing has changed unless the case says
/// otherwise.
@nonexhaustive
public enum ProviderCommandFailure: Error, Hashable, Sendable {
  /// There is no provider of this name.
  case unknownProvider(ProviderID)
  /// A provider cannot take its own place.
  case sameProvider(ProviderID)
  /// The provider is in a cooldown: its circuit breaker is open, or it has sent a `Retry-After`. `nil` while it is
  /// being probed, half-open.
  case unavailable(ProviderID, until: Timestamp?)
  /// The provider that is to be switched to cannot do what the other one does.
  case notCapable(ProviderID, lacking: ModelCapabilities.Kind)
  /// The budget of the provider that is to be switched to is spent.
  case budgetSpent(ProviderID, CostBudget)
  /// The new configuration is not valid; it names the field.
  case invalid(ProviderConfigurationFailure)
  /// The new configuration did not pass its test.
  case testFailed(ProviderID, ProviderFailure)
  /// The store failed.
  case store(StoreFailure)
  /// Calls go to the other provider, and so many tasks have been moved to it; then the store failed, and the others
  /// were not. Switching again moves them. The last one may have been moved, too, when the failure leaves it open.
  case partlyMoved(to: ProviderID, tasks: Int, StoreFailure)
}

extension ProviderCommandFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .unknownProvider(let id): "There is no provider \(id). List the providers to see their names."
    case .sameProvider(let id): "\(id) cannot be switched to itself."
    case .unavailable(let id, let until?):
      "\(id) is in a cooldown until \(until), after failures or as it has asked for. Wait, or use another."
    case .unavailable(let id, nil):
      "\(id) is being probed: its circuit breaker is half-open. Wait until that has ended."
    case .notCapable(let id, let kind):
      "\(id) has no capability \(kind.rawValue), which the other one has. Switch to one that has it."
    case .budgetSpent(let id, let budget):
      "The budget of \(budget.limit) \(budget.currency) for \(id) is spent. Raise it, or switch to another."
    case .invalid(let failure): "The configuration is not valid. \(failure)"
    case .testFailed(let id, let failure):
      "The configuration of \(id) did not pass its test and was not applied. \(failure)"
    case .store(let failure): failure.description
    case .partlyMoved(let id, let tasks, let failure):
      "Calls go to \(id) now, and tasks that were moved before the store failed: \(tasks). \(failure) "
        + "Switch again to move the others."
    }
  }
}
