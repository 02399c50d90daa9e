public import CompanionDomain

/// Where the ledger of calls is kept. Entries come in through ``ChangeStore/commit(_:)``.
public protocol LedgerStore: ChangeStore {
  /// Entries by their time, newest first; of the same time, by their name, highest first.
  ///
  /// - Parameter limit: the most entries; below one gives none.
  func ledgerEntries(matching filter: LedgerFilter, limit: Int) async throws(StoreFailure) -> [LedgerEntry]

  /// What the entries that a filter lets through come to, by provider.
  ///
  /// Complexity: linear in the number of entries, at the worst.
  func ledgerTotals(matching filter: LedgerFilter) async throws(StoreFailure) -> [ProviderID: LedgerTotals]
}

/// Which entries of the ledger are meant; what is not given does not matter.
public struct LedgerFilter: Hashable, Sendable {
  /// Only calls of this provider.
  public var provider: ProviderID?
  /// Only calls for this task.
  public var task: TaskID?
  /// Only calls for this conversation.
  public var session: SessionID?
  /// Only calls that ended at this time or later.
  public var since: Timestamp?
  /// Only calls that ended before this time.
  public var before: Timestamp?

  /// A filter of these parts.
  public init(
    provider: ProviderID? = nil, task: TaskID? = nil, session: SessionID? = nil, since: Timestamp? = nil,
    before: Timestamp? = nil
  ) {
    self.provider = provider
    self.task = task
    self.session = session
    self.since = since
    self.before = before
  }

  /// Whether an entry is meant.
  public func includes(_ entry: LedgerEntry) -> Bool {
    (provider.map { $0 == entry.provider } ?? true) && (task.map { $0 == entry.task } ?? true)
      && (session.map { $0 == entry.session } ?? true) && (since.map { $0 <= entry.time } ?? true)
      && (before.map { entry.time < $0 } ?? true)
  }
}
