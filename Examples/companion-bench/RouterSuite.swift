import CompanionApplication
import CompanionKit
import ExampleSupport

/// What it costs to call a model through the router: choosing the provider, limits, events, and the ledger.
///
/// The model answers at once, and is called without the router in the same run, in turns with it. The ledger is
/// written to memory at the same time, as it is in a companion.
struct RouterSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  private static let rounds = 9
  private static let request = GenerationRequest(
    purpose: .answer,
    messages: [
      PromptMessage(.system, CompanionConfiguration.standardPersona),
      PromptMessage(.user, "What shall we cook?"),
    ])

  func run() async throws {
    for providers in [1, 8] {
      for callers in [1, 64] {
        try await measure("generate", providers: providers, callers: callers) { environment, model in
          if let environment {
            _ = try await environment.calls.generate(Self.request, context: EventContext())
          } else {
            _ = try await model.generate(Self.request)
          }
        }
        try await measure("stream", providers: providers, callers: callers) { environment, model in
          if let environment {
            _ = try await environment.calls.stream(
              Self.request, context: EventContext(), take: { !$0.isEmpty })
          } else {
            for try await event in try await model.stream(Self.request) {
              if case .text(let text) = event, text.isEmpty { return }
            }
          }
        }
      }
    }
  }

  private func measure(
    _ form: String, providers count: Int, callers: Int,
    _ call: @escaping @Sendable (Environment?, StampingModel) async throws -> Void
  ) async throws {
    let model = StampingModel()
    let calls = max((options.count ?? 20_000) / callers, 1)
    var direct: [Double] = []
    var routed: [Double] = []
    for _ in 0..<Self.rounds {
      direct.append(try await Self.microseconds(calls, callers) { try await call(nil, model) })
      let environment = Self.environment(Self.providers(count, model))
      let ledger = environment.router.ledger
      let time = try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await environment.router.keepLedger() }
        let time = try await Self.microseconds(calls, callers) { try await call(environment, model) }
        group.cancelAll()
        return time
      }
      await ledger.finish()
      routed.append(time)
    }
    // The quickest round: in the others the machine did something else as well.
    let (bare, through) = (direct.percentile(0), routed.percentile(0))
    let limits = count == 1 ? "1 provider" : "\(count) providers with limits and budgets"
    let name = "\(form), \(limits), \(callers) \(callers == 1 ? "caller" : "callers")"
    report.figure("router", name, "router_us", through - bare, "us")
    report.figure("router", "comparison: the model alone, \(form), \(callers)", "call_us", bare, "us")
    report.figure("router", name, "ratio_to_bare", through / max(bare, 0.001), "")
  }

  /// How long a call takes, of so many that each of several callers makes one after the other.
  private static func microseconds(
    _ calls: Int, _ callers: Int, _ call: @escaping @Sendable () async throws -> Void
  ) async throws -> Double {
    let time = try await ContinuousClock().measure {
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<callers {
          group.addTask { for _ in 0..<calls { try await call() } }
        }
        try await group.waitForAll()
      }
    }
    return time.milliseconds * 1_000 / Double(calls * callers)
  }

  private static func providers(_ count: Int, _ model: StampingModel) -> [Provider] {
    guard count > 1 else { return [Provider("model", model: model)] }
    return (1...count).compactMap { number in
      ProviderID("model-\(number)").map { id in
        Provider(
          id, model: model, priority: number, capabilities: ModelCapabilities(contextWindow: 100_000),
          limits: ProviderLimits(
            requestsPerMinute: 1_000_000_000, tokensPerMinute: 1_000_000_000, concurrentCalls: 1_000,
            budget: CostBudget(limit: 1_000_000)),
          price: ModelPrice(perMillionInput: 1, perMillionOutput: 4))
      }
    }
  }

  private static func environment(_ providers: [Provider]) -> Environment {
    Environment(
      providers: providers, store: InMemoryStore(time: .system), time: .system,
      identifiers: TimeOrderedIdentifiers.timeOrdered, random: .system, bus: EventBus(),
      configuration: CompanionConfiguration())
  }
}
