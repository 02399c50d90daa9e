import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization

@testable import CompanionApplication

/// A store with documents, and an embedding service, in virtual time.
struct EmbeddingRoom: Sendable {
  let simulator: Simulator
  let store: any CompanionStore
  let events: RecordingEventSink
  let environment: Environment

  @discardableResult
  static func run<Value: Sendable>(
    _ service: ScriptedEmbeddings?, plan: StoreFaultPlan = .none, seed: UInt64 = 1,
    masking: (any SecretMasking)? = nil,
    configure: @escaping @Sendable (inout EmbeddingConfiguration) -> Void = { _ in },
    _ body: @escaping @Sendable (EmbeddingRoom) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      let faulty = FaultyStore(store, plan: plan, time: simulator.time)
      return try await body(
        EmbeddingRoom(
          simulator, store, over: faulty, service.map { [$0] } ?? [], masking: masking, configure: configure))
    }
  }

  init(
    _ simulator: Simulator, _ store: any CompanionStore, over wrapped: (any CompanionStore)? = nil,
    _ services: [ScriptedEmbeddings], window: Int? = nil, masking: (any SecretMasking)? = nil,
    configure: (inout EmbeddingConfiguration) -> Void = { _ in }
  ) {
    self.simulator = simulator
    self.store = store
    events = RecordingEventSink()
    var configuration = CompanionConfiguration()
    configuration.prompts.masking = masking
    configure(&configuration.embedding)
    var providers = [Provider("talk", model: ScriptedModel.answering("yes"))]
    for (place, service) in services.enumerated() {
      providers.append(
        Provider(
          ProviderID("embedding-\(place)") ?? "embedding",
          services: ProviderServices(embeddings: service), priority: place,
          capabilities: ModelCapabilities(kinds: [.embedding], contextWindow: window)))
    }
    environment = Environment(
      providers: providers, store: wrapped ?? store, time: simulator.time, identifiers: simulator.identifiers,
      random: simulator.random, bus: EventBus(sink: events), configuration: configuration)
  }

  /// The same store with other services: another process.
  func with(
    _ services: ScriptedEmbeddings..., window: Int? = nil,
    configure: (inout EmbeddingConfiguration) -> Void = { _ in }
  ) -> EmbeddingRoom {
    EmbeddingRoom(simulator, store, services, window: window, configure: configure)
  }

  static let scope = MemoryScope.workspace(.main)

  var now: Timestamp { simulator.time.now }

  func embed() async -> EmbeddingRun { await EmbeddingRunner(environment: environment).runOnce() }

  func put(_ texts: String..., named first: Int = 1) async throws { try await put(texts, named: first) }

  /// Puts documents with numbers for names.
  func put(_ texts: [String], named first: Int = 1) async throws {
    for (place, text) in texts.enumerated() {
      try await store.commit(.putDocument(document(first + place, text)))
    }
  }

  func document(_ number: Int, _ text: String) -> Document {
    Document(id: DocumentID(bits: UInt128(number)), scope: Self.scope, text: text, createdAt: now)
  }

  func remove(_ number: Int) async throws {
    try await store.commit(.removeDocument(DocumentID(bits: UInt128(number))))
  }

  func space(_ service: ScriptedEmbeddings) -> EmbeddingSpace {
    EmbeddingSpace(model: service.identity, dimension: service.dimension)
  }

  func coverage(_ service: ScriptedEmbeddings) async throws -> EmbeddingCoverage? {
    try await store.embeddingCoverage(in: space(service))
  }

  func failed(_ service: ScriptedEmbeddings) async throws -> [FailedEmbedding] {
    try await store.failedEmbeddings(in: space(service), after: nil, limit: 1_000)
  }

  /// The document that a text's own vector finds first, if it is its own.
  func found(_ text: String, _ service: ScriptedEmbeddings) async throws -> RecallSource? {
    let found = try await store.nearest(
      to: service.vector(of: text), in: space(service), scopes: [Self.scope],
      matching: RecallFilter(kinds: [.document]), by: .cosine, limit: 1)
    return found.first { $0.similarity > 0.999 }?.source
  }

  static func source(_ number: Int) -> RecallSource { .document(DocumentID(bits: UInt128(number))) }
}
