import CompanionDomain
import CompanionPorts

/// Reads what an index has found, and leaves out what may not be told, or not any more.
struct RecallReader {
  let environment: Environment
  let scopes: Set<MemoryScope>
  /// For how long short-term memory is told of after the last word.
  let window: Duration
  private let now: Timestamp
  private let sharing: ChannelSharing
  private var sessions: [SessionID: ChatSession?] = [:]
  private var documents: [DocumentID: Document?] = [:]

  init(environment: Environment, scopes: Set<MemoryScope>, window: Duration) {
    self.environment = environment
    self.scopes = scopes
    self.window = window
    now = environment.time.now
    sharing = environment.configuration.memory.sharing
  }

  /// What a source says; `nil` when it is not there any more, not current, or has moved to another place since it
  /// was found.
  mutating func read(_ item: RankedItem<RecallSource>) async throws(StoreFailure) -> Recollection? {
    guard var read = try await recollection(of: item.id), scopes.contains(read.scope) else { return nil }
    read.score = item.score
    read.tokens = environment.router.counter.tokens(in: read.text)
    return read
  }

  /// Whether it is a document that comes before what fits as well.
  mutating func isPinned(_ source: RecallSource) async throws(StoreFailure) -> Bool {
    guard case .document(let id) = source else { return false }
    return try await document(id)?.isPinned ?? false
  }

  private mutating func recollection(
    of source: RecallSource
  ) async throws(StoreFailure) -> Recollection? {
    let store = environment.store
    switch source {
    case .message(let id, let sequence):
      guard let session = try await session(id),
        let message = try await store.messages(in: id, before: sequence.next, limit: 1).first,
        message.sequence == sequence
      else { return nil }
      return Recollection(message, in: session)
    case .memory(let key):
      guard let memory = try await store.memory(key), sharing.allows(memory) else { return nil }
      return Recollection(memory, at: now, window: window)
    case .fact(let id): return try await store.fact(id).flatMap { Recollection($0, at: now) }
    case .document(let id): return try await document(id).flatMap { Recollection($0) }
    }
  }

  private mutating func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession? {
    if let known = sessions[id] { return known }
    let session = try await environment.store.session(id)
    sessions[id] = .some(session)
    return session
  }

  private mutating func document(_ id: DocumentID) async throws(StoreFailure) -> Document? {
    if let known = documents[id] { return known }
    let document = try await environment.store.document(id)
    documents[id] = .some(document)
    return document
  }
}
