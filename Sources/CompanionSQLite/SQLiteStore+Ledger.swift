public import CompanionDomain
public import CompanionPorts

extension SQLiteStore {
  /// The newest entries of the ledger that match. What is read is those, and others of the same task,
  /// conversation or provider between them.
  public func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    guard limit > 0 else { return [] }
    let listing = LedgerListing(filter, limit: limit)
    return try await readers.read { connection throws(StoreFailure) in
      try connection.rows(listing.sql, listing.values, read: LedgerRow.entry)
    }
  }

  /// What entries of the ledger come to, added up by the domain's own rule. What is read is those that match,
  /// and others of the same task, conversation or provider in the time that is asked for.
  public func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    let listing = LedgerListing(filter)
    return try await readers.read { connection throws(StoreFailure) in
      var totals: [ProviderID: LedgerTotals] = [:]
      // One after the other, so that a long ledger takes no memory.
      try connection.forEachRow(listing.sql, listing.values) { row throws(StoreFailure) in
        let entry = try LedgerRow.entry(from: row)
        totals[entry.provider, default: LedgerTotals()].add(entry)
        return true
      }
      return totals
    }
  }
}
