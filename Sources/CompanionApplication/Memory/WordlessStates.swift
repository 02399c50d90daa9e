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
    if let known = try? Versioned<SessionDetails>(record).value {
      return try next(known.withoutWords, after: known, record)
    }
    return try next(try await closed(record, session), after: nil, record)
  }

  /// What can be told of details that cannot be read. The conversation may have been closed; it took nothing as it was, and
  /// takes nothing until somebody opens it who knows.
  private func closed(
    _ record: StateRecord, _ session: SessionID
  ) async throws(StoreFailure) -> SessionDetails? {
    guard let stored = try await environment.store.session(session) else { return nil }
    let now = environment.time.now
    let rest = try? JSONDecoder().decode(Remains.self, from: Data(record.json.utf8))
    var details = SessionDetails(limits: rest?.limits ?? SessionLimits(), fork: rest?.fork)
    details.closing = SessionClosing(
      reason: "what was kept of it besides its messages could not be read", time: now,
      statistics: try await SessionTotals(environment: environment).statistics(of: stored, until: now))
    return details
  }

  /// What has no words, of details in which something cannot be read.
  private struct Remains: Decodable {
    var limits: SessionLimits?
    var fork: SessionFork?

    private enum CodingKeys: CodingKey { case limits, fork }

    init(from decoder: any Decoder) throws {
      let values = try decoder.container(keyedBy: CodingKeys.self)
      limits = try? values.decode(SessionLimits.self, forKey: .limits)
      fork = try? values.decode(SessionFork.self, forKey: .fork)
    }
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
    _ rest: Value?, after known: Value?, _ record: StateRecord
  ) throws(StoreFailure) -> StateRecord? {
    guard let rest, rest != known else { return nil }
    return try Versioned(value: rest, version: record.version)
      .record(of: rest, as: record.key, at: environment.time.now)
  }
}
