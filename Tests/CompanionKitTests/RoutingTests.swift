import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// Turns and tasks of a companion with several providers.
struct RoutingTests {
  private static let seeds: ClosedRange<UInt64> = 1...10
  private static let resting = ProviderFailure(.rateLimited, retryAfter: .seconds(20))

  // MARK: Turns

  @Test func `a turn waits for the provider that is ready first, and its deadline ends that`() throws {
    for seed in Self.seeds {
      try RoutedScene.run(seed: seed) { _ in
        [Provider("a", model: ScriptedModel([.refusing(Self.resting), ["here"], .refusing(Self.resting)]))]
      } configure: {
        $0.answerDeadline = .seconds(30)
      } _: { scene in
        #expect(try await scene.ask().outcome == .failed(.model(Self.resting)))
        let start = scene.simulator.elapsed
        #expect(try await scene.ask().text == "here")
        #expect(scene.simulator.elapsed - start == .seconds(20))
        _ = try await scene.ask()
        // Twenty seconds of rest are within thirty; of those that are busy nobody knows.
        #expect(scene.events.events.contains { $0.kind.typeName == "model.waiting" })
      }
    }
  }

  @Test func `a deadline ends the wait of a turn for a provider that is busy`() throws {
    for seed in Self.seeds {
      try RoutedScene.run(seed: seed) { _ in
        [Provider("a", model: ScriptedModel.hanging, limits: ProviderLimits(concurrentCalls: 1))]
      } configure: {
        $0.answerDeadline = .seconds(10)
        $0.tasks.attemptLimit = .seconds(60)
      } _: { scene in
        _ = try await scene.task()
        await scene.event("model.started")
        let start = scene.simulator.elapsed
        let (text, outcome) = try await scene.ask()
        #expect(text.isEmpty)
        #expect(scene.simulator.elapsed - start == .seconds(10))
        switch outcome {
        case .failed(.deadline), .failed(.model): break
        default: Issue.record("\(String(describing: outcome))")
        }
        #expect(scene.companion.providers[0].callsUnderWay == 1)
      }
    }
  }

  @Test func `an intent falls back to rules when no provider is ready`() throws {
    for seed in Self.seeds {
      try RoutedScene.run(seed: seed) { _ in
        [Provider("a", model: ScriptedModel([.refusing(Self.resting), ["here"]]))]
      } configure: {
        $0.intents = .model
      } _: { scene in
        // The intent's call is the one that is refused: the answer waits.
        let (text, _) = try await scene.ask()
        #expect(text == "here")
        #expect(scene.has(.intentFellBack(Self.resting)))
      }
    }
  }

  @Test func `once an answer has begun nobody else goes on with it, and what was delivered is kept`() throws {
    for seed in Self.seeds {
      let second = ScriptedModel.answering("no")
      try RoutedScene.run(seed: seed) { _ in
        [
          Provider("a", model: ScriptedModel.answering("Once ", .fail(.streamCut))),
          Provider("b", model: second),
        ]
      } _: { scene in
        let (text, outcome) = try await scene.ask()
        #expect(text == "Once ")
        #expect(outcome == .failed(.model(ProviderFailure(.streamCut))))
        #expect(second.requests.isEmpty)
        let log = try await scene.companion.history(of: scene.session, limit: 9).map(\.text)
        #expect(log == ["Hello", "Once "])
      }
    }
  }

  @Test func `a person who stops an answer says nothing about the provider`() throws {
    for seed in Self.seeds {
      try RoutedScene.run(seed: seed) { _ in
        [Provider("a", model: ScriptedModel.answering("Once", .hang))]
      } _: {
        scene in
        for _ in 1...8 {
          let reply = try await scene.companion.send("A story", in: scene.session)
          var iterator = reply.makeAsyncIterator()
          _ = try await iterator.next()
          scene.companion.interrupt(scene.session)
          _ = try await iterator.next()
        }
        _ = await scene.events.first { _ in scene.companion.providers[0].callsUnderWay == 0 }
        #expect(scene.companion.providers[0].breaker == .closed)
        let entries = try await scene.companion.ledger()
        #expect(entries.count == 8)
        #expect(entries.allSatisfy { $0.failure == .cancelled && $0.session == scene.session })
      }
    }
  }

  // MARK: Tasks

  @Test func `a task that finds no provider ready gives its worker back and uses no attempt`() throws {
    for seed in Self.seeds {
      try RoutedScene.run(seed: seed) { _ in
        [Provider("a", model: ScriptedModel([.refusing(Self.resting), ["done"]]))]
      } _: { scene in
        _ = try await scene.ask()
        let id = try await scene.task()
        await scene.event("task.waiting")
        let waiting = try await scene.companion.taskStatus(of: id).task
        guard case .waiting(let wait) = waiting.state, case .provider = wait.reason else {
          Issue.record("\(waiting.state)")
          return
        }
        let end = try await scene.end(of: id)
        guard case .completed = end.state else {
          Issue.record("\(end.state)")
          return
        }
        #expect(end.failedAttempts == 0)
        #expect(scene.simulator.elapsed >= .seconds(20))
      }
    }
  }

