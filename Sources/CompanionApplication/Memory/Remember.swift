public import CompanionDomain
package import CompanionPorts

/// Stores what a person states outright as a fact. What is known already is told, and not stored again.
package struct Remember: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  /// Remembers what is stated in a conversation, where what is said in it can be found again.
  ///
  /// - Parameters:
  ///   - statement: a sentence that can be understood by itself: not empty, no NUL, at most 2,000 characters.
  ///   - session: the conversation.
  ///   - user: who states it; `nil` for the session's user.
  ///   - subject: who or what it is about; `nil` for the person who states it.
  /// - Throws: `MemoryFailure`; nothing was stored then, unless a `.store` failure says that this is unknown.
  package func callAsFunction(
    _ statement: String, in session: SessionID, by user: UserID? = nil, about subject: String? = nil
  ) async throws(MemoryFailure) -> RememberedFact {
    let texts = try checked(statement, subject)
    do throws(StoreFailure) {
      guard let found = try await environment.store.session(session) else {
        throw StoreFailure.conflict(.noSuchSession)
      }
      let source = FactSource.statement(by: user ?? found.user, in: session)
      return try await remember(texts, in: found.searchScope, source)
    } catch {
      if case .conflict(.noSuchSession) = error { throw .unknownSession(session) }
      throw .store(error)
    }
  }

  /// Remembers what is stated outside of a conversation.
  package func callAsFunction(
    _ statement: String, in scope: MemoryScope, by user: UserID, about subject: String? = nil
  ) async throws(MemoryFailure) -> RememberedFact {
    let texts = try checked(statement, subject)
    do throws(StoreFailure) {
      return try await remember(texts, in: scope, .statement(by: user, in: nil))
    } catch {
      throw .store(error)
    }
  }

  private func checked(
    _ statement: String, _ subject: String?
  ) throws(MemoryFailure) -> (statement: String, subject: String?) {
    do throws(StatementRefusal) {
      return (try FactStatement(statement).string, try subject.map(FactStatement.init)?.string)
    } catch {
      throw .refused(error)
    }
  }

  private func remember(
    _ texts: (statement: String, subject: String?), in scope: MemoryScope, _ source: FactSource
  ) async throws(StoreFailure) -> RememberedFact {
    var person: UserID?
    if case .statement(let user, _) = source { person = user }
    let fact = Fact(
      id: environment.identifiers.next(), scope: scope, subject: texts.subject ?? person?.rawValue ?? "",
      statement: texts.statement, source: source, createdAt: environment.time.now)
    if let known = try await knownFact(like: fact, by: person) {
      return RememberedFact(fact: known, isNew: false)
    }
    try await environment.store.commit(.insertFact(fact))
    return RememberedFact(fact: fact, isNew: true)
  }

  /// A fact of the same scope that holds and says the same.
  private func knownFact(like fact: Fact, by person: UserID?) async throws(StoreFailure) -> Fact? {
    let wording = FactWording(subject: fact.subject, statement: fact.statement)
    return try await relatedFacts(to: fact, by: person).first { known in
      known.scope == fact.scope && known.holds(at: fact.createdAt)
        && FactWording(subject: known.subject, statement: known.statement).saysTheSame(as: wording)
    }
  }

  /// The facts that are best by their words: what says the same has them. Where a statement has none that can be
  /// found, such as "I am he", those that the same person has stated.
  private func relatedFacts(to fact: Fact, by person: UserID?) async throws(StoreFailure) -> [Fact] {
    var related: [Fact] = []
    let query = TextQuery(fact.statement)
    guard !query.terms.isEmpty else {
      let filter = FactFilter(scopes: [fact.scope], statedBy: person)
      try await StoreWalk(store: environment.store).forEachFact(matching: filter) { related.append($0) }
      return related
    }
    return try await environment.store.facts(for: query, in: fact.scope, limit: Self.candidates)
  }

  private static let candidates = 32
}

/// What became of a statement.
public struct RememberedFact: Hashable, Sendable {
  /// The fact that says it.
  public var fact: Fact
  /// Whether it was stored now; otherwise it was known before.
  public var isNew: Bool
}
