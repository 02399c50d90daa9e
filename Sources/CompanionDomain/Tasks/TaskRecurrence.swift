/// When something comes again and again.
public enum TaskRecurrence: Hashable, Sendable {
  /// At even distances in real time, whatever the clocks on the wall do; see ``every(_:since:)``.
  case interval(TaskInterval)
  /// At times of day, month and week.
  case cron(CronExpression)

  /// At even distances in real time: at `since`, and at every multiple of the length after it.
  ///
  /// - Throws: ``TaskIntervalError/tooShort(_:)`` for less than ``TaskInterval/minimum``.
  public static func every(
    _ length: Duration, since: Timestamp
  ) throws(TaskIntervalError) -> TaskRecurrence {
    .interval(try TaskInterval(length, since: since))
  }

  /// The first occurrence after a time, and not at it; `nil` when there is none before the end of time.
  public func next(after time: Timestamp) -> Timestamp? {
    switch self {
    case .interval(let interval): interval.next(after: time)
    case .cron(let expression): expression.next(after: time)
    }
  }

  /// The last occurrence up to a time, from an earlier time on that counts as one.
  ///
  /// Complexity: the logarithm of the nanoseconds in between, however many occurrences these are.
  func latest(from first: Timestamp, through last: Timestamp) -> Timestamp {
    // Bisects on what comes after a time: at `low` or before is the latest found, at `high` no further one.
    var low = first
    var high = last
    while low < high {
      let middle = low.advanced(by: low.duration(to: high) / 2)
      if let found = next(after: middle), found <= last { low = found } else { high = middle }
    }
    return low
  }
}

/// A length of time and an instant from which it repeats.
public struct TaskInterval: Hashable, Sendable {
  /// The shortest length, one second.
  public static let minimum: Duration = .seconds(1)

  /// How far one occurrence is from the next. What is below a nanosecond does not count.
  public let length: Duration
  /// The first occurrence.
  public let since: Timestamp

  /// An interval.
  ///
  /// - Throws: ``TaskIntervalError/tooShort(_:)`` for less than ``minimum``.
  public init(_ length: Duration, since: Timestamp) throws(TaskIntervalError) {
    guard length >= Self.minimum else { throw .tooShort(length) }
    self.length = length
    self.since = since
  }

  /// The first occurrence after a time, and not at it; `nil` when there is none before the end of time.
  public func next(after time: Timestamp) -> Timestamp? {
    guard time >= since else { return since }
    let first = Int128(since.nanosecondsSinceEpoch)
    // A length beyond what nanoseconds hold leads beyond the end of time from anywhere but the very first years.
    let step = Int128(length.nanoseconds)
    let passed = (Int128(time.nanosecondsSinceEpoch) - first) / step
    return Int64(exactly: first + (passed + 1) * step).map(Timestamp.init(nanosecondsSinceEpoch:))
  }
}

/// Why there is no such ``TaskInterval``.
@nonexhaustive
public enum TaskIntervalError: Error, Hashable, Sendable {
  /// It is shorter than ``TaskInterval/minimum``.
  case tooShort(Duration)
}

extension TaskIntervalError: CustomStringConvertible {
  /// One line for a person: what is wrong, and what is allowed.
  public var description: String {
    switch self {
    case .tooShort(let length): "An interval of \(length) is too short. It must be at least one second."
    }
  }
}
