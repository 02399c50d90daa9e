import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

@testable import CompanionApplication

/// Budgets of costs.
struct SpendingTests {
  private static let price = ModelPrice(perMillionInput: 1_000_000, perMillionOutput: 0)

  private func provider(_ limit: Double = 10, _ period: CostBudget.Period = .hour) -> Provider {
    .silent(
      "a", limits: ProviderLimits(budget: CostBudget(limit: limit, period: period)), price: Self.price)
  }

  private func level(_ news: ProviderTable.News) -> CostBudget.Level? {
    if case .budgetReached(_, let level, _, _) = news.events.first { level } else { nil }
  }

  /// Makes a call that costs so much.
  private func spend(_ amount: Int, _ scene: inout TableUnderTest) -> CostBudget.Level? {
    level(scene.settle(scene.call(), usage: TokenUsage(input: amount, output: 5)))
  }

  @Test func `a budget warns once at 80 %, ends at 100 %, and starts over with its period`() {
    var scene = TableUnderTest(provider())
    #expect(spend(7, &scene) == nil)
    #expect(spend(1, &scene) == .low)
    #expect(spend(1, &scene) == nil)
    #expect(spend(1, &scene) == .exhausted)
    let end = CostBudget.Period.hour.end(at: scene.now)
    #expect(scene.wait()?.until == end)
    scene.pass(.seconds(3_600))
    #expect(spend(8, &scene) == .low)
  }

  @Test func `a budget that never starts over refuses, and says why`() {
    var scene = TableUnderTest(provider(1, .total))
    #expect(spend(1, &scene) == .exhausted)
    #expect(scene.refusal(RoutingNeeds([.text]))?.kind == .budgetExhausted)
    #expect(scene.refusal(RoutingNeeds([.text]))?.message == "the budget of 1.0 USD for a is spent")
  }

  @Test func `what calls under way are expected to cost is held for them, and given back`() {
    var scene = TableUnderTest(provider(10, .total))
    let call = scene.call(.tokens(10))
    #expect(scene.wait()?.obstacle == .reserved(CostBudget(limit: 10, period: .total)))
    let waiting = scene.lineUp()
    scene.settle(call, usage: TokenUsage(input: 2, output: 0))
    #expect(scene.answered([waiting]).count == 1)
    #expect(scene.table.row("a")?.spending?.spent == 2)
    // For the one that has waited as much is held as the last one has cost.
    #expect(scene.table.row("a")?.spending?.reserved == 2)
  }

  @Test func `costs that are not known, or in another currency, count nothing`() {
    var scene = TableUnderTest(provider())
    scene.settle(scene.call(), usage: nil)
    if let call = scene.call() {
      _ = scene.table.settle(
        call, .succeeded, usage: nil, cost: Cost(amount: 99, currency: "EUR"), latency: nil, at: scene.now)
    }
    #expect(scene.table.row("a")?.spending?.spent == 0)
  }

  @Test func `what was spent before is looked up before the first call, and the larger of two counts`() throws
  {
    var scene = TableUnderTest()
    scene.table = ProviderTable([provider()], strategy: .priority, at: scene.now)
    #expect(scene.wait()?.obstacle == .spendingUnknown)
    let unknown = try #require(scene.table.unknownSpending(at: scene.now).first)
    #expect(unknown.since == CostBudget.Period.hour.start(at: scene.now))
    scene.table.noteSpendingLookupFailed(at: scene.now)
    #expect(scene.table.unknownSpending(at: scene.now).isEmpty)
    #expect(scene.wait()?.until == scene.now.advanced(by: .seconds(1)))
    scene.pass(.seconds(1))
    let waiting = scene.lineUp()
    #expect(scene.table.unknownSpending(at: scene.now).count == 1)
    _ = scene.table.noteSpending(9.5, of: unknown, at: scene.now)
    #expect(scene.answered([waiting]).count == 1)
    #expect(spend(1, &scene) == .exhausted)
  }

  @Test func `a new configuration goes on with what was spent of the same budget, and looks another one up`()
  {
    var scene = TableUnderTest(provider())
    #expect(spend(8, &scene) == .low)
    let old = scene.call()
    _ = scene.table.replace(provider(9), at: scene.now)
    // What a call of the old configuration has cost is paid by the same account.
    #expect(level(scene.settle(old, usage: TokenUsage(input: 1, output: 0))) == .exhausted)
    #expect(scene.wait()?.obstacle == .spent(CostBudget(limit: 9, period: .hour)))
    _ = scene.table.replace(provider(9, .day), at: scene.now)
    #expect(scene.wait()?.obstacle == .spendingUnknown)
  }
}
