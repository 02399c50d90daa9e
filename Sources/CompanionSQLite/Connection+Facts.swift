import CompanionDomain
import CompanionPorts
import FoundationEssentials

extension Connection {
  /// A fact as it is stored.
  private struct StoredFact {
    var key: Int64
    var fact: Fact
    var document: Int32?
    var source: Int64?
  }

  private static let fact = SQL("SELECT key, record, document, embedding FROM facts WHERE id = ?")
  private static let insertFact = SQL(
    """
    INSERT INTO facts (id, scope, session, sequence, stated_by, is_superseded, record)
    VALUES (?, ?, ?, ?, ?, 0, ?)
    """)
  private static let updateFact = SQL("UPDATE facts SET is_superseded = ?, record = ? WHERE key = ?")
  private static let numberFact = SQL("UPDATE facts SET document = ?, embedding = ? WHERE key = ?")
  private static let removeFact = SQL("DELETE FROM facts WHERE key = ?")
  private static let quoted = SQL(
    """
    SELECT \(MessageRow.columns) FROM messages
    WHERE session = (SELECT key FROM sessions WHERE id = ?) AND sequence = ?
    """)

  /// Adds a fact that must not be there, and whose source must.
  func insert(_ fact: Fact) throws(StoreFailure) {
    guard try stored(fact.id) == nil else { throw .conflict(.factExists) }
    var statedBy: UserID?
    var sequence: SequenceNumber?
    switch fact.source {
    case .statement(let user, _): statedBy = user
    case .message(let quote):
      sequence = quote.sequence
      let message = try row(
        Self.quoted, [.text(quote.session.rawValue), .integer(quote.sequence.rawValue)],
        read: MessageRow.message)
      guard let message, !message.isDeleted, quote.isFound(in: message) else {
        throw .conflict(.noSuchSource)
      }
    }
    try run(
      Self.insertFact,
      [
        .text(fact.id.rawValue), .text(fact.scope.description), .optional(fact.source.session?.rawValue),
        .optional(sequence.map { Int($0.rawValue) }), .optional(statedBy?.rawValue),
        .utf8(try Coding.encode(fact)),
      ])
    let key = lastInsertedKey
    let document = try reindex(nil, nil, as: TextDocument(fact), at: key)
    try number(document, try embed(nil, as: .fact(fact), .fact, at: key), key)
  }

  /// Lets a newer fact take the place of an older one.
  func supersede(_ id: FactID, by newer: FactID, at time: Timestamp) throws(StoreFailure) {
    guard let found = try stored(id), try stored(newer) != nil else { throw .conflict(.noSuchFact) }
    guard found.fact.supersededBy == nil else { throw .conflict(.factMoved) }
    var fact = found.fact
    fact.supersededBy = newer
    fact.validTo = time
    try update(found, to: fact)
  }

  /// Lets a fact that was superseded hold again.
  func restore(_ id: FactID, validTo end: Timestamp?) throws(StoreFailure) {
    guard let found = try stored(id) else { throw .conflict(.noSuchFact) }
    guard found.fact.supersededBy != nil else { throw .conflict(.factMoved) }
    var fact = found.fact
    fact.supersededBy = nil
    fact.validTo = end
    try update(found, to: fact)
  }

  /// Removes a fact, if it is there.
  func remove(_ id: FactID) throws(StoreFailure) {
    guard let found = try stored(id) else { return }
    _ = try reindex(TextDocument(found.fact), found.document, as: nil, at: found.key)
    _ = try embed(found.source, as: nil, .fact, at: found.key)
    try run(Self.removeFact, [.integer(found.key)])
  }

  private func stored(_ id: FactID) throws(StoreFailure) -> StoredFact? {
    try row(Self.fact, [.text(id.rawValue)]) { row throws(StoreFailure) in
      StoredFact(
        key: try row.integer(0), fact: try Coding.decode(try row.utf8(1)),
        document: try row.documentNumber(2), source: try row.sourceKey(3))
    }
  }

  private func update(
    _ old: StoredFact, to new: Fact
  ) throws(StoreFailure) {
    try run(
      Self.updateFact,
      [
        .integer(new.supersededBy == nil ? 0 : 1), .utf8(try Coding.encode(new)), .integer(old.key),
      ])
    let found = try reindex(TextDocument(old.fact), old.document, as: TextDocument(new), at: old.key)
    try number(found, try embed(old.source, as: .fact(new), .fact, at: old.key), old.key)
  }

  private func number(_ document: Int32?, _ source: Int64?, _ key: Int64) throws(StoreFailure) {
    try run(Self.numberFact, [.optional(document.map(Int.init)), .optional(source), .integer(key)])
  }
}
