import CompanionDomain
import CompanionPorts

/// The ledger of an ``InMemoryStore``.
///
/// Each change applies, and returns what undoes it. The cost of all is that of what is new, or of what is
/// removed, whatever is there already.
struct StoredLedger: Sendable {
  /// What reverses one change, when everything after it has been reversed.
  enum Undo: Sendable {
    case remove(LedgerEntryID)
    case restore([LedgerEntry])
  }

  private var entries: [LedgerEntryID: LedgerEntry] = [:]
  private var byTime = OrderedIndex<TimedEntry>()
  private var byProvider: [ProviderID: OrderedIndex<TimedEntry>] = [:]
  private var bySession: [SessionID: OrderedIndex<TimedEntry>] = [:]
  private var byTask: [TaskID: OrderedIndex<TimedEntry>] = [:]

  // MARK: Queries

  /// Entries, newest first, at the cost of the limit and of those of the same task, conversation or provider
  /// that do not match.
  func entries(matching filter: LedgerFilter, limit: Int) -> [LedgerEntry] {
    guard limit > 0 else { return [] }
    return Array(matches(filter).reversed().prefix(limit))
  }

  /// What entries come to, at the cost of those of the same task, conversation or provider in the time.
  func totals(matching filter: LedgerFilter) -> [ProviderID: LedgerTotals] {
    var totals: [ProviderID: LedgerTotals] = [:]
    for entry in matches(filter) { totals[entry.provider, default: LedgerTotals()].add(entry) }
    return totals
  }

  /// What matches, oldest first; found as it is asked for.
  private func matches(_ filter: LedgerFilter) -> some BidirectionalCollection<LedgerEntry> {
    keys(in: filter).lazy.compactMap { entries[$0.id] }.filter(filter.includes)
  }

  /// The part of the shortest list that holds everything that matches.
  private func keys(in filter: LedgerFilter) -> Slice<OrderedIndex<TimedEntry>> {
    let index = source(of: filter)
    let start = filter.since.map { since in index.firstIndex { $0.time >= since } } ?? index.startIndex
    let end = filter.before.map { before in index.firstIndex { $0.time >= before } } ?? index.endIndex
    // A time may end before it begins.
    return index[start..<max(start, end)]
  }

  private func source(of filter: LedgerFilter) -> OrderedIndex<TimedEntry> {
    if let task = filter.task { return byTask[task] ?? OrderedIndex() }
    if let session = filter.session { return bySession[session] ?? OrderedIndex() }
    if let provider = filter.provider { return byProvider[provider] ?? OrderedIndex() }
    return byTime
  }

  // MARK: Changes

  /// Enters a call.
  ///
  /// - Returns: `nil` when it has been entered before.
  mutating func enter(_ entry: LedgerEntry) -> Undo? {
    guard entries[entry.id] == nil else { return nil }
    add(entry)
    return .remove(entry.id)
  }

  /// Removes what ended before a time.
  mutating func prune(before time: Timestamp) -> Undo? {
    let old = byTime.prefix { $0.time < time }.compactMap { entries[$0.id] }
    for entry in old { remove(entry) }
    return old.isEmpty ? nil : .restore(old)
  }

  mutating func revert(_ undo: Undo) {
    switch undo {
    case .remove(let id): if let entry = entries[id] { remove(entry) }
    case .restore(let removed): for entry in removed { add(entry) }
    }
  }

  private mutating func add(_ entry: LedgerEntry) {
    let key = TimedEntry(time: entry.time, id: entry.id)
    entries[entry.id] = entry
    byTime.insert(key, by: <)
    byProvider[entry.provider, default: OrderedIndex()].insert(key, by: <)
    if let session = entry.session { bySession[session, default: OrderedIndex()].insert(key, by: <) }
    if let task = entry.task { byTask[task, default: OrderedIndex()].insert(key, by: <) }
  }

  private mutating func remove(_ entry: LedgerEntry) {
    let key = TimedEntry(time: entry.time, id: entry.id)
    entries[entry.id] = nil
    byTime.remove(key, by: <)
    Self.remove(key, of: entry.provider, from: &byProvider)
    if let session = entry.session { Self.remove(key, of: session, from: &bySession) }
    if let task = entry.task { Self.remove(key, of: task, from: &byTask) }
  }

  private static func remove<Owner>(
    _ key: TimedEntry, of owner: Owner, from index: inout [Owner: OrderedIndex<TimedEntry>]
  ) {
    index[owner]?.remove(key, by: <)
    if index[owner]?.isEmpty == true { index[owner] = nil }
  }
}
