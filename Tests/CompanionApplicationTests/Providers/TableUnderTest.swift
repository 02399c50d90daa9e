import CompanionDomain
import CompanionPorts
import CompanionTesting

@testable import CompanionApplication

/// A table of providers, and the time.
struct TableUnderTest {
  var table: ProviderTable
  /// The middle of a day, as `FakeClock` begins.
  var now = FakeClock().now

  init(_ providers: Provider..., strategy: RoutingStrategy = .priority) {
    table = ProviderTable(providers, strategy: strategy, at: now)
    for unknown in table.unknownSpending(at: now) { _ = table.noteSpending(0, of: unknown, at: now) }
  }

  mutating func pass(_ duration: Duration) { now = now.advanced(by: duration) }

  mutating func choose(_ needs: RoutingNeeds = RoutingNeeds([.text])) -> ProviderTable.Choice {
    table.choose(needs, at: now)
  }

  /// The call that may be made now; `nil` for none.
  mutating func call(_ needs: RoutingNeeds = RoutingNeeds([.text])) -> ProviderTable.Call? {
    if case .call(let call, _) = choose(needs) { call } else { nil }
  }

  /// Who is called, one call after another that each succeed at once.
  mutating func calls(_ count: Int, _ needs: RoutingNeeds = RoutingNeeds([.text])) -> [ProviderID?] {
    (0..<count).map { _ in
      guard let call = call(needs) else { return nil }
      settle(call)
      return call.id
    }
  }

  @discardableResult
  mutating func settle(
    _ call: ProviderTable.Call?, _ end: ProviderTable.End = .succeeded, usage: TokenUsage? = nil,
    latency: Duration? = .milliseconds(100)
  ) -> ProviderTable.News {
    guard let call else { return ProviderTable.News() }
    let cost = usage.flatMap { usage in
      call.setup.price.map { Cost(amount: $0.cost(of: usage), currency: $0.currency) }
    }
    return table.settle(call, end, usage: usage, cost: cost, latency: latency, at: now)
  }

  /// Makes a call that fails.
  @discardableResult
  mutating func fail(
    _ kind: ProviderFailure.Kind, retryAfter: Duration? = nil, _ needs: RoutingNeeds = RoutingNeeds([.text])
  ) -> ProviderTable.News {
    settle(call(needs), .failed(ProviderFailure(kind, retryAfter: retryAfter)), latency: nil)
  }

  /// Why a request cannot be made at all.
  mutating func refusal(_ needs: RoutingNeeds) -> ProviderFailure? {
    if case .none(let failure) = choose(needs) { failure } else { nil }
  }

  /// What a request would wait for.
  mutating func wait(_ needs: RoutingNeeds = RoutingNeeds([.text])) -> ProviderTable.Wait? {
    if case .wait(let wait) = choose(needs) { wait } else { nil }
  }

  /// Puts a request into the line.
  mutating func lineUp(
    _ needs: RoutingNeeds = RoutingNeeds([.text]), latest: Timestamp = .distantFuture
  ) -> Int? {
    guard let wait = wait(needs) else { return nil }
    return table.lineUp(needs, latest: latest, wait, WakeUp())
  }

  /// Who of those in the line has got a call.
  mutating func answered(_ ids: [Int?]) -> [Int] {
    ids.compactMap(\.self).filter { if case .call = table.answers[$0] { true } else { false } }
  }
}

extension Provider {
  /// A provider whose model says nothing.
  static func silent(
    _ id: ProviderID, kinds: Set<ModelCapabilities.Kind> = [.text], window: Int? = nil,
    maximumOutput: Int? = nil, tools: Bool = true, json: Bool = true, priority: Int = 0,
    limits: ProviderLimits = ProviderLimits(), price: ModelPrice? = nil,
    breaker: CircuitBreaker.Policy = CircuitBreaker.Policy()
  ) -> Provider {
    let model = ScriptedModel(identity: ModelIdentity(provider: id.rawValue, model: "m")) { _ in [] }
    let vectors = SilentEmbeddings(identity: model.identity)
    return Provider(
      id,
      services: ProviderServices(
        language: kinds.contains(.text) ? model : nil,
        embeddings: kinds.contains(.embedding) ? vectors : nil),
      priority: priority,
      capabilities: ModelCapabilities(
        kinds: kinds, contextWindow: window, maximumOutput: maximumOutput, tools: tools, json: json),
      limits: limits, price: price, breaker: breaker)
  }
}

private struct SilentEmbeddings: EmbeddingService {
  let identity: ModelIdentity
  let maximumBatch = 1

  func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    throw ProviderFailure(.unknown)
  }
}

extension RoutingNeeds {
  /// What a request of so many tokens needs.
  static func tokens(_ input: Int, _ output: Int = 0) -> RoutingNeeds {
    var needs = RoutingNeeds([.text])
    needs.expected = TokenUsage(input: input, output: output)
    return needs
  }
}
