import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization

@testable import CompanionApplication

/// A store with conversations, memories, facts and documents, and nobody who works on it.
struct MemoryRoom: Sendable {
  let simulator: Simulator
  let store: any CompanionStore
  let environment: Environment
  let engine: TaskEngine

  @discardableResult
  static func run<Value: Sendable>(
    seed: UInt64 = 1, _ body: @escaping @Sendable (MemoryRoom) async throws -> Value
  ) throws -> Value {
    let simulator = Simulator(seed: seed)
    return try simulator.run {
      let store = InMemoryStore(time: simulator.time)
      return try await body(MemoryRoom(simulator: simulator, store: store, over: store))
    }
  }

  /// - Parameter wrapped: the store as it is worked with, such as one with faults.
  init(simulator: Simulator, store: any CompanionStore, over wrapped: any CompanionStore) {
    self.simulator = simulator
    self.store = store
    environment = Environment(
      providers: [Provider("model", model: ScriptedModel.answering("yes"))], store: wrapped,
      time: simulator.time, identifiers: simulator.identifiers, random: simulator.random,
      bus: EventBus(sink: nil), configuration: CompanionConfiguration())
    engine = TaskEngine(environment: environment, registrations: [])
  }

  var now: Timestamp { simulator.time.now }
  var recall: Recall { Recall(environment: environment) }
  var remember: Remember { Remember(environment: environment) }

  /// Forgets, with no conversation open.
  func forget(_ target: ForgetTarget) async throws(MemoryFailure) -> ForgetReport {
    let chats = OpenChats(stopAnswer: { _ in }, noteErasure: { _ in })
    return try await Forget(engine: engine, chats: chats)(target)
  }

  /// Starts a conversation.
  @discardableResult
  func start(
    _ name: String, at place: ConversationPlace? = nil, with user: UserID = "anna"
  ) async throws -> SessionID {
    let id = SessionID(rawValue: name) ?? SessionID(bits: 0)
    try await store.commit(.insertSession(ChatSession(id: id, place: place, user: user, createdAt: now)))
    return id
  }

  /// Says something, in a turn of its own, and has it answered.
  @discardableResult
  func say(
    _ text: String, in session: SessionID, from speaker: UserID? = nil, answer: String? = nil
  ) async throws -> TurnID {
    let turn: TurnID = simulator.identifiers.next()
    try await append(.user, text, turn, .person, in: session, from: speaker)
    if let answer { try await append(.assistant, answer, turn, .model, in: session) }
    return turn
  }

  /// Appends one message.
  func append(
    _ role: ChatMessage.Role, _ text: String, _ turn: TurnID, _ origin: ChatMessage.Origin,
    in session: SessionID, from speaker: UserID? = nil
  ) async throws {
    let last = try await store.session(session)?.lastSequence ?? .zero
    let message = ChatMessage(
      sequence: last.next, turn: turn, role: role, parts: [.text(text)], time: now, origin: origin,
      speaker: speaker)
    try await store.commit(.append([message], to: session, after: last))
  }

  /// Stores the next version of a memory of some sessions.
  func memorize(
    _ text: String, _ key: MemoryKey, of sessions: [SessionID] = [], merging merged: [MemoryKey] = []
  ) async throws {
    let old = try await store.memory(key)
    var spans: [SourceSpan] = []
    for id in sessions {
      guard let session = try await store.session(id), session.lastSequence > .zero else { continue }
      spans.append(
        SourceSpan(session: id, first: .zero.next, last: session.lastSequence, count: 1))
      for pass in key.scope.passes {
        let from = try await store.memoryProgress(of: id)[pass]
        try await store.commit(.moveMemoryProgress(id, pass, from: from, to: session.revision))
      }
    }
    let record = MemoryRecord(
      key: key, version: (old?.version ?? 0) + 1, text: text,
      sourceCount: (old?.sourceCount ?? 0) + spans.count,
      merged: merged.map { MergedMemory($0, version: 1) }, newestSource: now, createdAt: now, updatedAt: now,
      origin: Self.origin)
    try await store.commit(.putMemory(record, adding: spans))
  }

