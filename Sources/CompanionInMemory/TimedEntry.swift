import CompanionDomain

/// An entry of the ledger at a time; ordered by time, of the same time by name.
struct TimedEntry: Comparable, Sendable {
  var time: Timestamp
  var id: LedgerEntryID

  static func < (left: TimedEntry, right: TimedEntry) -> Bool {
    left.time == right.time ? left.id < right.id : left.time < right.time
  }
}
