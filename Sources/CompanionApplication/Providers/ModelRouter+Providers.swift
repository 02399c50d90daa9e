package import CompanionDomain
import CompanionPorts
import Synchronization

extension ModelRouter {
  /// How the providers are configured at present, in the order in which they are asked.
  package var configuration: ProvidersConfiguration {
    let strategy = table.withLock(\.strategy)
    return ProvidersConfiguration(
      strategy: strategy, hedgeAfter: hedgeAfter, providers: status().map(\.configuration))
  }

  /// How a provider is configured at present; `nil` where there is none of that name.
  package func configuration(of id: ProviderID) -> ProviderConfiguration? {
    table.withLock { $0.row(id)?.configuration }
  }

  /// A provider's services; `nil` where there is none of that name.
  func services(of id: ProviderID) -> ProviderServices? {
    table.withLock { $0.row(id)?.setup.provider.services }
  }

  /// Until when a provider has asked not to be called; `nil` when it has not.
  func askedRest(of id: ProviderID) -> Timestamp? {
    table.withLock { $0.row(id)?.rest?.end(at: time.now) }
  }

  /// Puts a provider in the place of the one of the same name.
  func replace(_ provider: Provider) {
    let wakeUps = table.withLock { $0.replace(provider, at: time.now) }
    for wakeUp in wakeUps { wakeUp() }
  }

  /// Brings calls from one provider to another from now on, if that one can be called.
  ///
  /// - Returns: the order in which providers were asked before.
  func switchCalls(
    from source: ProviderID, to target: ProviderID
  ) throws(ProviderCommandFailure) -> ProviderTable.Order {
    try table.withLock { table throws(ProviderCommandFailure) in
      guard let from = table.row(source) else { throw .unknownProvider(source) }
      guard let to = table.row(target) else { throw .unknownProvider(target) }
      // A job that the provider runs by itself can be done as a call, too.
      let lacking = from.setup.kinds.subtracting([.background]).subtracting(to.setup.kinds)
      if let kind = lacking.min(by: { $0.rawValue < $1.rawValue }) {
        throw .notCapable(target, lacking: kind)
      }
      if let refusal = table.refusal(of: target, at: time.now) { throw refusal }
      let before = table.order
      table.prefer(target, to: source)
      return before
    }
  }

  /// Asks providers in an order again.
  func restore(_ order: ProviderTable.Order) { table.withLock { $0.order = order } }

  /// Notes that the jobs that a provider has so far are to go elsewhere.
  func leave(_ id: ProviderID) { table.withLock { $0.leave(id, at: time.now) } }

  /// Whether a job that a provider got at a time is to go elsewhere.
  func hasLeft(_ id: ProviderID, since submission: Timestamp?) -> Bool {
    guard let left = table.withLock({ $0.row(id)?.leftAt }) else { return false }
    return submission.map { $0 <= left } ?? true
  }

  /// Notes that a provider has failed a task, so that the next attempt asks it last.
  func noteFailure(of id: ProviderID, for task: TaskID) {
    table.withLock { $0.noteFailure(of: id, for: task) }
  }

  /// The tasks that a provider works on in this process.
  func tasks(of id: ProviderID) -> [TaskID] { table.withLock { $0.tasks(of: id) }.sorted() }
}