  /// Stores a fact that quotes a message, all of it.
  func note(
    _ name: String, _ statement: String, in scope: MemoryScope, from session: SessionID, at place: Int64
  ) async throws {
    let sequence = SequenceNumber(rawValue: place)
    let words = try await store.messages(in: session, before: sequence.next, limit: 1).first?.text ?? ""
    let quote = MessageQuote(session: session, sequence: sequence, text: words)
    try await store.commit(.insertFact(Self.fact(name, statement, in: scope, .message(quote), at: now)))
  }

  static func fact(
    _ name: String, _ statement: String, in scope: MemoryScope, _ source: FactSource, at time: Timestamp
  ) -> Fact {
    Fact(
      id: FactID(rawValue: name) ?? FactID(bits: 0), scope: scope, subject: "somebody", statement: statement,
      source: source, createdAt: time)
  }

  /// Stores a state.
  func keep(_ json: String, _ owner: StateOwner, _ kind: StateKind) async throws {
    let key = StateKey(owner, kind)
    let version = (try await store.state(key)?.version ?? 0) + 1
    try await store.commit(
      .putState(StateRecord(key: key, version: version, updatedAt: now, json: json)))
  }

  func document(
    _ name: String, _ text: String, in scope: MemoryScope, of owner: UserID? = nil, isPinned: Bool = false
  ) async throws {
    let id = DocumentID(rawValue: name) ?? DocumentID(bits: 0)
    try await store.commit(
      .putDocument(
        Document(id: id, scope: scope, owner: owner, text: text, isPinned: isPinned, createdAt: now)))
  }

  @discardableResult
  func task(_ payload: String, for requester: TaskRequester, key: String? = nil) async throws -> TaskID {
    var request = TaskRequest(
      kind: .conversation, payload: TaskPayload(json: payload), requester: requester)
    request.idempotencyKey = key
    let task = GenerationTask(id: simulator.identifiers.next(), request: request, createdAt: now)
    try await store.commit(.insertTask(task))
    return task.id
  }

  private static let origin = MemoryOrigin(model: .scripted, instructions: "1")
}

extension MemoryRoom {
  /// Everything that any call of the store tells.
  ///
  /// Whoever adds a place where text is kept adds it here.
  func everything() async throws -> String {
    var told: [Any] = []
    let sessions = try await store.sessions(matching: SessionFilter(), after: nil, limit: 1_000)
    told.append(sessions)
    told.append(try await store.sessions(limit: 1_000))
    for session in sessions {
      told.append(try await store.messages(in: session.id, before: nil, limit: 1_000))
      told.append(try await store.logEvents(in: session.id, after: .zero, limit: 1_000))
      told.append(try await store.draft(in: session.id) as Any)
      told.append(try await store.memoryProgress(of: session.id))
      told.append(try await states(of: .session(session.id)))
    }
    for task in try await store.tasks(matching: TaskFilter(), limit: 1_000) {
      told.append(task)
      told.append(task.request)
      told.append(try await states(of: .task(task.id)))
    }
    told.append(try await store.taskEvents(after: .start, of: nil, limit: 1_000))
    for memory in try await store.memories(matching: MemoryFilter(), after: nil, limit: 1_000) {
      told.append(memory)
      told.append(try await store.previousMemory(memory.key) as Any)
      told.append(try await store.memorySources(of: memory.key, after: nil, limit: 1_000))
    }
    told.append(
      try await store.facts(matching: FactFilter(includesSuperseded: true), after: nil, limit: 1_000))
    told.append(try await store.documents(changedAfter: .start, limit: 1_000))
    return told.map { String(reflecting: $0) }.joined(separator: "\n")
  }

  private func states(of owner: StateOwner) async throws -> [StateRecord] {
    var states: [StateRecord] = []
    for kind in [.session, .context, .summary, .approval, .round, "another"] as [StateKind] {
      states += try await store.states(of: owner, kind, after: nil, limit: 1_000)
    }
    return states
  }

  /// What is found by a word, wherever.
  func found(_ word: String, in scopes: Set<MemoryScope>) async throws -> [RecallSource] {
    try await store.textCandidates(
      for: TextQuery(word), in: scopes, matching: .all, limit: 1_000
    ).ids
  }
}
