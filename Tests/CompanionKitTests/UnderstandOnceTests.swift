import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// What a message asks for is asked once, whatever becomes of its answer and of the process; under a simulator.
struct UnderstandOnceTests {
  private static let understood =
    #"{"profile":"information","complexity":"low","confidence":1,"entities":["zap"]}"#

  /// Understands everything, and answers from the second try on.
  private static func model(understands: Bool = true) -> ScriptedModel {
    let tries = Mutex(0)
    return ScriptedModel { request in
      if request.purpose == .intent {
        return understands ? [.text(understood)] : .refusing(ProviderFailure(.overloaded))
      }
      let isFirst = tries.withLock { tries in
        tries += 1
        return tries == 1
      }
      return isFirst ? .refusing(ProviderFailure(.overloaded)) : ["Yes"]
    }
  }

  /// Sends a message that stays without an answer, and has another process answer it.
  private static func resumed(
    _ model: ScriptedModel, seed: UInt64 = 1,
    meanwhile: @escaping @Sendable (Scene) async throws -> Void = { _ in }
  ) throws -> String? {
    try Scene.run(seed: seed, model: { _ in model }, configure: { $0.intents = .model }) { scene in
      _ = try? await scene.companion.send("Tell me", in: scene.session).text()
      try await meanwhile(scene)
      await scene.companion.stop()
      let other = Scene(
        simulator: scene.simulator, store: scene.store, model: model, configure: { $0.intents = .model })
      other.companion.start()
      let answer = try await other.companion.resume(other.session)?.text()
      await other.companion.stop()
      return answer
    }
  }

  @Test func `a message that a model has understood is not understood again by the next process`() throws {
    for seed in Seeds.few {
      let model = Self.model()
      #expect(try Self.resumed(model, seed: seed) == "Yes")
      #expect(model.requests(for: .intent).count == 1)
    }
  }

  @Test func `a conversation that was let go of in between makes no difference`() throws {
    let model = Self.model()
    try Scene.run(
      seed: 1, model: { _ in model },
      configure: {
        $0.intents = .model
        $0.sessions.idleTime = .seconds(60)
      }
    ) { scene in
      _ = try? await scene.companion.send("Tell me", in: scene.session).text()
      try await scene.simulator.time.sleep(for: .seconds(90), tolerance: nil)
      #expect(try await scene.companion.status().openSessions.isEmpty)
      #expect(try await scene.companion.resume(scene.session)?.text() == "Yes")
      #expect(model.requests(for: .intent).count == 1)
    }
  }

  @Test func `where no model could say, the next process asks again`() throws {
    let model = Self.model(understands: false)
    #expect(try Self.resumed(model) == "Yes")
    #expect(model.requests(for: .intent).count == 2)
  }

  @Test func `other words are understood anew`() throws {
    let model = Self.model()
    let edit = { @Sendable (scene: Scene) in
      try await scene.companion.editMessage(.zero.next, in: scene.session, to: "Tell me something else")
    }
    #expect(try Self.resumed(model, meanwhile: edit) == "Yes")
    #expect(model.requests(for: .intent).count == 2)
  }

  @Test func `a store that does not keep it is no reason not to answer`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let isFull = Mutex(false)
      let model = ScriptedModel { request in
        isFull.withLock { $0 = request.purpose == .intent }
        return request.purpose == .intent ? [.text(Self.understood)] : ["Yes"]
      }
      let plan = StoreFaultPlan { call in
        call.kind == .commit && isFull.withLock { $0 } ? .busy : nil
      }
      var configuration = CompanionConfiguration()
      configuration.memory.isAutomatic = false
      let events = RecordingEventSink()
      let companion = Companion(
        model: model,
        store: FaultyStore(InMemoryStore(time: simulator.time), plan: plan, time: simulator.time),
        configuration: configuration, time: simulator.time, identifiers: simulator.identifiers, events: events
      )
      companion.start()
      let answer = try await companion.send("Tell me").text()
      #expect(answer == "Yes")
      let failures = events.events.filter { event in
        if case .serviceFailed("intent", _) = event.kind { true } else { false }
      }
      #expect(failures.count == 1)
      await companion.stop()
    }
  }

  @Test func `it goes with what is forgotten, and a fork has none of it`() throws {
    try Scene.run(seed: 1, model: { _ in Self.model() }, configure: { $0.intents = .model }) { scene in
      let (session, fork) = (scene.session, SessionID(bits: 2))
      for _ in 1...2 { _ = try? await scene.companion.send("zap", in: session).text() }
      try await scene.companion.forkSession(session, as: fork)
      let kept = try await scene.store.state(StateKey(.session(session), .understood))
      #expect(kept?.json.contains("zap") == true)
      #expect(try await scene.store.state(StateKey(.session(fork), .understood)) == nil)
      try await scene.companion.forget(.message(.zero.next, in: session))
      #expect(try await scene.store.state(StateKey(.session(session), .understood)) == nil)
    }
  }
}
