import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

@testable import CompanionApplication

/// Which provider is called next.
struct ProviderTableTests {
  // MARK: Waiting

  @Test func `one that is only busy is waited for, however long another one's budget is spent`() {
    var scene = TableUnderTest(
      .silent("busy", limits: ProviderLimits(concurrentCalls: 1)),
      .silent(
        "spent", limits: ProviderLimits(budget: CostBudget(limit: 1, period: .month)),
        price: ModelPrice(perMillionInput: 1_000_000, perMillionOutput: 0)))
    let first = scene.call()
    #expect(first?.id == "busy")
    let second = scene.call()
    #expect(second?.id == "spent")
    scene.settle(second, usage: TokenUsage(input: 2, output: 0))
    let soon = scene.now.advanced(by: .seconds(1))
    #expect(scene.wait()?.mayEnd(by: soon) == true)
    let id = scene.lineUp(latest: soon)
    scene.settle(first)
    #expect(scene.answered([id]) == [id].compactMap(\.self))
  }

  /// A provider whose budget of 1 is used up by a token, and what else may limit it.
  private static func poor(
    _ id: ProviderID = "poor", requests: Int? = nil, calls: Int? = nil, period: CostBudget.Period = .month
  ) -> Provider {
    .silent(
      id,
      limits: ProviderLimits(
        requestsPerMinute: requests, concurrentCalls: calls, budget: CostBudget(limit: 1, period: period)),
      price: ModelPrice(perMillionInput: 1_000_000, perMillionOutput: 0))
  }

  private static let paidFor = {
    var needs = RoutingNeeds([.text])
    needs.only = "poor"
    needs.isPaidFor = true
    return needs
  }()

  @Test func `what is paid for does not wait behind those who wait for a budget`() {
    for isSpent in [false, true] {
      var scene = TableUnderTest(Self.poor(requests: 2))
      let first = scene.call(.tokens(1))
      // While it is under way its costs are held back; then they are spent.
      if isSpent { scene.settle(first, usage: TokenUsage(input: 1, output: 0)) }
      let waiting = (1...5).map { _ in scene.lineUp() }
      #expect(scene.answered(waiting).isEmpty)
      #expect(scene.call(Self.paidFor)?.id == "poor")
      #expect(scene.wait(Self.paidFor)?.obstacle == .rate)
    }
  }

  @Test func `what is paid for does not wait behind those whose spending is not known`() {
    var scene = TableUnderTest()
    scene.table = ProviderTable([Self.poor(requests: 1)], strategy: .priority, at: scene.now)
    _ = scene.lineUp()
    #expect(scene.call(Self.paidFor)?.id == "poor")
  }

  @Test func `what is paid for and waits for a rate goes on when that allows it, whoever came before`() {
    var scene = TableUnderTest(Self.poor(requests: 60))
    for _ in 1...60 { scene.settle(scene.call(Self.paidFor)) }
    scene.pass(.seconds(1))
    scene.settle(scene.call(.tokens(1)), usage: TokenUsage(input: 1, output: 0))
    let poor = (1...9).map { _ in scene.lineUp() }
    let paid = [scene.lineUp(Self.paidFor), scene.lineUp(Self.paidFor)]
    for count in 1...2 {
      scene.pass(.seconds(1))
      _ = scene.table.serve(at: scene.now)
      #expect(scene.answered(paid) == Array(paid.compactMap(\.self).prefix(count)))
    }
    #expect(scene.answered(poor).isEmpty)
  }

  @Test func `those who wait for a budget or for another provider take nothing of what is paid for`() {
    var scene = TableUnderTest(
      Self.poor(requests: 2), .silent("busy", limits: ProviderLimits(concurrentCalls: 1)))
    scene.settle(scene.call(.tokens(1)), usage: TokenUsage(input: 1, output: 0))
    #expect(scene.call()?.id == "busy")
    let waiting = (1...5).map { _ in scene.lineUp() }
    #expect(scene.call(Self.paidFor)?.id == "poor")
    #expect(scene.answered(waiting).isEmpty)
  }

  @Test func `what is paid for takes its turn where a rate alone keeps those before it`() {
    var scene = TableUnderTest(.silent("poor", limits: ProviderLimits(requestsPerMinute: 60)))
    for _ in 1...60 { scene.settle(scene.call()) }
    let before = scene.lineUp()
    let paid = scene.lineUp(Self.paidFor)
    scene.pass(.seconds(1))
    _ = scene.table.serve(at: scene.now)
    #expect(scene.answered([before, paid]) == [before].compactMap(\.self))
    scene.pass(.seconds(1))
    _ = scene.table.serve(at: scene.now)
    #expect(scene.answered([paid]) == [paid].compactMap(\.self))
  }

