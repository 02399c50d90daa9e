import CompanionDomain
import CompanionPorts

/// The facts of an ``InMemoryStore``.
///
/// Each change checks its precondition, applies, and returns what undoes it, at the cost of what is new.
struct StoredFacts: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    case remove(FactID)
    indirect case restore(Fact)
  }

  private var facts: [FactID: Fact] = [:]
  private var byName = OrderedIndex<FactID>()
  private var byScope: [MemoryScope: OrderedIndex<FactID>] = [:]
  private var bySession: [SessionID: OrderedIndex<FactID>] = [:]

  func fact(_ id: FactID) -> Fact? { facts[id] }

  /// Facts by their names, at the cost of those of the same conversation or scopes that are looked at.
  func facts(matching filter: FactFilter, after: FactID?, limit: Int) -> [Fact] {
    let limit = max(0, limit)
    func found(in names: OrderedIndex<FactID>?) -> [Fact] {
      guard let names else { return [] }
      return Array(
        names.elements(after: after).lazy.compactMap { facts[$0] }.filter(filter.includes).prefix(limit))
    }
    if let session = filter.session { return found(in: bySession[session]) }
    guard let scopes = filter.scopes else { return found(in: byName) }
    return Array(scopes.flatMap { found(in: byScope[$0]) }.sorted { $0.id < $1.id }.prefix(limit))
  }

  mutating func insert(_ fact: Fact) throws(StoreFailure) -> Undo {
    guard facts[fact.id] == nil else { throw .conflict(.factExists) }
    add(fact)
    return .remove(fact.id)
  }

  mutating func supersede(_ id: FactID, by newer: FactID, at time: Timestamp) throws(StoreFailure) -> Undo {
    guard let fact = facts[id], facts[newer] != nil else { throw .conflict(.noSuchFact) }
    guard fact.supersededBy == nil else { throw .conflict(.factMoved) }
    facts[id]?.supersededBy = newer
    facts[id]?.validTo = time
    return .restore(fact)
  }

  mutating func restore(_ id: FactID, validTo: Timestamp?) throws(StoreFailure) -> Undo {
    guard let fact = facts[id] else { throw .conflict(.noSuchFact) }
    guard fact.supersededBy != nil else { throw .conflict(.factMoved) }
    facts[id]?.supersededBy = nil
    facts[id]?.validTo = validTo
    return .restore(fact)
  }

  /// Removes a fact.
  ///
  /// - Returns: `nil` where there is none.
  mutating func remove(_ id: FactID) -> Undo? {
    guard let fact = facts.removeValue(forKey: id) else { return nil }
    byName.remove(id, by: <)
    Self.remove(id, of: fact.scope, from: &byScope)
    if let session = fact.source.session { Self.remove(id, of: session, from: &bySession) }
    return .restore(fact)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .remove(let id): _ = remove(id)
    case .restore(let fact): add(fact)
    }
  }

  private mutating func add(_ fact: Fact) {
    facts[fact.id] = fact
    byName.insert(fact.id, by: <)
    byScope[fact.scope, default: OrderedIndex()].insert(fact.id, by: <)
    if let session = fact.source.session {
      bySession[session, default: OrderedIndex()].insert(fact.id, by: <)
    }
  }

  private static func remove<Owner>(
    _ id: FactID, of owner: Owner, from index: inout [Owner: OrderedIndex<FactID>]
  ) {
    index[owner]?.remove(id, by: <)
    if index[owner]?.isEmpty == true { index[owner] = nil }
  }
}
