import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// What models are sent: once understood, always within the budget, with what is known; under a simulator.
struct PromptingTests {
  private static let understood = #"{"profile":"information","complexity":"low","confidence":1}"#

  private static func model(_ answer: ModelStep = "Yes") -> ScriptedModel {
    ScriptedModel { request in request.purpose == .intent ? [.text(understood)] : [answer] }
  }

  // MARK: One understanding

  @Test func `a message is understood by one call of the model, and by none where the classifier is sure`()
    async throws
  {
    let examples = (0..<30).flatMap { number in
      [
        IntentExample("please translate letter number \(number)", label: "translate"),
        IntentExample("what is the weather in town \(number)", label: "weather"),
      ]
    }
    let labels = [
      IntentLabel(
        name: "translate", profile: .creation, complexity: .low, action: .directResponse),
      IntentLabel(
        name: "weather", profile: .information, complexity: .low, action: .directResponse),
    ]
    let classifier = try await IntentClassifier.train(on: examples, labels: labels)
    let model = Self.model()
    try Scene.run(
      seed: 1, model: { _ in model },
      configure: {
        $0.intents = .model
        $0.classifier = classifier
      }
    ) { scene in
      _ = try await scene.companion.send("please translate letter number 7", in: scene.session).text()
      #expect(model.requests(for: .intent).isEmpty)
      _ = try await scene.companion.send("Qwertz uiop asdf ghjkl yxcvb", in: scene.session).text()
      #expect(model.requests(for: .intent).count == 1)
      let methods = scene.events.events.compactMap { event -> Intent.Method? in
        if case .intentUnderstood(let intent) = event.kind { intent.method } else { nil }
      }
      #expect(methods.first == .classifier && methods.count == 2)
    }
  }

  @Test func `a message that fails and is answered again is not understood again`() throws {
    let tries = Mutex(0)
    let model = ScriptedModel { request in
      if request.purpose == .intent { return [.text(Self.understood)] }
      let isFirst = tries.withLock { tries in
        tries += 1
        return tries == 1
      }
      return isFirst ? .refusing(ProviderFailure(.invalidRequest, message: "so it is")) : ["Yes"]
    }
    try Scene.run(seed: 1, model: { _ in model }, configure: { $0.intents = .model }) { scene in
      _ = try? await scene.companion.send("Hello", in: scene.session).text()
      _ = try await scene.companion.resume(scene.session)?.text()
      #expect(model.requests(for: .intent).count == 1)
      // The second prompt is one to recover by, and says what went wrong.
      let last = try #require(model.requests(for: .answer).last?.messages.last)
      #expect(last.text.contains("so it is"))
    }
  }

  @Test func `the question what a message means is short, however long the message is`() throws {
    let model = Self.model()
    try Scene.run(seed: 1, model: { _ in model }, configure: { $0.intents = .model }) { scene in
      for _ in 1...3 {
        _ = try? await scene.companion.send(String(repeating: "long ", count: 5_000), in: scene.session)
          .text()
      }
      let bytes = model.requests(for: .intent).map { $0.messages.reduce(0) { $0 + $1.text.utf8.count } }
      #expect(bytes.count == 3 && bytes.allSatisfy { $0 < 9_000 })
    }
  }

  // MARK: Prompts that fit

  @Test func `no prompt is larger than its budget, whatever is said`() throws {
    let model = Self.model("A longer answer that says one thing after another, as models do.")
    try Scene.run(
      seed: 1, model: { _ in model }, configure: { $0.prompts.limit = 2_000 }
    ) { scene in
      for number in 1...60 {
        let text = String(repeating: "And here is thing number \(number). ", count: number)
        _ = try? await scene.companion.send(text, in: scene.session).text()
      }
      let estimator = TokenEstimator()
      for request in model.requests(for: .answer) {
        let tokens = request.messages.reduce(0) { $0 + estimator.tokens(in: $1.text) }
        #expect(tokens <= 1_000)
      }
      #expect(model.requests(for: .answer).count > 30)
    }
  }

