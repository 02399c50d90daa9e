import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@testable import CompanionApplication

/// Calls of several providers, under a simulator.
struct ModelRouterTests {
  private static let seeds: ClosedRange<UInt64> = 1...20

  // MARK: Waiting

  @Test func `what a job has used up is counted before anybody who waits for its budget is called`() throws {
    for spent in [5, 2] {
      let model = ScriptedModel.answering("x")
      try RouterScene.run { _ in
        [
          .scripted(
            "a", model, limits: ProviderLimits(budget: CostBudget(limit: 10, period: .total)),
            price: ModelPrice(perMillionInput: 1_000_000, perMillionOutput: 1_000_000))
        ]
      } _: { scene in
        let task = TaskID(bits: 7)
        scene.router.noteJob(of: task, at: "a", cost: 10)
        let deadline = scene.now.advanced(by: .seconds(60))
        async let answer = scene.answer(deadline: deadline)
        try await scene.simulator.time.sleep(for: .seconds(1))
        #expect(scene.waiting && model.requests.isEmpty)
        scene.router.enterJob(
          ProviderJobID(bits: 1), at: "a", usage: TokenUsage(input: spent, output: spent),
          latency: .seconds(1), failure: nil, EventContext(task: task))
        let (text, failure) = await answer
        #expect(text == (spent == 5 ? "" : "x"))
        #expect(failure?.kind == (spent == 5 ? .budgetExhausted : nil))
        #expect(scene.router.status().first?.spent == Double(2 * spent))
        #expect(scene.router.status().first?.held == 0)
      }
    }
  }

