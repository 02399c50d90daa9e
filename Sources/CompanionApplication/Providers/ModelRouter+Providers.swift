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
    table.withLock { $0.row(id)?.provider.configuration }
  }

  /// A provider's services; `nil` where there is none of that name.
  func services(of id: ProviderID) -> ProviderServices? {
    table.withLock { $0.row(id)?.provider.services }
  }

  func price(of provider: Provider) -> ModelPrice? { table.withLock { $0.price(of: provider) } }

  /// Puts a provider in the place of the one of the same name.
  func replace(_ provider: Provider) {
    table.withLock { $0.replace(provider, at: time.now) }
    bell.ring()
  }

  /// Whether calls may be brought from one provider to another.
  func checkSwitch(from source: ProviderID, to target: ProviderID) throws(ProviderCommandFailure) {
    let (from, to) = table.withLock { ($0.row(source), $0.row(target)) }
    guard let from else { throw .unknownProvider(source) }
    guard let to else { throw .unknownProvider(target) }
    switch to.breaker.availability(at: time.now) {
    case .ready: break
    case .resting(let until): throw .unavailable(target, until: until)
    case .probing: throw .unavailable(target, until: nil)
    }
    // A job that the provider runs by itself can be done as a call, too.
    let needed = from.provider.configuration.capabilities.kinds.subtracting([.background])
    let lacking = needed.subtracting(to.provider.configuration.capabilities.kinds)
    if let kind = lacking.min(by: { $0.rawValue < $1.rawValue }) {
      throw .notCapable(target, lacking: kind)
    }
  }

  /// Makes a provider the first of those of another's priority, and that one the last of all.
  func prefer(_ target: ProviderID, to source: ProviderID) {
    table.withLock { $0.prefer(target, to: source) }
    bell.ring()
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