  @Test func `a message that does not fit is said to be too long, and the next one is answered`() throws {
    try Scene.run(seed: 1, model: { _ in Self.model() }, configure: { $0.prompts.limit = 2_000 }) { scene in
      let reply = try await scene.companion.send(
        String(repeating: "word ", count: 10_000), in: scene.session)
      do throws(ChatFailure) {
        _ = try await reply.text()
        Issue.record("It was answered.")
      } catch {
        guard case .prompt(.pinnedDoesNotFit(section: "message", _, _, _)) = error else {
          Issue.record("\(error)")
          return
        }
      }
      #expect(try await scene.companion.send("Short", in: scene.session).text() == "Yes")
    }
  }

  @Test func `what was said before is summarised beside the turns, and the summary is in later prompts`()
    throws
  {
    let model = ScriptedModel { request in
      request.purpose == .summary ? ["They spoke of many numbers."] : ["Yes"]
    }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      for number in 1...120 {
        _ = try await scene.companion.send("Number \(number)", in: scene.session).text()
      }
      #expect(model.requests(for: .summary).isEmpty == false)
      let last = try #require(model.requests(for: .answer).last)
      #expect(last.messages.first?.text.contains("They spoke of many numbers.") == true)
      #expect(last.messages.count <= 90)
      #expect(scene.eventTypes().contains("history.summarized"))
    }
  }

  @Test func `a summary that fails drops nothing, and is tried again`() throws {
    let failures = Mutex(3)
    let model = ScriptedModel { request in
      guard request.purpose == .summary else { return ["Yes"] }
      let fails = failures.withLock { left in
        left -= 1
        return left >= 0
      }
      return fails ? .refusing(ProviderFailure(.invalidRequest)) : ["All of it."]
    }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      for number in 1...60 {
        _ = try await scene.companion.send("Number \(number)", in: scene.session).text()
      }
      #expect(scene.eventTypes().contains("history.summary_failed"))
      #expect(scene.eventTypes().contains("history.summarized"))
      #expect(try await scene.log().count == 120)
    }
  }

  @Test func `an edit takes a summary back that has the message, also one that is just being made`() throws {
    for seed in Seeds.few {
      let model = ScriptedModel { request in
        guard request.purpose == .summary else { return ["Yes"] }
        return [.text(request.messages.contains { $0.text.contains("zebra") } ? "A zebra." : "None.")]
      }
      try Scene.run(seed: seed, model: { _ in model }) { scene in
        _ = try await scene.companion.send("There is a zebra", in: scene.session).text()
        for number in 1...45 {
          _ = try await scene.companion.send("Number \(number)", in: scene.session).text()
        }
        try await scene.companion.editMessage(
          SequenceNumber(rawValue: 1), in: scene.session, to: "There is a horse")
        for number in 1...45 {
          _ = try await scene.companion.send("Number \(number)", in: scene.session).text()
        }
        let last = try #require(model.requests(for: .answer).last)
        #expect(last.messages.allSatisfy { !$0.text.contains("zebra") })
      }
    }
  }

  // MARK: What is known

  @Test func `what the host says is so is known before the message is understood, and in the prompt`() throws
  {
    let model = Self.model()
    try Scene.run(seed: 1, model: { _ in model }, configure: { $0.intents = .model }) { scene in
      let update = ContextUpdate(["screen": "settings of the printer"])
      _ = try await scene.companion.send("What is this?", in: scene.session, update: update).text()
      let intent = try #require(model.requests(for: .intent).first)
      #expect(intent.messages.contains { $0.text.contains("settings of the printer") })
      let answer = try #require(model.requests(for: .answer).first)
      #expect(answer.messages.last?.text.contains("settings of the printer") == true)
      #expect(answer.messages.last?.words == "What is this?")
      let context = try await scene.companion.sharedContext(of: scene.session)
      #expect(context.version == 1)
      // Somebody else has to have seen what is there.
      let other = ContextUpdate(["screen": "mine"], by: .person)
      await #expect(throws: ChatFailure.self) {
        try await scene.companion.send("And now?", in: scene.session, update: other)
      }
      #expect(try await scene.log().count == 2)
      var seen = other
      seen.seen = 1
      _ = try await scene.companion.send("And now?", in: scene.session, update: seen).text()
      #expect(try await scene.companion.sharedContext(of: scene.session)["screen"]?.text == "mine")
    }
  }

  @Test func `what a conversation is about stands in its prompts, as material`() throws {
    let model = Self.model()
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      let session = try await scene.companion.startSession(about: "article-7 <data-x>").id
      for text in ["What does it say?", "Summarise everything"] {
        _ = try await scene.companion.send(text, in: session).text()
      }
      _ = try await scene.companion.drainTasks(limit: .seconds(60))
      for purpose in [CallPurpose.answer, .task] {
        let prompt = try #require(model.requests(for: purpose).last?.messages.last?.text)
        let start = try #require(prompt.firstRange(of: "<data-"))
        #expect(
          prompt[start.lowerBound...].contains("[what this conversation is about] article-7 <\\data-x>"))
      }
      scene.companion.setMode(.standard)
      _ = try await scene.companion.send("And now?", in: session).text()
      #expect(model.requests(for: .answer).last?.messages.contains { $0.text.contains("article-7") } == false)
    }
  }

  @Test func `the mode is changed while it runs, and one turn may have another one`() throws {
    let model = Self.model()
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      func last() -> String { model.requests(for: .answer).last?.messages.last?.text ?? "" }
      _ = try await scene.companion.send("One", in: scene.session).text()
      #expect(last() != "One")
      scene.companion.setMode(.standard)
      _ = try await scene.companion.send("Two", in: scene.session).text()
      #expect(last() == "Two")
      _ = try await scene.companion.send(
        "Three", in: scene.session, options: TurnOptions(mode: .enhanced)
      ).text()
      #expect(last() != "Three" && last().hasSuffix("Three"))
      #expect(scene.companion.mode == .standard)
      let status = try await scene.companion.status()
      let report = try #require(status.prompts[.answer])
      #expect(status.prompts.count == 1 && report.tokens > 0 && report.tokens <= report.budget.available)
      #expect(scene.events.events.contains { $0.kind == .modeChanged(.standard) })
    }
  }

  @Test func `a turn in standard mode may ask for what fits it`() throws {
    let model = Self.model()
    try Scene.run(seed: 1, model: { _ in model }, configure: { $0.mode = .standard }) { scene in
      _ = try await scene.companion.remember("My bicycle is green.", in: scene.session)
      func knows(_ recall: Bool?) async throws -> Bool {
        let options = TurnOptions(recall: recall)
        _ = try await scene.companion.send("Which bicycle?", in: scene.session, options: options).text()
        return model.requests(for: .answer).last?.messages.contains { $0.text.contains("green") } ?? false
      }
      #expect(try await knows(nil) == false)
      #expect(try await knows(true))
      scene.companion.setMode(.enhanced)
      #expect(try await knows(nil))
    }
  }

  @Test func `a message that is answered later may have options of its own`() throws {
    let failures = Mutex(1)
    let model = ScriptedModel { request in
      let fails = failures.withLock { left in
        left -= 1
        return left >= 0
      }
      return fails ? .refusing(ProviderFailure(.overloaded)) : ["Yes"]
    }
    try Scene.run(seed: 1, model: { _ in model }) { scene in
      _ = try await scene.companion.remember("My bicycle is green.", in: scene.session)
      for (options, knows) in [(TurnOptions(mode: .standard), false), (TurnOptions(), true)] {
        failures.withLock { $0 = 1 }
        _ = try? await scene.companion.send("Which bicycle?", in: scene.session).text()
        _ = try await scene.companion.resume(scene.session, options: options)?.text()
        let last = try #require(model.requests(for: .answer).last)
        #expect(last.messages.contains { $0.text.contains("green") } == knows)
      }
    }
  }

  @Test func `where what is remembered cannot be read, the answer is given in standard mode, and says so`()
    throws
  {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let model = Self.model()
      let store = CrashableStore(InMemoryStore(time: simulator.time))
      store.loseMemory()
      var configuration = CompanionConfiguration()
      configuration.intents = .rules
      configuration.memory.isAutomatic = false
      let events = RecordingEventSink()
      let companion = Companion(
        model: model, store: store, configuration: configuration, time: simulator.time,
        identifiers: simulator.identifiers, events: events)
      companion.start()
      let answer = try await companion.send("Hello").text()
      #expect(answer == "Yes")
      #expect(events.events.contains { $0.kind.typeName == "mode.fell_back" })
      await companion.stop()
    }
  }
}
