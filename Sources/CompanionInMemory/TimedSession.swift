import CompanionDomain

/// A session at a time; ordered by time, of the same time by identifier.
struct TimedSession: Comparable, Sendable {
  var time: Timestamp
  var id: SessionID

  static func < (left: TimedSession, right: TimedSession) -> Bool {
    left.time == right.time ? left.id < right.id : left.time < right.time
  }
}
