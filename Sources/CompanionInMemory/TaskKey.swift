import CompanionDomain

/// A task at a time: the slot in which it is kept.
///
/// It holds no text, so that moving it costs nothing; see ``TaskOrder``.
struct TaskKey: Equatable, Sendable {
  var time: Timestamp
  var slot: Int
}

/// Orders keys by time, of the same time by the identifiers of their tasks.
struct TaskOrder: Sendable {
  /// The identifier of the task in each slot; in an empty one any.
  private var ids: ContiguousArray<TaskID> = []

  /// Tells whose slot it is.
  mutating func assign(_ slot: Int, to id: TaskID) {
    if slot == ids.count { ids.append(id) } else { ids[slot] = id }
  }

  func isBefore(_ left: TaskKey, _ right: TaskKey) -> Bool {
    if left.time != right.time { return left.time < right.time }
    return left.slot != right.slot && ids[left.slot] < ids[right.slot]
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