  // MARK: Strategies

  @Test func `a lower priority number is asked first, then the order of the configuration`() {
    var scene = TableUnderTest(.silent("late", priority: 2), .silent("a"), .silent("b"))
    #expect(scene.calls(3) == ["a", "a", "a"])
  }

  @Test func `in turn, each is asked as often as the others, whatever else is asked in between`() {
    var scene = TableUnderTest(
      .silent("a"), .silent("vectors", kinds: [.embedding]), .silent("b"), strategy: .roundRobin)
    var text: [ProviderID?] = []
    for _ in 1...4 {
      text += scene.calls(1)
      #expect(scene.calls(1, RoutingNeeds([.embedding])) == ["vectors"])
    }
    #expect(text == ["a", "b", "a", "b"])
  }

  @Test func `the cheapest is asked first, one of unknown price last`() {
    var scene = TableUnderTest(
      .silent("unknown"), .silent("dear", price: ModelPrice(perMillionInput: 9, perMillionOutput: 9)),
      .silent("cheap", price: ModelPrice(perMillionInput: 1, perMillionOutput: 1)), strategy: .cheapest)
    let first = scene.call(.tokens(100))
    #expect(first?.id == "cheap")
    var needs = RoutingNeeds.tokens(100)
    needs.excluded = ["cheap"]
    #expect(scene.calls(1, needs) == ["dear"])
    needs.excluded = ["cheap", "dear"]
    #expect(scene.calls(1, needs) == ["unknown"])
  }

  @Test func `what an answer costs counts although nobody has limited its length`() {
    var scene = TableUnderTest(
      .silent("wordy", price: ModelPrice(perMillionInput: 1, perMillionOutput: 100)),
      .silent("even", price: ModelPrice(perMillionInput: 2, perMillionOutput: 2)), strategy: .cheapest)
    #expect(scene.calls(1, .tokens(100)) == ["even"])
  }

  @Test func `the one that has lately answered soonest is asked first, one that was not asked before that`() {
    var scene = TableUnderTest(.silent("a"), .silent("b"), strategy: .lowestLatency)
    scene.settle(scene.call(), latency: .milliseconds(300))
    let second = scene.call()
    #expect(second?.id == "b")
    scene.settle(second, latency: .milliseconds(200))
    #expect(scene.calls(1) == ["b"])
    // One that becomes slower gives way to the other.
    scene.settle(scene.call(), latency: .milliseconds(900))
    #expect(scene.calls(1) == ["a"])
  }

  @Test func `the provider that has failed a task is asked last by its next attempt`() {
    var scene = TableUnderTest(.silent("a"), .silent("b"))
    let task = TaskID(bits: 1)
    scene.table.noteFailure(of: "a", for: task)
    var needs = RoutingNeeds([.text])
    needs.task = task
    #expect(scene.calls(1, needs) == ["b"])
    #expect(scene.calls(1) == ["a"])
    for number in 0..<5_000 as Range<UInt128> {
      scene.table.noteFailure(of: "a", for: TaskID(bits: 100 + number))
    }
    #expect(scene.table.failedFor.count <= 2_000)
    #expect(scene.table.failedTasks.count == scene.table.failedFor.count)
  }

  // MARK: Capabilities

  @Test func `a request goes to the model that can do it, whatever its priority`() {
    var scene = TableUnderTest(
      .silent("plain", window: 1_000, maximumOutput: 100, tools: false, json: false),
      .silent("able", window: 9_000, priority: 5), .silent("vectors", kinds: [.embedding]))
    var tools = RoutingNeeds([.text])
    tools.tools = true
    var json = RoutingNeeds([.text])
    json.json = true
    #expect(scene.calls(1) == ["plain"])
    #expect(scene.calls(1, tools) == ["able"])
    #expect(scene.calls(1, json) == ["able"])
    #expect(scene.calls(1, .tokens(1_000)) == ["plain"])
    #expect(scene.calls(1, .tokens(1_001)) == ["able"])
    #expect(scene.calls(1, .tokens(901, 100)) == ["able"])
    #expect(scene.calls(1, .tokens(1, 101)) == ["able"])
    #expect(scene.calls(1, RoutingNeeds([.embedding])) == ["vectors"])
  }

