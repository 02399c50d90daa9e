import CompanionKit
import CompanionTesting
import Testing

/// How providers stand, as a person is shown it.
struct ProviderStatusTests {
  @Test func `what is spent of a budget is known before the first call, and nothing in the next period`()
    throws
  {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let time = simulator.time
      let store = InMemoryStore(time: time)
      let model = ScriptedModel.answering("Hello", .finish(.stop))
      let earlier = LedgerEntry(
        id: simulator.identifiers.next(), time: time.now, provider: "main", model: model.identity,
        purpose: .answer, cost: Cost(amount: 3, currency: "USD"), latency: .zero)
      try await store.commit(ChangeSet([.enterCall(earlier)]))
      let companion = try Companion(
        providers: [
          Provider(
            "main", model: model, limits: ProviderLimits(budget: CostBudget(limit: 5, period: .hour)),
            price: ModelPrice(perMillionInput: 1, perMillionOutput: 1))
        ],
        store: store, time: time, identifiers: simulator.identifiers)
      companion.start()
      try await time.sleep(until: time.now.advanced(by: .seconds(1)), tolerance: nil)
      #expect(companion.providers.first?.spent == 3)
      try await time.sleep(until: time.now.advanced(by: .seconds(3_600)), tolerance: nil)
      #expect(companion.providers.first?.spent == 0)
      await companion.stop()
    }
  }
}
