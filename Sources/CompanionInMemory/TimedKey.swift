import CompanionDomain

/// An identifier at a time; ordered by time, of the same time by identifier.
struct TimedKey<ID: Comparable & Hashable & Sendable>: Comparable, Sendable {
  var time: Timestamp
  var id: ID

  static func < (left: TimedKey, right: TimedKey) -> Bool {
    left.time == right.time ? left.id < right.id : left.time < right.time
  }
}

/// A task at a time, and where it is kept; ordered by time, of the same time by identifier.
struct TaskKey: Comparable, Sendable {
  var time: Timestamp
  var id: TaskID
  var slot: Int

  static func < (left: TaskKey, right: TaskKey) -> Bool {
    left.time == right.time ? left.id < right.id : left.time < right.time
  }

  // Two tasks never share a slot, nor does one have two.
  static func == (left: TaskKey, right: TaskKey) -> Bool {
    left.slot == right.slot && left.time == right.time
  }
}

extension OrderedIndex<TaskKey> {
  /// The place of the first task behind a time.
  func firstIndex(after time: Timestamp) -> Index { firstIndex { $0.time > time } }

  /// The first time behind another.
  func firstTime(after time: Timestamp) -> Timestamp? { self[firstIndex(after: time)...].first?.time }

  /// The tasks behind one time, up to and with another.
  func keys(after start: Timestamp, through end: Timestamp) -> some Collection<TaskKey> {
    self[firstIndex(after: start)..<firstIndex(after: end)]
  }
}
