import CompanionDomain
import Testing

struct ModelPriceTests {
  private let price = ModelPrice(perMillionInput: 2, perMillionCachedInput: 0.5, perMillionOutput: 8)

  @Test func `input, cached input and output have their own prices`() {
    #expect(price.cost(of: TokenUsage(input: 1_000_000, output: 0)) == 2)
    #expect(price.cost(of: TokenUsage(input: 0, output: 500_000)) == 4)
    #expect(price.cost(of: TokenUsage(input: 1_000_000, output: 0, cachedInput: 400_000)) == 1.4)
  }

  @Test func `cached input costs as much as any where it has no price`() {
    let price = ModelPrice(perMillionInput: 2, perMillionOutput: 8)
    #expect(price.cost(of: TokenUsage(input: 1_000_000, output: 0, cachedInput: 400_000)) == 2)
  }

  @Test func `what was thought is part of the output, and not charged again`() {
    let usage = TokenUsage(input: 0, output: 1_000_000, reasoning: 900_000)
    #expect(price.cost(of: usage) == 8)
  }

  @Test(
    arguments: [
      (TokenUsage(input: -5, output: -5, cachedInput: -5), 0),
      (TokenUsage(input: -5, output: 1_000_000), 8),
      (TokenUsage(input: 1_000_000, output: 0, cachedInput: -5), 2),
      (TokenUsage(input: 1_000_000, output: 0, cachedInput: .max), 0.5),
      (TokenUsage(input: .min, output: .min, cachedInput: .min, reasoning: .min), 0),
    ] as [(TokenUsage, Double)])
  func `counts that cannot be are taken for what they can`(usage: TokenUsage, cost: Double) {
    #expect(price.cost(of: usage) == cost)
  }

  @Test func `the largest counts have a cost`() {
    #expect(price.cost(of: TokenUsage(input: .max, output: .max, cachedInput: .max)) > 1e12)
    #expect(price.cost(of: TokenUsage(input: .max, output: .max)).isFinite)
  }
}

struct LedgerTotalsTests {
  private func entry(
    usage: TokenUsage? = nil, cost: Cost? = nil, failure: ProviderFailure.Kind? = nil
  ) -> LedgerEntry {
    LedgerEntry(
      id: LedgerEntryID(bits: 1), time: .epoch, provider: "main",
      model: ModelIdentity(provider: "p", model: "m"), purpose: .answer, usage: usage, cost: cost,
      latency: .seconds(1), failure: failure)
  }

  private func totals(_ entries: [LedgerEntry]) -> LedgerTotals {
    var totals = LedgerTotals()
    for entry in entries { totals.add(entry) }
    return totals
  }

  @Test func `calls, failures and tokens are added`() {
    let totals = totals([
      entry(usage: TokenUsage(input: 10, output: 1)), entry(failure: .overloaded),
      entry(usage: TokenUsage(input: 5, output: 2, cachedInput: 3), failure: .incomplete),
    ])
    #expect(totals.calls == 3)
    #expect(totals.failures == 2)
    #expect(totals.usage == TokenUsage(input: 15, output: 3, cachedInput: 3))
  }

  @Test func `where nobody tells of tokens there are none known`() {
    #expect(totals([]).usage == nil)
    #expect(totals([entry(), entry()]).usage == nil)
  }

  @Test func `costs are added by their currency, and never across`() {
    let totals = totals([
      entry(cost: Cost(amount: 1.5, currency: "USD")), entry(cost: Cost(amount: 2, currency: "EUR")),
      entry(cost: Cost(amount: 0.25, currency: "USD")), entry(cost: Cost(amount: 0, currency: "CHF")),
    ])
    #expect(totals.costs == ["USD": 1.75, "EUR": 2, "CHF": 0])
    #expect(totals.callsOfUnknownCost == 0)
  }

  @Test func `a cost that is not known is counted apart, and is not zero`() {
    let totals = totals([entry(usage: TokenUsage(input: 1, output: 1)), entry()])
    #expect(totals.costs.isEmpty)
    #expect(totals.callsOfUnknownCost == 2)
  }

  @Test(arguments: [Double.nan, .infinity, -.infinity, -0.5])
  func `a cost that cannot be spoils no sum`(amount: Double) {
    let totals = totals([
      entry(cost: Cost(amount: 1, currency: "USD")), entry(cost: Cost(amount: amount, currency: "USD")),
      entry(cost: Cost(amount: amount, currency: "USD"), failure: .unreachable),
    ])
    #expect(totals.costs == ["USD": 1])
    #expect(totals.callsOfUnknownCost == 2)
  }

  @Test(
    arguments: [
      .timedOut, .connectionLost, .streamCut, .malformedResponse, .contentFiltered, .refused, .cancelled,
      .incomplete, .serverError, .unknown,
    ] as [ProviderFailure.Kind])
  func `a call that may have been billed has a cost that is not known`(kind: ProviderFailure.Kind) {
    #expect(totals([entry(failure: kind)]).callsOfUnknownCost == 1)
  }

  @Test(
    arguments: [
      .rateLimited, .overloaded, .unreachable, .authentication, .quotaExhausted, .modelNotFound,
      .invalidRequest, .contextLengthExceeded, .budgetExhausted, .notCapable, .noProviderReady,
    ] as [ProviderFailure.Kind])
  func `a call that the provider did not take costs nothing`(kind: ProviderFailure.Kind) {
    #expect(totals([entry(failure: kind)]).callsOfUnknownCost == 0)
    let billed = entry(usage: TokenUsage(input: 1, output: 0), failure: kind)
    #expect(totals([billed]).callsOfUnknownCost == 1)
  }

  @Test func `sums saturate`() {
    let most = TokenUsage(input: .max, output: .max, cachedInput: .max, reasoning: .max)
    #expect(totals([entry(usage: most), entry(usage: most)]).usage == most)
  }

  @Test func `sums do not depend on the order`() {
    let entries = [
      entry(usage: TokenUsage(input: .max, output: -5), cost: Cost(amount: 1, currency: "USD")),
      entry(usage: TokenUsage(input: -9, output: 7, cachedInput: .min)),
      entry(usage: TokenUsage(input: 3, output: 1), cost: Cost(amount: -4, currency: "USD")),
      entry(cost: Cost(amount: .greatestFiniteMagnitude, currency: "USD")),
      entry(cost: Cost(amount: .greatestFiniteMagnitude, currency: "USD")),
    ]
    var parts = totals(Array(entries[3...]))
    parts.add(totals(Array(entries[..<3])))
    for totals in [totals(entries), totals(entries.reversed()), parts] {
      #expect(totals.usage == TokenUsage(input: .max, output: 8, cachedInput: 0))
      #expect(totals.costs == ["USD": .greatestFiniteMagnitude])
      #expect(totals.callsOfUnknownCost == 2)
    }
  }
}
