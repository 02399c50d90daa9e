public import CompanionDomain

/// The time, as everything here sees it.
///
/// `now` is wall-clock time, which can be stored and compared across restarts; `sleep(until:)` suspends
/// until that time and throws `CancellationError` as soon as the task is cancelled.
public protocol TimeSource: Clock where Duration == Swift.Duration, Instant == Timestamp {}