  @Test func `what may have been billed is not done again elsewhere before the engine says so`() throws {
    for seed in Self.seeds {
      let second = ScriptedModel.answering("done")
      try RoutedScene.run(seed: seed) { _ in
        [
          Provider("a", model: ScriptedModel.refusing(ProviderFailure(.timedOut))),
          Provider("b", model: second),
        ]
      } _: { scene in
        let id = try await scene.task()
        let end = try await scene.end(of: id)
        guard case .completed = end.state else {
          Issue.record("\(end.state)")
          return
        }
        let failure = try await scene.companion.taskHistory(of: id).compactMap { event -> TaskFailure? in
          if case .retried(let failure, _) = event.kind { failure } else { nil }
        }
        #expect(failure == [.provider(ProviderFailure(.timedOut))])
        #expect(failure.first.map { "\($0)" }?.isEmpty == false)
        #expect(second.requests.count == 1)
        let entries = try await scene.companion.ledger(matching: LedgerFilter(task: id))
        #expect(entries.map(\.failure) == [nil, .timedOut])
      }
    }
  }

  // MARK: Switching

  @Test func `a switch that makes no sense is refused, and changes nothing`() throws {
    try RoutedScene.run { _ in
      [
        Provider("a", model: ScriptedModel.answering("a")),
        Provider("b", model: ScriptedModel.refusing(ProviderFailure(.quotaExhausted))),
        Provider(
          "vectors", model: ScriptedModel.answering("no"),
          capabilities: ModelCapabilities(kinds: [.embedding])),
      ]
    } _: { scene in
      func refusal(_ source: ProviderID, _ target: ProviderID) async -> ProviderCommandFailure? {
        do throws(ProviderCommandFailure) {
          try await scene.companion.switchProvider(from: source, to: target, reason: "test")
          return nil
        } catch {
          return error
        }
      }
      #expect(await refusal("a", "a") == .sameProvider("a"))
      #expect(await refusal("a", "x") == .unknownProvider("x"))
      #expect(await refusal("x", "a") == .unknownProvider("x"))
      #expect(await refusal("a", "vectors") == .notCapable("vectors", lacking: .text))
      #expect(await refusal("a", "b") == nil)
      let (text, _) = try await scene.ask()
      #expect(text == "a")
      guard case .unavailable("b", until: .some) = await refusal("a", "b") else {
        Issue.record("b can be switched to")
        return
      }
      #expect(try await scene.ask().text == "a")
    }
  }

  @Test func `tasks that wait for a provider go on at the other one at once`() throws {
    for seed in Self.seeds {
      let second = ScriptedModel.answering("done")
      try RoutedScene.run(seed: seed) { _ in
        [
          Provider(
            "a", model: ScriptedModel.answering("a"),
            capabilities: ModelCapabilities(contextWindow: 100_000),
            limits: ProviderLimits(requestsPerMinute: 1)),
          Provider("b", model: second, priority: 1, limits: ProviderLimits(requestsPerMinute: 1)),
        ]
      } _: { scene in
        let ids = [try await scene.task(), try await scene.task(), try await scene.task()]
        await scene.event("task.waiting")
        let start = scene.simulator.elapsed
        _ = try await scene.companion.switchProvider(from: "a", to: "b", reason: "b is better")
        #expect(scene.companion.providers.map(\.configuration.id) == ["b", "a"])
        for id in ids {
          guard case .completed = try await scene.end(of: id).state else {
            Issue.record("\(id) is not done")
            return
          }
        }
        #expect(scene.simulator.elapsed - start <= .seconds(62))
        #expect(scene.events.events.contains { $0.kind.typeName == "provider.switched" })
      }
    }
  }

