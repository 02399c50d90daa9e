import CompanionDomain
import CompanionPorts
import Synchronization

extension ModelRouter {
  /// Takes in that a job was handed over, or a look after one has ended. What the job costs is entered when it is
  /// over.
  func settleLook(_ call: ProviderTable.Call, _ end: ProviderTable.End, _ context: EventContext) {
    let now = time.now
    let told = table.withLock {
      $0.settle(call, end, usage: nil, cost: nil, latency: nil, at: now)
    }
    for event in told { events.emit(event, in: context) }
    bell.ring()
  }

  /// Enters a job that is over in the ledger, and counts its cost.
  func enterJob(
    at id: ProviderID, usage: TokenUsage?, latency: Duration, failure: ProviderFailure?,
    _ context: EventContext
  ) {
    let now = time.now
    guard let provider = table.withLock({ $0.row(id)?.provider }) else { return }
    let cost = usage.flatMap { usage in
      price(of: provider).map { Cost(amount: $0.cost(of: usage), currency: $0.currency) }
    }
    if let cost, let event = table.withLock({ $0.spend(cost, at: id, at: now) }) {
      events.emit(event, in: context)
    }
    enter(
      provider, .task, context, usage: usage, cost: cost, latency: latency, failure: failure?.kind, at: now)
  }
}
