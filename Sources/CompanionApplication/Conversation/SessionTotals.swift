import CompanionDomain
import CompanionPorts

/// What the calls for a conversation have come to, its tasks' included.
struct SessionTotals: Sendable {
  let environment: Environment

  func callAsFunction(of session: SessionID) async throws(StoreFailure) -> LedgerTotals {
    // What has just ended is to count.
    try await environment.router.ledger.flush()
    let totals = try await environment.store.ledgerTotals(matching: LedgerFilter(session: session))
    var sum = LedgerTotals()
    for (_, more) in totals.sorted(by: { $0.key < $1.key }) { sum.add(more) }
    return sum
  }

  /// What the conversation has come to.
  func statistics(
    of session: ChatSession, until end: Timestamp
  ) async throws(StoreFailure) -> SessionStatistics {
    let totals = try await self(of: session.id)
    var tasks = 0
    try await StoreWalk(store: environment.store).forEachTask(matching: TaskFilter(session: session.id)) {
      _ in
      tasks += 1
    }
    return SessionStatistics(
      messages: session.lastSequence.rawValue, tasks: tasks, calls: totals.calls, usage: totals.usage,
      costs: totals.costs.sorted { $0.key < $1.key }.map { Cost(amount: $0.value, currency: $0.key) },
      duration: max(session.createdAt.duration(to: end), .zero))
  }
}