  @Test func `running tasks are moved on request only, and what the old call brings is not taken`() throws {
    for seed in Self.seeds {
      for isIncluded in [false, true] {
        try RoutedScene.run(seed: seed) { simulator in
          let late = ScriptedModel.answering(.pause(.seconds(5), on: simulator.time), "old")
          return [
            Provider("a", model: late), Provider("b", model: ScriptedModel.answering("new"), priority: 1),
          ]
        } _: { scene in
          let id = try await scene.task()
          await scene.event("model.started")
          let before = try await scene.companion.taskStatus(of: id).task.lease
          let moved = try await scene.companion.switchProvider(
            from: "a", to: "b", reason: "test", includingRunning: isIncluded)
          #expect(moved == (isIncluded ? 1 : 0))
          let end = try await scene.end(of: id)
          guard case .completed(let result) = end.state else {
            Issue.record("\(end.state)")
            return
          }
          #expect(result.text == (isIncluded ? "new" : "old"))
          #expect((end.lease > before) == isIncluded)
          #expect(end.failedAttempts == 0)
          try await scene.pass(.seconds(10))
          #expect(scene.companion.providers.allSatisfy { $0.callsUnderWay == 0 })
          let entries = try await scene.companion.ledger(matching: LedgerFilter(task: id))
          #expect(Set(entries.map(\.provider)) == (isIncluded ? ["a", "b"] : ["a"]))
          #expect(entries.count == (isIncluded ? 2 : 1))
          let last = try await scene.companion.taskHistory(of: id).last
          #expect(last?.kind == .completed)
        }
      }
    }
  }

  /// Whether calls of the store fail from now on, which a test turns on and off.
  private final class StoreTrouble: Sendable {
    private let state = Mutex<(kind: StoreCall.Kind, left: Int)?>(nil)

    var plan: StoreFaultPlan {
      StoreFaultPlan { call in
        self.state.withLock { state in
          guard let trouble = state, trouble.kind == call.kind else { return nil }
          guard trouble.left > 0 else { return .busy }
          state?.left -= 1
          return nil
        }
      }
    }

    /// Calls of a kind fail, but not the first ones.
    func begin(_ kind: StoreCall.Kind, after count: Int = 0) { state.withLock { $0 = (kind, count) } }

    func end() { state.withLock { $0 = nil } }
  }

  @Test func `a switch whose store fails on the way says how many tasks were moved, and stays`() throws {
    for seed in Self.seeds {
      let trouble = StoreTrouble()
      try RoutedScene.run(seed: seed, faults: trouble.plan) { _ in
        [
          Provider(
            "a", model: ScriptedModel.answering("done"), limits: ProviderLimits(requestsPerMinute: 1)),
          Provider(
            "b", model: ScriptedModel.answering("done"), priority: 1,
            limits: ProviderLimits(requestsPerMinute: 1)),
        ]
      } _: { scene in
        var ids: [TaskID] = []
        for _ in 1...6 { ids.append(try await scene.task()) }
        // Two are done, and the others have given their workers back.
        try await scene.pass(.seconds(5))
        trouble.begin(.commit, after: 1)
        let failure = await #expect(throws: ProviderCommandFailure.self) {
          try await scene.companion.switchProvider(from: "a", to: "b", reason: "test")
        }
        guard case .partlyMoved("b", tasks: 1, .busy) = failure else {
          Issue.record("\(String(describing: failure))")
          return
        }
        #expect(failure?.description.contains("Calls go to b now") == true)
        #expect(scene.companion.providers.map(\.configuration.id) == ["b", "a"])
        #expect(scene.has(.providerSwitched(from: "a", to: "b", reason: "test", movedTasks: 1)))
        trouble.end()
        let rest = try await scene.companion.switchProvider(from: "a", to: "b", reason: "again")
        #expect(rest >= 3)
        #expect(scene.companion.providers.map(\.configuration.id) == ["b", "a"])
        for id in ids { #expect(try await scene.end(of: id).state.name == .completed) }
      }
    }
  }

