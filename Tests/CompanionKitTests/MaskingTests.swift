import CompanionKit
import CompanionTesting
import Testing

/// No secret goes to a provider, in whatever is asked of it; under a simulator.
struct MaskingTests {
  private static let key = "sk-proj-Ab3dEf6hIj9lMn2pQr5tUv8x"

  /// Masks what no form tells.
  private struct Names: SecretMasking {
    func masked(_ text: String) -> String { text.replacing("Zanzibar", with: "[project]") }
  }

  @Test func `secrets are in no request: answers, intents, summaries, memories, tasks, jobs, vectors`() throws
  {
    let model = ScriptedModel { request in
      request.purpose == .intent
        ? [#"{"profile":"information","complexity":"low","confidence":1}"#] : ["Yes."]
    }
    let embeddings = ScriptedEmbeddings()
    let simulator = Simulator(seed: 1)
    try simulator.run {
      var configuration = CompanionConfiguration()
      configuration.intents = .model
      configuration.memory.isAutomatic = false
      configuration.embedding.isAutomatic = false
      configuration.prompts.masking = Names()
      configuration.prompts.limit = 3_000
      let companion = try Companion(
        providers: [
          Provider("words", model: model),
          Provider("vectors", services: ProviderServices(embeddings: embeddings)),
        ], store: InMemoryStore(time: simulator.time), configuration: configuration, time: simulator.time,
        identifiers: simulator.identifiers)
      companion.start()
      let session = SessionID(bits: 1)
      try await companion.startSession(session)
      let secret = "The key of Zanzibar is \(Self.key)."
      for turn in 0..<60 {
        let filling = String(repeating: "It was a day like others. ", count: 10)
        _ = try await companion.send("\(turn). \(secret) \(filling)", in: session).text()
      }
      _ = await companion.generateMemory()
      try await companion.putDocument(
        Document(
          id: DocumentID(bits: 1), scope: .workspace(.main), owner: .user, text: secret,
          createdAt: simulator.time.now))
      _ = await companion.embedAll()
      _ = try await companion.embed([secret])
      let request = GenerationRequest(purpose: .task, messages: [PromptMessage(.user, secret)])
      let task = try await companion.createTask(
        TaskRequest(kind: .textGeneration, payload: TaskPayload(request), requester: .named("host")))
      for try await _ in companion.taskUpdates(of: task) {}
      _ = try await companion.reasoning.wait(for: companion.reasoning.start(secret))
      await companion.stop()
    }
    let purposes = Set(model.requests.map(\.purpose))
    #expect(purposes.isSuperset(of: [.answer, .intent, .summary, .memory, .task]))
    let texts = model.requests.flatMap { $0.messages.map(\.text) } + embeddings.calls.flatMap(\.self)
    #expect(texts.allSatisfy { !$0.contains(Self.key) && !$0.contains("Zanzibar") })
    #expect(texts.contains { $0.contains("The key of [project] is [secret].") })
    #expect(embeddings.calls.joined().contains { $0.contains("[secret]") })
  }
}
