import CompanionDomain
import CompanionPorts

/// Reads what an index has found, many at once, and leaves out what may not be told, or not any more.
struct RecallReader {
  let environment: Environment
  let scopes: Set<MemoryScope>
  let filter: RecallFilter
  /// For how long short-term memory is told of after the last word.
  let window: Duration
  private let now: Timestamp
  private let sharing: ChannelSharing
  /// What was read; `nil` for what is not there.
  private var records: [RecallSource: RecallRecord?] = [:]

  init(environment: Environment, scopes: Set<MemoryScope>, filter: RecallFilter, window: Duration) {
    self.environment = environment
    self.scopes = scopes
    self.filter = filter
    self.window = window
    now = environment.time.now
    sharing = environment.configuration.memory.sharing
  }

  /// Reads what has not been read yet, at once.
  mutating func read(_ sources: some Sequence<RecallSource>) async throws(StoreFailure) {
    let unknown = Set(sources.filter { records[$0] == nil })
    guard !unknown.isEmpty else { return }
    let found = try await environment.store.records(of: unknown)
    for source in unknown { records[source] = .some(found[source]) }
  }

  /// What a source says that was read; `nil` when it is not there any more, not current, or since it was found has
  /// moved to another place, or become what the filter rejects.
  func recollection(of item: RankedItem<RecallSource>) -> Recollection? {
    guard var said = recollection(of: item.id), scopes.contains(said.scope) else { return nil }
    said.score = item.score
    said.tokens = environment.router.counter.tokens(in: said.text)
    return said
  }

  /// Whether a source that was read is a document that comes before what fits as well.
  func isPinned(_ source: RecallSource) -> Bool {
    if case .document(let document)?? = records[source] { document.isPinned } else { false }
  }

  private func recollection(of source: RecallSource) -> Recollection? {
    guard let record = records[source] ?? nil, filter.accepts(record) else { return nil }
    switch record {
    case .message(let message, let session): return Recollection(message, in: session)
    case .memory(let memory):
      return sharing.allows(memory) ? Recollection(memory, at: now, window: window) : nil
    case .fact(let fact): return Recollection(fact, at: now)
    case .document(let document): return Recollection(document)
    }
  }
}
