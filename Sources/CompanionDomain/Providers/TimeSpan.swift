/// A time with an end, which a clock that is set back does not make longer.
package struct TimeSpan: Hashable, Sendable {
  private var from: Timestamp
  package private(set) var until: Timestamp

  package init(from: Timestamp, until: Timestamp) {
    self.from = from
    self.until = until
  }

  /// When it ends; `nil` when it has.
  package func end(at now: Timestamp) -> Timestamp? {
    let until = adjusted(to: now).until
    return now < until ? until : nil
  }

  /// The same; where the clock was set back, as long from now on.
  package func adjusted(to now: Timestamp) -> TimeSpan {
    guard now < from else { return self }
    return TimeSpan(from: now, until: now.advanced(by: from.duration(to: until)))
  }
}
