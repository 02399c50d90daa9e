import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// What stays of the states of a conversation of which something is forgotten: what has no words in it. A state that
/// cannot be read may have any.
struct WordlessStates: Sendable {
  let environment: Environment

  /// - Returns: the next version of each state that has words.
  func callAsFunction(of session: SessionID) async throws(StoreFailure) -> [StateRecord] {
    try await [details(of: session), context(of: session)].compactMap(\.self)
  }

  private func details(of session: SessionID) async throws(StoreFailure) -> StateRecord? {
    guard let record = try await environment.store.state(.details(of: session)) else { return nil }
    let known = try? Versioned<SessionDetails>(record).value
    return try next(known?.withoutWords ?? SessionDetails(), after: known, record)
  }

  private func context(of session: SessionID) async throws(StoreFailure) -> StateRecord? {
    guard let record = try await environment.store.state(.sharedContext(of: session)) else { return nil }
    let known = try? Versioned<SharedContext>(record).value
    if let known { return try next(known.withoutWords, after: known, record) }
    // Each update has raised both versions; a fork's began with that of the other conversation.
    let version = (try? JSONDecoder().decode(Numbered.self, from: Data(record.json.utf8)))?.version ?? 0
    let seen = max(record.version, min(version, .max / 2))
    return try next(SharedContext(emptiedWith: seen + 1), after: nil, record)
  }

  /// As much of a context as tells which versions of it may have been seen.
  private struct Numbered: Decodable {
    var version: Int64
  }

  /// - Returns: `nil` where nothing changes.
  private func next<Value: Codable & Equatable & Sendable>(
    _ rest: Value, after known: Value?, _ record: StateRecord
  ) throws(StoreFailure) -> StateRecord? {
    guard rest != known else { return nil }
    return try Versioned(value: rest, version: record.version)
      .record(of: rest, as: record.key, at: environment.time.now)
  }
}
