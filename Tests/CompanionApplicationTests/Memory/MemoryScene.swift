import CompanionApplication
public import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import FoundationEssentials

/// A store with conversations, and a model that forms memories of them by a simple rule: it keeps what it is given,
/// one line for each, and takes what begins with "fact:" for a fact.
final class MemoryScene: Sendable {
  let clock = FakeClock()
  let store: InMemoryStore
  let events = RecordingEventSink()
  let environment: Environment
  let model: ScriptedModel

  /// - Parameters:
  ///   - over: wraps the store that memory is formed with.
  ///   - before: the steps of an answer before its text.
  init(
    over wrap: (InMemoryStore) -> any CompanionStore = { store in store },
    configure: (inout MemoryConfiguration) -> Void = { _ in },
    before: @escaping @Sendable (MemoryMaterial, FakeClock) -> [ModelStep] = { _, _ in [] }
  ) {
    let clock = clock
    store = InMemoryStore(time: clock)
    model = ScriptedModel { request in
      guard let material = MemoryMaterial(request.messages) else {
        return .refusing(ProviderFailure(.invalidRequest))
      }
      return before(material, clock) + [.text(Self.answer(material))]
    }
    var configuration = CompanionConfiguration()
    configure(&configuration.memory)
    environment = Environment(
      providers: [Provider("scripted", model: model)], store: wrap(store), time: clock,
      identifiers: SequentialIdentifiers(), random: SeededRandom(seed: 1), bus: EventBus(sink: events),
      configuration: configuration)
  }

  /// Forms memory.
  @discardableResult
  func generate() async -> MemoryRun { await GenerateMemory(environment: environment)() }

  /// The same store and model, configured otherwise.
  func other(_ configure: (inout MemoryConfiguration) -> Void) -> Environment {
    var configuration = environment.configuration
    configure(&configuration.memory)
    return Environment(
      providers: [Provider("scripted", model: model)], store: store, time: clock,
      identifiers: environment.identifiers, random: environment.random, bus: EventBus(sink: events),
      configuration: configuration)
  }

  /// What the model was given, in order.
  var materials: [MemoryMaterial] { model.requests.compactMap { MemoryMaterial($0.messages) } }

  /// The texts of everything that the model was given.
  var prompts: [String] { model.requests.map { $0.messages.map(\.text).joined(separator: "\n") } }

  private static func answer(_ material: MemoryMaterial) -> String {
    switch material.work {
    case .shortTerm, .longTerm:
      let gone = material.corrections.map(\.old)
      let kept = material.previous.split(separator: "\n").map(String.init)
        .filter { line in !gone.contains { line.contains($0) } }
      let merged = material.merged.flatMap { $0.text.split(separator: "\n").map(String.init) }
      let said = (material.lines + material.corrections.map(\.line)).filter {
        !$0.text.isEmpty && $0.speaker != nil
      }
      .map { "- \($0.text)" }
      var seen: Set<String> = []
      return (kept + merged + said).filter { seen.insert($0).inserted }.joined(separator: "\n")
    case .facts:
      let facts = material.lines.enumerated().filter { $0.element.text.hasPrefix("fact:") }.map {
        index, line -> JSONValue in
        [
          "subject": .string(line.speaker?.rawValue ?? "?"),
          "statement": .string(String(line.text.dropFirst(6))),
          "quote": .string(line.text), "message": .integer(Int64(index) + 1), "valid_from": "",
          "valid_to": "",
          "confidence": .number(1),
        ]
      }
      return JSONValue.object(["facts": .array(facts)]).text
    case .supersession:
      let pairs = material.knownFacts.indices.map {
        Supersessions.Pair(known: $0, new: material.newFacts.count - 1)
      }
      return Supersessions.answer(pairs).text
    }
  }

  /// Forgets, with no conversation open.
  func forget(_ target: ForgetTarget) async throws {
    let chats = OpenChats(stopAnswer: { _ in }, noteErasure: { _ in })
    _ = try await Forget(engine: TaskEngine(environment: environment, registrations: []), chats: chats)(
      target)
  }

  // MARK: Conversations

  func open(_ id: SessionID, at place: ConversationPlace? = nil, with user: UserID = .user) async throws {
    try await store.commit(
      .insertSession(ChatSession(id: id, place: place, user: user, createdAt: clock.now)))
  }

  /// Appends what people say, a second apart.
  func say(_ texts: String..., in id: SessionID, from speaker: UserID? = nil) async throws {
    for text in texts {
      try await append(in: id) {
        $0.parts = [.text(text)]
        $0.speaker = speaker
      }
    }
  }

  /// Appends a message, a person's unless it is changed.
  func append(in id: SessionID, _ change: (inout ChatMessage) -> Void) async throws {
    clock.advance(by: .seconds(1))
    for _ in 1...100 {
      let last = try await store.session(id)?.lastSequence ?? .zero
      var message = ChatMessage(
        sequence: SequenceNumber(rawValue: last.rawValue + 1), turn: environment.identifiers.next(),
        role: .user,
        parts: [.text("")], time: clock.now, origin: .person)
      change(&message)
      do throws(StoreFailure) {
        try await store.commit(.append([message], to: id, after: last))
        return
      } catch {
        guard error == .conflict(.logMoved) else { throw error }
      }
    }
  }

  func text(_ scope: MemoryScope, _ kind: MemoryKind) async throws -> String? {
    try await store.memory(MemoryKey(scope, kind))?.text
  }

  func facts() async throws -> [Fact] {
    try await store.facts(matching: FactFilter(includesSuperseded: true), after: nil, limit: 1_000)
  }

  func failures() -> [MemoryPass] {
    events.events.compactMap { event in
      if case .memoryPassFailed(let pass, _, _) = event.kind { pass } else { nil }
    }
  }
}

extension MemoryScope {
  static func channel(_ name: ChannelID) -> MemoryScope { .channel(name, of: .main) }
  static func personal(_ session: SessionID) -> MemoryScope {
    .channel(ChannelID(personalTo: session), of: .main)
  }
  static var anna: MemoryScope { .user("anna", in: .main) }
}

extension SessionID: ExpressibleByStringLiteral {
  /// The name; one that is no identifier ends the test.
  public init(stringLiteral name: StaticString) {
    guard let id = SessionID(rawValue: name.description) else { preconditionFailure("\(name) is no name.") }
    self = id
  }
}

extension JSONValue {
  /// As a model writes it.
  fileprivate var text: String {
    (try? JSONEncoder().encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