  @Test func `a switch whose store cannot be read changes nothing, and takes no job along`() throws {
    for seed in Self.seeds {
      let trouble = StoreTrouble()
      try RoutedScene.run(seed: seed, faults: trouble.plan) { simulator in
        ["a", "b"].map { name in
          let jobs = ScriptedJobs(
            identity: ModelIdentity(provider: name, model: "m"), time: simulator.time
          ) { _ in
            .answering(name, after: .seconds(60))
          }
          return Provider(ProviderID(name) ?? "a", jobs: jobs, priority: name == "a" ? 0 : 1)
        }
      } _: { scene in
        let id = try await scene.companion.reasoning.start("?")
        try await scene.pass(.seconds(10))
        for readable in 0...1 {
          trouble.begin(.read, after: readable)
          await #expect(throws: ProviderCommandFailure.self) {
            try await scene.companion.switchProvider(
              from: "a", to: "b", reason: "test", includingRunning: true)
          }
          trouble.end()
          #expect(scene.companion.providers.map(\.configuration.id) == ["a", "b"])
        }
        #expect(!scene.events.events.contains { $0.kind.typeName == "provider.switched" })
        #expect(try await scene.companion.reasoning.wait(for: id).response == "a")
      }
    }
  }

  // MARK: New configurations

  private static func configuration(
    _ model: String, id: ProviderID = "a", key: SecretReference? = nil,
    limits: ProviderLimits = ProviderLimits()
  ) -> ProviderConfiguration {
    ProviderConfiguration(id: id, api: .custom, model: model, apiKey: key, limits: limits)
  }

  private static func factory() -> ScriptedFactory {
    ScriptedFactory { configuration in
      switch configuration.model {
      case "good": .answering("new")
      case "bad": .refusing(ProviderFailure(.authentication))
      case "stuck": .hanging
      default: nil
      }
    }
  }

  private func refusal(
    _ configuration: ProviderConfiguration, in scene: RoutedScene
  ) async -> ProviderCommandFailure? {
    do throws(ProviderCommandFailure) {
      try await scene.companion.updateProvider(configuration)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a configuration that is not valid, or fails its test, is never applied`() throws {
    for seed in Self.seeds {
      try RoutedScene.run(
        seed: seed, { _ in [Provider("a", model: ScriptedModel.answering("old"))] },
        factory: Self.factory()
      ) { scene in
        let before = scene.companion.providers[0].configuration
        #expect(await refusal(Self.configuration("good", id: "x"), in: scene) == .unknownProvider("x"))
        let invalid = Self.configuration("good", limits: ProviderLimits(requestsPerMinute: 0))
        guard case .invalid(let failure) = await refusal(invalid, in: scene) else {
          Issue.record("it was applied")
          return
        }
        #expect(failure.field == "limits.requests_per_minute")
        guard case .invalid = await refusal(Self.configuration("unmade"), in: scene),
          case .invalid = await refusal(Self.configuration("good", key: .host("missing")), in: scene)
        else {
          Issue.record("it was applied")
          return
        }
        #expect(
          await refusal(Self.configuration("bad"), in: scene)
            == .testFailed("a", ProviderFailure(.authentication)))
        #expect(scene.has(.providerUpdateRefused("a", ProviderFailure(.authentication))))
        #expect(scene.companion.providers[0].configuration == before)
        #expect(try await scene.ask().text == "old")
        let tests = try await scene.companion.ledger().filter { $0.purpose == .connectionTest }
        #expect(tests.map(\.failure) == [.authentication])
      }
    }
  }

  @Test func `a cancelled update is not applied, whenever that happens`() throws {
    try RoutedScene.run(
      { _ in [Provider("a", model: ScriptedModel.answering("old"))] }, factory: Self.factory()
    ) {
      scene in
      await withTaskGroup { group in
        group.addTask { _ = await refusal(Self.configuration("stuck"), in: scene) }
        try? await scene.pass(.seconds(1))
        group.cancelAll()
      }
      #expect(scene.companion.providers[0].configuration.model != "stuck")
      let (text, _) = try await scene.ask()
      #expect(text == "old")
    }
  }

  @Test func `a good configuration is applied whole, and calls under way end by the old one`() throws {
    for seed in Self.seeds {
      try RoutedScene.run(
        seed: seed,
        { simulator in
          [
            Provider(
              "a",
              model: ScriptedModel.answering("old ", .pause(.seconds(5), on: simulator.time), "to the end"))
          ]
        }, factory: Self.factory()
      ) { scene in
        let reply = try await scene.companion.send("Hello", in: scene.session)
        var iterator = reply.makeAsyncIterator()
        #expect(try await iterator.next() == "old ")
        let key = SecretReference.environment("COMPANION_KEY")
        let limits = ProviderLimits(concurrentCalls: 2)
        try await scene.companion.updateProvider(Self.configuration("good", key: key, limits: limits))
        #expect(scene.has(.providerUpdated("a")))
        #expect(scene.companion.providers[0].configuration.limits == limits)
        #expect(scene.companion.providers[0].callsUnderWay == 1)
        #expect(try await iterator.next() == "to the end")
        #expect(try await iterator.next() == nil)
        #expect(reply.outcome == .answered)
        #expect(try await scene.ask().text == "new")
        #expect(scene.companion.providers[0].callsUnderWay == 0)
      }
    }
  }

  @Test func `an update tests no provider that has asked to be left alone, and wakes tasks that wait`() throws
  {
    try RoutedScene.run(
      { _ in [Provider("a", model: ScriptedModel([.refusing(Self.resting)]))] }, factory: Self.factory()
    ) { scene in
      _ = try await scene.ask()
      guard case .unavailable("a", until: .some) = await refusal(Self.configuration("good"), in: scene) else {
        Issue.record("it was tested")
        return
      }
      let id = try await scene.task()
      await scene.event("task.waiting")
      // Another key is another account.
      let key = SecretReference.environment("COMPANION_KEY")
      try await scene.companion.updateProvider(Self.configuration("good", key: key))
      let end = try await scene.end(of: id)
      guard case .completed = end.state else {
        Issue.record("\(end.state)")
        return
      }
      #expect(scene.simulator.elapsed < .seconds(5))
    }
  }
}
