import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// Messages that are answered later, deleted before, or sent by somebody who does not wait; under a simulator.
struct LateAnswerTests {
  private static let understood = #"{"profile":"information","complexity":"low","confidence":1}"#

  @Test func `a message stands in its prompt once, also where what fits it is looked for`() throws {
    let model = ScriptedModel([[ModelStep].refusing(ProviderFailure(.overloaded)), ["Yes"]])
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      let words = "Where does my green bicycle stand?"
      _ = try? await scene.companion.send(words, in: scene.session).text()
      // Now it is in the index, as any message.
      _ = try await scene.companion.resume(scene.session)?.text()
      let prompt = try #require(model.requests(for: .answer).last)
      let whole = prompt.messages.map(\.text).joined(separator: "\n")
      #expect(whole.ranges(of: words).count == 1, "\(whole)")
    }
  }

  @Test func `a message that was deleted is not answered when a conversation is resumed`() throws {
    for seed in Seeds.few {
      let model = ScriptedModel([[ModelStep].refusing(ProviderFailure(.overloaded)), ["Yes"]])
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        _ = try? await scene.companion.send("A story", in: scene.session).text()
        let message = try #require(try await scene.companion.history(of: scene.session).last)
        try await scene.companion.deleteMessage(message.sequence, in: scene.session)
        #expect(try await scene.companion.resume(scene.session) == nil)
        #expect(model.requests(for: .answer).count == 1)
      }
    }
  }

  @Test func `a message that is answered later is understood without what came behind it`() throws {
    let gate = Gate()
    let tries = Mutex(0)
    let understandings = Mutex(0)
    let model = ScriptedModel { request in
      switch request.purpose {
      case .task: return [.wait(for: gate), "SECOND RESULT"]
      case .intent:
        let asksForWork = request.messages.last?.text.contains("Summarise") == true
        guard !asksForWork else { return [#"{"profile":"analysis","complexity":"high","confidence":1}"#] }
        let isFirst = understandings.withLock { understandings in
          understandings += 1
          return understandings == 1
        }
        return isFirst ? .refusing(ProviderFailure(.overloaded)) : [.text(Self.understood)]
      default:
        let isFirst = tries.withLock { tries in
          tries += 1
          return tries == 1
        }
        return isFirst ? .refusing(ProviderFailure(.overloaded)) : ["late"]
      }
    }
    try Scene.run(seed: 1, model: { _ in model }, configure: { $0.intents = .model }) { scene in
      _ = try await scene.companion.send("Summarise everything", in: scene.session).text()
      // The process dies before a model has understood the message.
      let store = scene.store
      let other = Scene(
        simulator: scene.simulator, store: store, model: model, configure: { $0.intents = .model })
      _ = try? await scene.companion.send("Tell me", in: scene.session).text()
      gate.open()
      _ = try await scene.companion.drainTasks(limit: .seconds(60))
      await scene.companion.stop()
      other.companion.start()
      #expect(try await other.companion.resume(other.session)?.text() == "late")
      await other.companion.stop()
      #expect(model.requests(for: .intent).count == 3)
      let last = try #require(model.requests(for: .intent).last)
      #expect(last.messages.last?.text.contains("Tell me") == true)
      #expect(!last.messages.contains { $0.text.contains("SECOND RESULT") })
      let answer = try #require(model.requests(for: .answer).last)
      #expect(answer.messages.last?.text.contains("Tell me") == true)
    }
  }

  @Test func `whoever is cancelled while a message is being stored learns whether it was`() throws {
    for seed in Seeds.range {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let isSlow = Mutex(false)
        let plan = StoreFaultPlan { call in
          call.kind == .commit && isSlow.withLock { $0 } ? .slow(.seconds(3)) : nil
        }
        let base = InMemoryStore(time: simulator.time)
        var configuration = CompanionConfiguration()
        configuration.intents = .rules
        configuration.memory.isAutomatic = false
        let companion = Companion(
          model: ScriptedModel.answering("Yes"), store: FaultyStore(base, plan: plan, time: simulator.time),
          configuration: configuration, time: simulator.time, identifiers: simulator.identifiers)
        companion.start()
        let session = SessionID(bits: 1)
        try await companion.startSession(session)
        isSlow.withLock { $0 = true }
        let wasTaken = await withTaskGroup(of: Bool.self) { group in
          group.addTask { (try? await companion.send("Hello", in: session)) != nil }
          try? await simulator.time.sleep(for: .milliseconds(500 + 100 * Int64(seed)), tolerance: nil)
          group.cancelAll()
          return await group.next() ?? false
        }
        let stored = try await base.messages(in: session, before: nil, limit: 10).count
        try await simulator.time.sleep(for: .seconds(60), tolerance: nil)
        let messages = try await base.messages(in: session, before: nil, limit: 10)
        #expect((stored > 0) == messages.contains { $0.text == "Hello" }, "seed \(seed)")
        #expect(wasTaken == (stored > 0), "seed \(seed)")
        isSlow.withLock { $0 = false }
        await companion.stop()
      }
    }
  }
}