  @Test func `where no model can do it the failure names what each of them lacks`() {
    var scene = TableUnderTest(.silent("a", window: 10, tools: false), .silent("b", json: false))
    var needs = RoutingNeeds.tokens(11)
    needs.tools = true
    needs.json = true
    #expect(scene.refusal(needs)?.kind == .notCapable)
    #expect(scene.refusal(needs)?.message == "a has no tools; b has no JSON")
    #expect(
      scene.refusal(RoutingNeeds([.image]))?.message == "a has no capability image; b has no capability image"
    )
    needs.only = "a"
    #expect(scene.refusal(needs)?.message == "a has no tools")
    needs.only = "b"
    #expect(scene.refusal(needs)?.message == "b has no JSON")
    needs.only = "c"
    #expect(scene.refusal(needs)?.message == "there is no provider c")
  }

  @Test func `numbers that make no sense do not trap`() {
    var scene = TableUnderTest(
      .silent(
        "a", window: 1_000, priority: .max,
        limits: ProviderLimits(
          requestsPerMinute: -1, tokensPerMinute: .max, concurrentCalls: -3,
          budget: CostBudget(limit: 1, period: .total)),
        price: ModelPrice(perMillionInput: 1, perMillionOutput: 1)),
      .silent("b", priority: .min))
    #expect(scene.refusal(.tokens(.max, .max)) == nil)
    var needs = RoutingNeeds.tokens(.max, .max)
    needs.only = "a"
    #expect(scene.refusal(needs)?.kind == .notCapable)
    needs = RoutingNeeds.tokens(.min, .min)
    needs.only = "a"
    let call = scene.call(needs)
    #expect(call != nil)
    scene.settle(call, usage: TokenUsage(input: .min, output: .min))
    scene.table.prefer("b", to: "a")
    #expect(scene.calls(1) == ["b"])
  }

  // MARK: Breakers

  @Test func `an open breaker is skipped, and tells when it opens, probes and closes`() {
    var scene = TableUnderTest(.silent("a"), .silent("b", priority: 1))
    for _ in 1...4 { #expect(scene.fail(.overloaded).events.isEmpty) }
    let until = scene.now.advanced(by: .seconds(60))
    #expect(
      scene.fail(.overloaded).events
        == [.providerHealthChanged("a", .open, until: until, ProviderFailure(.overloaded))])
    #expect(scene.calls(1) == ["b"])
    scene.pass(.seconds(60))
    guard case .call(let probe, let event) = scene.choose() else {
      Issue.record("no probe")
      return
    }
    #expect(probe.id == "a")
    #expect(event == .providerHealthChanged("a", .halfOpen, until: nil, nil))
    #expect(scene.calls(1) == ["b"])
    #expect(scene.settle(probe).events.isEmpty)
    let second = scene.call()
    #expect(second?.id == "a")
    #expect(scene.settle(second).events == [.providerHealthChanged("a", .closed, until: nil, nil)])
    #expect(scene.calls(2) == ["a", "a"])
  }

  @Test func `an exhausted quota leaves a provider alone at once and for long`() {
    var scene = TableUnderTest(.silent("a"), .silent("b", priority: 1))
    scene.fail(.quotaExhausted)
    scene.pass(.seconds(1_799))
    #expect(scene.calls(1) == ["b"])
    scene.pass(.seconds(1))
    #expect(scene.calls(1) == ["a"])
  }

  @Test func `a provider that names a time is not called before it, whichever call it told`() {
    var scene = TableUnderTest(.silent("a"))
    let late = scene.call()
    for _ in 1...5 { scene.fail(.overloaded) }
    scene.pass(.seconds(60))
    for _ in 1...2 { scene.settle(scene.call()) }
    // A call of an era that is over: the breaker does not care.
    scene.settle(late, .failed(ProviderFailure(.rateLimited, retryAfter: .seconds(30))), latency: nil)
    #expect(scene.table.row("a")?.breaker.phase == .closed)
    #expect(scene.wait()?.until == scene.now.advanced(by: .seconds(30)))
    scene.pass(.seconds(30))
    #expect(scene.call() != nil)
  }

  @Test func `cancellations and bad requests say nothing about a provider`() {
    var scene = TableUnderTest(.silent("a"))
    for _ in 1...20 {
      scene.settle(scene.call(), .abandoned)
      scene.fail(.invalidRequest, retryAfter: .seconds(9))
      scene.fail(.cancelled)
    }
    #expect(scene.calls(1) == ["a"])
  }

  @Test func `a probe that is given up lets the next one through`() {
    var scene = TableUnderTest(.silent("a"))
    for _ in 1...5 { scene.fail(.overloaded) }
    scene.pass(.seconds(60))
    let probe = scene.call()
    #expect(probe != nil)
    #expect(scene.wait()?.obstacle == .isProbed)
    scene.settle(probe, .abandoned)
    let next = scene.call()
    #expect(next != nil)
    scene.settle(next, .notMade)
    #expect(scene.call() != nil)
  }

  @Test func `a clock that is set back makes no rest longer`() {
    var scene = TableUnderTest(.silent("a"))
    scene.fail(.rateLimited, retryAfter: .seconds(30))
    scene.pass(.seconds(-3_600))
    #expect(scene.wait()?.until == scene.now.advanced(by: .seconds(30)))
    scene.pass(.seconds(30))
    #expect(scene.call() != nil)
  }

  // MARK: Rates and concurrency

  @Test func `a call that was not made, or not taken, gives back what it had taken`() {
    var scene = TableUnderTest(
      .silent("a", limits: ProviderLimits(requestsPerMinute: 1, tokensPerMinute: 100, concurrentCalls: 1)))
    scene.settle(scene.call(.tokens(100)), .notMade)
    scene.settle(
      scene.call(.tokens(100)), .failed(ProviderFailure(.overloaded)), latency: nil)
    #expect(scene.wait(.tokens(100))?.until == scene.now.advanced(by: .seconds(60)))
    scene.pass(.seconds(60))
    let call = scene.call(.tokens(100))
    #expect(call != nil)
    #expect(scene.wait()?.obstacle == .calls(1))
    scene.settle(call, usage: TokenUsage(input: 150, output: 50))
    // A hundred more than were there: twice a minute until a hundred are there again.
    #expect(scene.wait(.tokens(100))?.until == scene.now.advanced(by: .seconds(120)))
  }

  @Test func `who waits is let through in the order in which it came, and nobody overtakes`() {
    var scene = TableUnderTest(.silent("a", limits: ProviderLimits(requestsPerMinute: 2)))
    #expect(scene.calls(2) == ["a", "a"])
    let line = (0..<4).map { _ in scene.lineUp() }
    scene.pass(.seconds(60))
    // Two may go, but those in the line come first.
    #expect(scene.call() == nil)
    #expect(scene.answered(line).isEmpty)
    _ = scene.table.serve(at: scene.now)
    #expect(scene.answered(line) == Array(line.compactMap(\.self).prefix(2)))
    #expect(scene.call() == nil)
    scene.pass(.seconds(60))
    _ = scene.table.serve(at: scene.now)
    #expect(scene.answered(line).count == 4)
    #expect(scene.table.line.isEmpty)
  }

  @Test func `a large request is not starved by small ones of another kind`() {
    var scene = TableUnderTest(.silent("a", limits: ProviderLimits(tokensPerMinute: 100)))
    scene.settle(scene.call(.tokens(100)))
    let large = scene.lineUp(.tokens(100))
    scene.pass(.seconds(30))
    var small = RoutingNeeds.tokens(10)
    small.tools = true
    #expect(scene.call(small) == nil)
    let behind = scene.lineUp(small)
    scene.pass(.seconds(30))
    _ = scene.table.serve(at: scene.now)
    #expect(scene.answered([large, behind]) == [large].compactMap(\.self))
    scene.pass(.seconds(6))
    _ = scene.table.serve(at: scene.now)
    #expect(scene.answered([large, behind]).count == 2)
  }

  @Test func `those who can use a free provider are not held up by those who cannot`() {
    var scene = TableUnderTest(
      .silent("a", tools: false, limits: ProviderLimits(concurrentCalls: 1)),
      .silent("b", limits: ProviderLimits(concurrentCalls: 1), breaker: .init(consecutiveFailures: 1)))
    var tools = RoutingNeeds([.text])
    tools.tools = true
    let atB = scene.call(tools)
    let atA = scene.call()
    let forB = scene.lineUp(tools)
    let forAny = scene.lineUp()
    scene.settle(atB, .failed(ProviderFailure(.overloaded)))
    #expect(scene.answered([forB, forAny]).isEmpty)
    scene.settle(atA)
    #expect(scene.answered([forB, forAny]) == [forAny].compactMap(\.self))
  }

  @Test func `who gives up leaves its place to the next`() {
    var scene = TableUnderTest(.silent("a", limits: ProviderLimits(concurrentCalls: 1)))
    let call = scene.call()
    let line = (0..<1_000).map { _ in scene.lineUp() }
    for id in line.dropLast().compactMap(\.self) { _ = scene.table.leave(id) }
    scene.settle(call)
    #expect(scene.answered(line) == line.suffix(1).compactMap(\.self))
  }

  @Test func `ten thousand who wait for one call at a time are served in time`() {
    var scene = TableUnderTest(
      .silent("a", limits: ProviderLimits(concurrentCalls: 1)), .silent("b", kinds: [.embedding]))
    var call = scene.call()
    let line = (0..<10_000).map { _ in scene.lineUp() }
    for id in line.compactMap(\.self) {
      #expect(scene.calls(1, RoutingNeeds([.embedding])) == ["b"])
      scene.settle(call)
      guard case .call(let next, _) = scene.table.takeAnswer(of: id) else {
        Issue.record("\(id) has got nothing")
        return
      }
      call = next
    }
  }

  @Test func `who would have to wait for too long is told at once`() {
    var scene = TableUnderTest(.silent("a", limits: ProviderLimits(concurrentCalls: 1)))
    let call = scene.call()
    let hasty = scene.lineUp(latest: scene.now.advanced(by: .seconds(5)))
    let patient = scene.lineUp()
    scene.settle(call, .failed(ProviderFailure(.rateLimited, retryAfter: .seconds(10))))
    guard let hasty, case .wait(let wait) = scene.table.takeAnswer(of: hasty) else {
      Issue.record("it still waits")
      return
    }
    #expect(wait.until == scene.now.advanced(by: .seconds(10)))
    #expect(scene.answered([patient]).isEmpty)
  }

  // MARK: Changes

  @Test func `a new configuration keeps what was used, and who waits goes on by it`() {
    let limits = ProviderLimits(requestsPerMinute: 2, concurrentCalls: 1)
    var scene = TableUnderTest(.silent("a", limits: limits))
    let old = scene.call()
    let waiting = scene.lineUp()
    var tools = RoutingNeeds([.text])
    tools.tools = true
    let lost = scene.lineUp(tools)
    let wider = ProviderLimits(requestsPerMinute: 2, concurrentCalls: 2)
    _ = scene.table.replace(.silent("a", tools: false, limits: wider), at: scene.now)
    #expect(scene.answered([waiting]).count == 1)
    guard let lost, case .some(.none(let failure)) = scene.table.takeAnswer(of: lost) else {
      Issue.record("it still waits")
      return
    }
    #expect(failure.message == "a has no tools")
    // The old call still counts as one that is under way, and its end says nothing about the new provider.
    #expect(scene.table.row("a")?.calls.count == 2)
    for _ in 1...5 { scene.settle(old, .failed(ProviderFailure(.authentication))) }
    #expect(scene.table.row("a")?.calls.count == 1)
    #expect(scene.table.row("a")?.breaker.phase == .closed)
    #expect(scene.wait()?.obstacle == .rate)
  }

  @Test
  func `a provider that has asked for rest gets it by a new configuration too, unless it is another account`()
  {
    var scene = TableUnderTest(.silent("a"))
    scene.fail(.rateLimited, retryAfter: .seconds(30))
    _ = scene.table.replace(.silent("a", priority: 3), at: scene.now)
    #expect(scene.wait()?.obstacle == .asksForRest)
    var other = Provider.silent("a")
    other.configuration.baseURL = "https://elsewhere.example"
    _ = scene.table.replace(other, at: scene.now)
    #expect(scene.call() != nil)
  }

  @Test func `what a call of another account is told late does not hold for the present one`() throws {
    for isSame in [false, true] {
      var scene = TableUnderTest(.silent("a"))
      let found = scene.call()
      let call = try #require(found)
      var next = Provider.silent("a")
      if !isSame { next.configuration.baseURL = "https://elsewhere.example" }
      _ = scene.table.replace(next, at: scene.now)
      let failure = ProviderFailure(.rateLimited, retryAfter: .seconds(3600), status: 429)
      _ = scene.table.settle(call, .failed(failure), usage: nil, cost: nil, latency: nil, at: scene.now)
      #expect((scene.call() != nil) == !isSame)
      #expect(scene.table.row("a")?.lastFailure == nil)
    }
  }

  @Test func `a switch brings calls to the target`() {
    var scene = TableUnderTest(.silent("a"), .silent("b", priority: 1), .silent("c", priority: 2))
    scene.table.prefer("c", to: "a")
    #expect(scene.table.status(at: scene.now).map(\.configuration.id) == ["c", "b", "a"])
  }
}