  @Test func `vectors wait for the rate as long as they are given`() throws {
    try RouterScene.run { _ in
      [
        Provider(
          "a", services: ProviderServices(embeddings: OneVector()),
          limits: ProviderLimits(requestsPerMinute: 2))
      ]
    } _: { scene in
      for number in 1...4 {
        let vectors = try await scene.environment.embed(["text"], by: nil, patience: nil).vectors
        #expect(vectors == [[1]], "\(number)")
      }
      let failure = await #expect(throws: ProviderFailure.self) {
        try await scene.environment.embed(["text"], by: nil, patience: .seconds(3))
      }
      #expect(failure?.kind == .noProviderReady)
    }
  }

  @Test func `the first for something follows a switch`() throws {
    try RouterScene.run { _ in
      ["a", "c", "b"].map { Provider($0, model: ScriptedModel.answering("x")) }
    } _: { scene in
      #expect(scene.router.first(for: .text)?.id == "a")
      try scene.router.switchCalls(from: "a", to: "b")
      #expect(scene.router.first(for: .text)?.id == "b")
      #expect(scene.router.first(for: .image) == nil)
    }
  }

  @Test func `a hundred callers at once are let through in their order, at the rate, and none fails`() throws
  {
    for limits in [
      ProviderLimits(requestsPerMinute: 20), ProviderLimits(tokensPerMinute: 20 * 6),
      ProviderLimits(requestsPerMinute: 60, tokensPerMinute: 20 * 6, concurrentCalls: 3),
    ] {
      let times = Mutex<[(caller: Int, time: Timestamp)]>([])
      try RouterScene.run { simulator in
        let model = ScriptedModel { request in
          let caller = Int(request.messages[0].text) ?? -1
          times.withLock { $0.append((caller, simulator.time.now)) }
          return ["yes", .usage(input: 5, output: 1)]
        }
        return [.scripted("a", model, limits: limits)]
      } _: { scene in
        let start = scene.now
        await withTaskGroup { group in
          for caller in 0..<100 {
            group.addTask {
              try? await scene.simulator.time.sleep(for: .milliseconds(caller))
              // One token of a text and four around it: six with the answer.
              let request = RouterScene.request(.answer, "\(caller)", output: 1)
              let (text, failure) = await scene.answer(request)
              #expect(text == "yes", "\(String(describing: failure))")
            }
          }
        }
        let calls = times.withLock { $0 }
        #expect(calls.map(\.caller) == Array(0..<100))
        for (number, call) in calls.enumerated() where number >= 20 {
          #expect(call.time >= start.advanced(by: .seconds(3 * (number - 19)) - .milliseconds(1)))
          #expect(call.time <= start.advanced(by: .seconds(3 * (number - 19)) + .milliseconds(500)))
        }
        #expect(scene.held("a") == 0 && !scene.waiting)
        #expect(scene.kinds().count { $0 == "model.waiting" } >= 80)
      }
    }
  }

  @Test func `no more calls are under way than allowed, and who waits is served in order`() throws {
    for seed in Self.seeds {
      let order = Mutex<[String]>([])
      let inside = Mutex(0)
      let peak = Mutex(0)
      try RouterScene.run(seed: seed) { simulator in
        let model = ScriptedModel { request in
          order.withLock { $0.append(request.messages[0].text) }
          return [
            .perform {
              let now = inside.withLock { count -> Int in
                count += 1
                return count
              }
              peak.withLock { $0 = max($0, now) }
            },
            .pause(.seconds(1), on: simulator.time), .perform { inside.withLock { $0 -= 1 } }, "yes",
          ]
        }
        return [.scripted("a", model, limits: ProviderLimits(concurrentCalls: 3))]
      } _: { scene in
        await withTaskGroup { group in
          for caller in 0..<30 {
            group.addTask {
              try? await scene.simulator.time.sleep(for: .milliseconds(caller))
              #expect(await scene.answer(RouterScene.request(.answer, "\(caller)")).text == "yes")
            }
          }
        }
        #expect(order.withLock { $0 } == (0..<30).map(String.init))
        #expect(peak.withLock { $0 } == 3)
        #expect(scene.held("a") == 0 && !scene.waiting)
      }
    }
  }

  @Test func `whoever is cancelled while it waits or calls holds nothing`() throws {
    for seed in Self.seeds {
      try RouterScene.run(seed: seed) { simulator in
        let model = ScriptedModel { request in
          request.messages[0].text == "last" ? ["yes"] : [.pause(.seconds(10), on: simulator.time), "yes"]
        }
        let limits = ProviderLimits(
          requestsPerMinute: 30, tokensPerMinute: 3_000, concurrentCalls: 2,
          budget: CostBudget(limit: 100, period: .total))
        let price = ModelPrice(perMillionInput: 1, perMillionOutput: 1)
        return [.scripted("a", model, limits: limits, price: price)]
      } _: { scene in
        await withTaskGroup { group in
          for caller in 0..<40 {
            group.addTask {
              try? await scene.simulator.time.sleep(for: .milliseconds(caller % 4))
              _ = await scene.answer(RouterScene.request(.answer, "\(caller)", output: 10))
            }
          }
          try? await scene.simulator.time.sleep(for: .milliseconds(Int64(seed % 5)))
          group.cancelAll()
        }
        #expect(scene.held("a") == 0 && !scene.waiting)
        #expect(scene.router.table.withLock { $0.row("a")?.spending?.reserved } == 0)
        #expect(await scene.answer(RouterScene.request(.answer, "last")).text == "yes")
        let started = scene.kinds().count { $0 == "model.started" }
        let entries = try await scene.entries()
        #expect(entries.count == started)
        #expect(scene.kinds().count { $0 == "model.ended" } == started)
      }
    }
  }

  @Test
  func `an answer waits for the provider that is ready first, a deadline ends that, an intent does not wait`()
    throws
  {
    try RouterScene.run { _ in
      let busy = ScriptedModel([
        .refusing(ProviderFailure(.rateLimited, retryAfter: .seconds(20))), ["a"], ["a"],
      ])
      let quick = ScriptedModel([
        .refusing(ProviderFailure(.rateLimited, retryAfter: .seconds(5))), ["b"], ["b"],
      ])
      return [.scripted("a", busy), .scripted("b", quick)]
    } _: { scene in
      let start = scene.now
      // Both have one try, and both ask for rest.
      #expect(await scene.answer().failure?.retryAfter == .seconds(5))
      let intent = await scene.answer(RouterScene.request(.intent)).failure
      #expect(intent?.kind == .noProviderReady)
      #expect(intent?.retryAfter == .seconds(5))
      let task = await scene.answer(RouterScene.request(.task), task: TaskID(bits: 1)).failure
      #expect(task?.kind == .noProviderReady)
      #expect(task?.retryAfter == .seconds(5))
      let hasty = await scene.answer(deadline: start.advanced(by: .seconds(4))).failure
      #expect(hasty?.kind == .noProviderReady)
      #expect(scene.now == start)
      #expect(await scene.answer().text == "b")
      #expect(scene.now == start.advanced(by: .seconds(5)))
      // b is in use by nobody, but a is first again when it is ready.
      try await scene.simulator.time.sleep(for: .seconds(15))
      #expect(await scene.answer().text == "a")
    }
  }

  @Test func `a deadline ends the wait for a call of which nobody knows when it ends`() throws {
    try RouterScene.run { _ in
      [.scripted("a", .hanging, limits: ProviderLimits(concurrentCalls: 1))]
    } _: { scene in
      let start = scene.now
      await withTaskGroup { group in
        group.addTask { _ = await scene.answer() }
        _ = await scene.events.first { $0.kind.typeName == "model.started" }
        let late = await scene.answer(deadline: start.advanced(by: .seconds(7))).failure
        #expect(late?.kind == .noProviderReady)
        #expect(scene.now == start.advanced(by: .seconds(7)))
        let task = await scene.answer(RouterScene.request(.task)).failure
        #expect(task?.kind == .noProviderReady)
        #expect(scene.now == start.advanced(by: .seconds(8)))
        group.cancelAll()
      }
      #expect(scene.held("a") == 0 && !scene.waiting)
    }
  }

  @Test func `no request is sent to a provider before the time that it has named`() throws {
    for seed in Self.seeds {
      let earliest = Mutex<Timestamp?>(nil)
      try RouterScene.run(seed: seed) { simulator in
        let model = ScriptedModel { _ in
          let now = simulator.time.now
          if let time = earliest.withLock({ $0 }) { #expect(now >= time) }
          return [
            .pause(.milliseconds(1 + now.nanosecondsSinceEpoch / 1_000_000 % 7), on: simulator.time),
            .perform {
              let until = simulator.time.now.advanced(by: .seconds(2))
              earliest.withLock { $0 = max($0 ?? until, until) }
              throw ProviderFailure(.rateLimited, retryAfter: .seconds(2))
            },
          ]
        }
        return [.scripted("a", model, breaker: .init(cooldown: .seconds(1)))]
      } _: { scene in
        await withTaskGroup { group in
          for caller in 0..<60 {
            group.addTask {
              try? await scene.simulator.time.sleep(for: .milliseconds(caller * 171))
              let deadline = scene.now.advanced(by: .seconds(10))
              _ = await scene.answer(
                RouterScene.request(caller % 3 == 0 ? .task : .answer), deadline: deadline)
            }
          }
        }
        #expect(scene.held("a") == 0 && !scene.waiting)
      }
    }
  }

  // MARK: Failing over

  @Test func `a failure is passed to the next provider, which gets one try like the first`() throws {
    for kind in [
      ProviderFailure.Kind.rateLimited, .overloaded, .serverError, .unreachable, .timedOut, .streamCut,
      .malformedResponse, .authentication, .quotaExhausted, .modelNotFound,
    ] {
      let models = (ScriptedModel.refusing(ProviderFailure(kind)), ScriptedModel.answering("b"))
      try RouterScene.run { _ in
        [.scripted("a", models.0), .scripted("b", models.1)]
      } _: { scene in
        #expect(await scene.answer().text == "b")
        #expect(models.0.requests.count == 1)
        let failover = scene.events.events.first { $0.kind.typeName == "model.failed_over" }
        #expect(failover?.kind == .callFailedOver(from: "a", to: "b", ProviderFailure(kind)))
        let entries = try await scene.entries()
        #expect(entries.map(\.provider) == ["a", "b"])
        #expect(entries.map(\.failure) == [kind, nil])
      }
    }
  }

  @Test func `an exhausted quota is not asked again, and neither is a key that is not accepted`() throws {
    for kind in [ProviderFailure.Kind.quotaExhausted, .authentication] {
      let poor = ScriptedModel.refusing(ProviderFailure(kind))
      try RouterScene.run { _ in
        [.scripted("a", poor), .scripted("b", .answering("b"))]
      } _: { scene in
        for _ in 1...10 { #expect(await scene.answer().text == "b") }
        #expect(poor.requests.count == 1)
      }
    }
  }

  @Test func `what is wrong with the request is not passed on`() throws {
    for kind in [ProviderFailure.Kind.contentFiltered, .refused, .invalidRequest] {
      let second = ScriptedModel.answering("b")
      try RouterScene.run { _ in
        [.scripted("a", .refusing(ProviderFailure(kind))), .scripted("b", second)]
      } _: { scene in
        #expect(await scene.answer().failure?.kind == kind)
        #expect(second.requests.isEmpty)
        #expect(scene.router.table.withLock { $0.row("a")?.breaker.consecutiveFailures } == 0)
      }
    }
  }

  @Test func `a request that is too long goes to a larger window, and to no other`() throws {
    let long = ProviderFailure(.contextLengthExceeded)
    let small = ScriptedModel.answering("small")
    try RouterScene.run { _ in
      [
        .scripted("a", .refusing(long), window: 8_000), .scripted("b", small, window: 8_000),
        .scripted("unknown", small), .scripted("c", .answering("c"), priority: 9, window: 100_000),
      ]
    } _: { scene in
      #expect(await scene.answer().text == "c")
      #expect(small.requests.isEmpty)
    }
    try RouterScene.run { _ in
      [.scripted("a", .refusing(long), window: 8_000), .scripted("b", small, window: 8_000)]
    } _: { scene in
      let failure = await scene.answer().failure
      #expect(failure == long)
      #expect(failure?.description.contains("Shorten it, or use a model with a larger window.") == true)
    }
  }

  @Test func `once something was said nobody else goes on, and what was said is kept`() throws {
    let second = ScriptedModel.answering("b")
    try RouterScene.run { _ in
      [.scripted("a", .answering("Once ", .fail(.overloaded))), .scripted("b", second)]
    } _: { scene in
      let (text, failure) = await scene.answer()
      #expect(text == "Once ")
      #expect(failure?.kind == .overloaded)
      #expect(second.requests.isEmpty)
      #expect(scene.held("a") == 0)
    }
  }

  @Test func `an answer without a word is passed on, and thinking aloud is a beginning`() throws {
    try RouterScene.run { _ in
      [.scripted("a", .answering(.finish(.stop))), .scripted("b", .answering("b"))]
    } _: { scene in
      #expect(await scene.answer().text == "b")
    }
    try RouterScene.run { _ in
      [.scripted("a", .answering(.reasoning("hm"), .fail(.overloaded))), .scripted("b", .answering("b"))]
    } _: { scene in
      #expect(await scene.answer().failure?.kind == .overloaded)
    }
  }

  @Test func `a task's failure that may have been billed is the engine's, an answer's is passed on`() throws {
    for purpose in [CallPurpose.task, .image] {
      try RouterScene.run { _ in
        [.scripted("a", .refusing(ProviderFailure(.timedOut))), .scripted("b", .answering("b"))]
      } _: { scene in
        let failure = await scene.answer(RouterScene.request(purpose), task: TaskID(bits: 1)).failure
        #expect(failure?.disposition == .ambiguous)
        // The next attempt asks the other one first.
        #expect(await scene.answer(RouterScene.request(purpose), task: TaskID(bits: 1)).text == "b")
      }
    }
  }

  @Test func `of several failures the caller gets that which may pass first`() throws {
    try RouterScene.run { _ in
      [
        .scripted("a", .refusing(ProviderFailure(.authentication))),
        .scripted("b", .refusing(ProviderFailure(.rateLimited, retryAfter: .seconds(9)))),
        .scripted("c", .refusing(ProviderFailure(.rateLimited, retryAfter: .seconds(3)))),
      ]
    } _: { scene in
      let failure = await scene.answer().failure
      #expect(failure?.kind == .rateLimited)
      #expect(failure?.retryAfter == .seconds(3))
    }
  }

  // MARK: Budgets and the ledger

  @Test
  func
    `what was spent before a restart counts, and a ledger that cannot be read stops only what it pays for`()
    throws
  {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let old = LedgerEntry(
        id: simulator.identifiers.next(), time: simulator.time.now, provider: "paid", model: .scripted,
        purpose: .answer, cost: Cost(amount: 5, currency: "USD"), latency: .seconds(1))
      try await store.commit(.enterCall(old))
      let faulty = FaultyStore(
        store, plan: StoreFaultPlan { $0.number == 1 ? .busy : nil }, time: simulator.time)
      let paid = ScriptedModel.answering("paid")
      let scene = RouterScene(
        simulator: simulator, store: store, over: faulty,
        [
          .scripted(
            "paid", paid, limits: ProviderLimits(budget: CostBudget(limit: 5, period: .total)),
            price: ModelPrice(perMillionInput: 1, perMillionOutput: 1)),
          .scripted("free", .answering("free"), priority: 1),
        ])
      #expect(await scene.answer().text == "free")
      #expect(scene.kinds().contains("service.failed"))
      try await simulator.time.sleep(for: .seconds(1))
      #expect(await scene.answer().text == "free")
      #expect(paid.requests.isEmpty)
      #expect(scene.router.table.withLock { $0.row("paid")?.spending?.spent } == 5)
    }
  }

  @Test func `each call is in the ledger with all that is known of it, and nothing that is not`() throws {
    try RouterScene.run { simulator in
      [
        .scripted(
          "a", .answering(.pause(.seconds(2), on: simulator.time), "yes", .usage(input: 1_000, output: 500)),
          price: ModelPrice(perMillionInput: 1, perMillionOutput: 2)),
        .scripted("b", .answering("yes", .usage(input: 10, output: 5)), priority: 1),
      ]
    } _: { scene in
      let session = SessionID(bits: 7)
      let task = TaskID(bits: 8)
      _ = try await scene.calls.generate(
        RouterScene.request(.intent), context: EventContext(session: session, task: task))
      scene.router.table.withLock { $0.prefer("b", to: "a") }
      _ = await scene.answer()
      let entries = try await scene.entries()
      #expect(entries.count == 2)
      #expect(entries[0].purpose == .intent)
      #expect(entries[0].session == session)
      #expect(entries[0].task == task)
      #expect(entries[0].usage == TokenUsage(input: 1_000, output: 500))
      #expect(entries[0].cost == Cost(amount: 0.002, currency: "USD"))
      #expect(entries[0].latency == .seconds(2))
      #expect(entries[1].usage == TokenUsage(input: 10, output: 5))
      #expect(entries[1].cost == nil)
      let totals = try await scene.store.ledgerTotals(matching: LedgerFilter())
      #expect(totals["b"]?.callsOfUnknownCost == 1)
      #expect(totals["b"]?.costs.isEmpty == true)
    }
  }

  @Test func `a store that fails loses no entry, is not pestered, and is told of`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let tries = Mutex(0)
      let faulty = FaultyStore(
        store,
        plan: StoreFaultPlan { _ in
          tries.withLock { $0 += 1 }
          return .busy
        }, time: simulator.time)
      let scene = RouterScene(
        simulator: simulator, store: store, over: faulty, [.scripted("a", .answering("yes"))])
      await withTaskGroup { group in
        group.addTask { await scene.router.keepLedger() }
        for _ in 1...200 {
          #expect(await scene.answer().text == "yes")
          try? await simulator.time.sleep(for: .milliseconds(10))
        }
        #expect(tries.withLock { $0 } < 12)
        #expect(scene.kinds().contains("service.failed"))
        faulty.endFaults()
        try? await simulator.time.sleep(for: .seconds(60))
        let stored = try? await store.ledgerEntries(matching: LedgerFilter(), limit: 1_000).count
        #expect(stored == 200)
        group.cancelAll()
      }
      await scene.router.ledger.finish()
      #expect(!scene.kinds().contains("ledger.lost"))
    }
  }

}

private struct OneVector: EmbeddingService {
  var identity: ModelIdentity { ModelIdentity(provider: "one", model: "one") }
  var maximumBatch: Int { 8 }

  func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    EmbeddingResponse(vectors: texts.map { _ in [1] })
  }
}
