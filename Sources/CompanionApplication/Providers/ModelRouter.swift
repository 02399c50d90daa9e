package import CompanionDomain
import CompanionPorts
import Synchronization

/// Brings every call to a provider that can take it, and enters it in the ledger.
package final class ModelRouter: Sendable {
  let table: Mutex<ProviderTable>
  package let ledger: CallLedger
  let time: any TimeSource
  let events: EventEmitter
  let identifiers: any IdentifierSource
  let counter: any TokenCounter
  let hedgeAfter: Duration?
  /// Rings when a provider may have become ready.
  let bell = Bell()
  private let store: any CompanionStore
  private let loading = ConcurrencyLimit(1)
  private let hasSpending: Mutex<Bool>

  init(
    _ providers: [Provider], configuration: RoutingConfiguration, store: any CompanionStore,
    time: any TimeSource, identifiers: any IdentifierSource, events: EventEmitter
  ) {
    let table = ProviderTable(
      providers, strategy: configuration.strategy, prices: configuration.prices, at: time.now)
    hasSpending = Mutex(table.rows.allSatisfy { $0.spending == nil })
    self.table = Mutex(table)
    ledger = CallLedger(
      store: store, time: time, events: events, retention: configuration.ledgerRetention)
    self.store = store
    self.time = time
    self.events = events
    self.identifiers = identifiers
    counter = configuration.tokenCounter
    hedgeAfter = configuration.hedgeAfter
  }

  /// The tries of one request, at one provider after another.
  func tries(
    _ needs: RoutingNeeds, _ purpose: CallPurpose, _ context: EventContext, deadline: Timestamp? = nil
  ) -> RoutedTries {
    var needs = needs
    needs.task = context.task
    return RoutedTries(router: self, needs: needs, purpose: purpose, context: context, deadline: deadline)
  }

  /// The price at the provider that is asked first for something; `nil` where it is not known.
  func price(for kind: ModelCapabilities.Kind) -> ModelPrice? {
    table.withLock { table in
      table.rows.filter { RoutingNeeds([kind]).lack(of: $0.provider) == nil }
        .min { $0.provider.configuration.priority < $1.provider.configuration.priority }
        .flatMap { table.price(of: $0.provider) }
    }
  }

  /// What budgets have been used up by before this process began, from the ledger, once.
  ///
  /// - Throws: when it cannot be read: nobody knows then whether a budget is left.
  package func loadSpending() async throws(ProviderFailure) {
    guard !hasSpending.withLock(\.self) else { return }
    guard (try? await loading.enter()) != nil else { throw ProviderFailure(.cancelled) }
    defer { loading.leave() }
    guard !hasSpending.withLock(\.self) else { return }
    do throws(StoreFailure) {
      var spent: [ProviderID: Double] = [:]
      for (id, since, currency) in table.withLock({ $0.budgetPeriods(at: time.now) }) {
        let totals = try await store.ledgerTotals(matching: LedgerFilter(provider: id, since: since))
        spent[id] = totals[id]?.costs[currency]
      }
      table.withLock { $0.addSpending(spent) }
      hasSpending.withLock { $0 = true }
    } catch {
      throw ProviderFailure(.noProviderReady, message: "the ledger cannot be read: \(error)")
    }
  }

  /// Takes in how a call ended, and enters it in the ledger.
  ///
  /// - Parameters:
  ///   - latency: how soon it answered.
  ///   - start: when it was made.
  func settle(
    _ call: ProviderTable.Call, _ end: ProviderTable.End, usage: TokenUsage?, latency: Duration?,
    start: Timestamp, purpose: CallPurpose, context: EventContext
  ) -> Cost? {
    let now = time.now
    let price = call.price
    let cost = usage.flatMap { usage in
      price.map { Cost(amount: $0.cost(of: usage), currency: $0.currency) }
    }
    let told = table.withLock {
      $0.settle(call, end, usage: usage, cost: cost, latency: latency, at: now)
    }
    if case .notMade = end {
      // Nothing was sent: there is nothing to enter.
    } else {
      enter(
        call.provider, purpose, context, usage: usage, cost: cost, latency: start.duration(to: now),
        failure: end.failureKind, at: now)
    }
    for event in told { events.emit(event, in: context) }
    bell.ring()
    return cost
  }

  /// Enters a call in the ledger.
  func enter(
    _ provider: Provider, _ purpose: CallPurpose, _ context: EventContext, usage: TokenUsage?, cost: Cost?,
    latency: Duration, failure: ProviderFailure.Kind?, at now: Timestamp
  ) {
    // One that a price makes negative, or no number, would be refused with all that is stored beside it.
    let cost = cost.flatMap { $0.isPossible ? $0 : nil }
    let entry = LedgerEntry(
      id: identifiers.next(), time: now, provider: provider.id, model: provider.model, purpose: purpose,
      session: context.session, task: context.task, usage: usage?.counted, cost: cost,
      latency: max(latency, .zero), failure: failure)
    table.withLock { $0.count(entry) }
    ledger.enter(entry)
  }
}

extension ProviderTable.End {
  fileprivate var failureKind: ProviderFailure.Kind? {
    switch self {
    case .succeeded: nil
    case .failed(let failure): failure.kind
    case .abandoned, .notMade: .cancelled
    }
  }
}
