import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// What stays of the states of a conversation of which something is forgotten: what has no words in it. A state that
/// cannot be read may have any.
struct WordlessStates: Sendable {
  let environment: Environment

  /// What is to become of a state.
  enum Fate {
    case next(StateRecord)
    /// It stays as it is, or is not there, version 0: nobody is to change it meanwhile.
    case stays(ForgetPlan.Unchanged)
  }

  /// - Returns: the next version of each state that has words, and the versions of the others.
  func callAsFunction(of session: SessionID) async throws(StoreFailure) -> [Fate] {
    var fates: [Fate] = []
    for (key, wordless) in [
      (StateKey.details(of: session), details), (.sharedContext(of: session), context),
    ] {
      let record = try await environment.store.state(key)
      if let record, let next = try await wordless(record, session) {
        fates.append(.next(next))
      } else {
        fates.append(.stays(ForgetPlan.Unchanged(key, version: record?.version ?? 0)))
      }
    }
    return fates
  }

  private func details(
    _ record: StateRecord, of session: SessionID
  ) async throws(StoreFailure) -> StateRecord? {
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
      let limits = try? values.decode(SessionLimits.self, forKey: .limits)
      self.limits = limits.map { limits in
        SessionLimits(
          messages: limits.messages.flatMap { $0 < 0 ? nil : $0 },
          tokens: limits.tokens.flatMap { $0 < 0 ? nil : $0 })
      }
      fork = try? values.decode(SessionFork.self, forKey: .fork)
    }
  }

  private func context(
    _ record: StateRecord, of session: SessionID
  ) async throws(StoreFailure) -> StateRecord? {
    let known = try? Versioned<SharedContext>(record).value
    if let known { return try next(known.withoutWords, after: known, record) }
    // Each update has raised both versions; a fork's began with that of the other conversation, which what is no JSON
    // at all does not tell.
    let version = (try? JSONDecoder().decode(Numbered.self, from: Data(record.json.utf8)))?.version ?? 0
    let seen = max(record.version, min(version, SharedContext.maximumVersion - 1))
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
