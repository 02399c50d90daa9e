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

  /// - Throws: why calls cannot be brought from one provider to another.
  func checkSwitch(from source: ProviderID, to target: ProviderID) throws(ProviderCommandFailure) {
    if let refusal = table.withLock({ $0.refusal(from: source, to: target, at: time.now) }) { throw refusal }
  }

  /// Brings calls from one provider to another from now on, if that one can be called.
  func switchCalls(from source: ProviderID, to target: ProviderID) throws(ProviderCommandFailure) {
    let refusal = table.withLock { table in
      let refusal = table.refusal(from: source, to: target, at: time.now)
      if refusal == nil { table.prefer(target, to: source) }
      return refusal
    }
    if let refusal { throw refusal }
  }

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
