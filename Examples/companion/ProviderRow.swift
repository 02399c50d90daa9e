import CompanionKit

/// What is told of a provider in more than one place.
struct ProviderRow {
  private let provider: ProviderStatus

  init(_ provider: ProviderStatus) { self.provider = provider }

  /// Whether it can be called, in a word or two.
  var state: String {
    if let spent = provider.spent, let budget = provider.configuration.limits.budget,
      budget.level(spent: spent) == .exhausted
    {
      return "budget spent"
    }
    return switch provider.breaker {
    case .closed: provider.restsUntil == nil ? "ready" : "rests"
    case .open: "open"
    case .halfOpen: "half-open"
    }
  }

  /// What is spent of its budget; `nil` where it has none.
  var budget: String? {
    guard let spent = provider.spent, let budget = provider.configuration.limits.budget else { return nil }
    let held = provider.held ?? 0
    return
      "budget: \(amount(spent)) of \(amount(budget.limit)) \(budget.currency) spent\(budget.period.words)"
      + (held > 0 ? ", \(amount(held)) held back for what is under way" : "")
  }
}

extension CostBudget.Period {
  fileprivate var words: String {
    switch self {
    case .hour: " this hour"
    case .day: " today (UTC)"
    case .month: " this month (UTC)"
    default: ""
    }
  }
}
