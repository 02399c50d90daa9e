/// A rate that may be used in bursts: a bucket of a minute's amount that fills again at a steady rate.
///
/// Whoever takes more than there is leaves a debt, and waits until it is paid: those who come later wait behind
/// it, in the order in which they came.
public struct TokenBucket: Hashable, Sendable {
  /// What the bucket holds: the amount of a minute.
  public let capacity: Double
  private var level: Double
  private var updatedAt: Timestamp

  /// A full bucket.
  ///
  /// - Parameter perMinute: what flows in within a minute. At least 1; less counts as that.
  public init(perMinute: Int, at now: Timestamp) {
    capacity = Double(max(perMinute, 1))
    level = capacity
    updatedAt = now
  }

  /// What is there to take; negative when there is a debt.
  public func level(at now: Timestamp) -> Double {
    // A clock that was set back brings nothing, and takes nothing away.
    let seconds = max(updatedAt.duration(to: now), .zero).milliseconds / 1_000
    return min(capacity, level + seconds * capacity / 60)
  }

  /// How long it takes until an amount is there. More than the bucket holds is there when it is full.
  public func wait(for amount: Double, at now: Timestamp) -> Duration {
    let missing = min(amount, capacity) - level(at: now)
    // Less than that is a matter of rounding.
    guard missing > 1e-6 else { return .zero }
    let nanoseconds = (missing * 60 / capacity * 1e9).rounded(.up)
    return .nanoseconds(Int64(exactly: nanoseconds) ?? .max)
  }

  /// Takes an amount, whether or not it is there; a negative one is given back. What is not a finite number is
  /// nothing.
  public mutating func take(_ amount: Double, at now: Timestamp) {
    let rest = level(at: now) - (amount.isFinite ? amount : 0)
    level = max(min(capacity, rest), -Double.greatestFiniteMagnitude)
    updatedAt = now
  }

  /// Takes in what time it is. Where the clock was set back, the bucket fills again from now on, and not only
  /// when the clock is there again. Taking something does so too.
  public mutating func adjust(to now: Timestamp) { take(0, at: now) }
}
