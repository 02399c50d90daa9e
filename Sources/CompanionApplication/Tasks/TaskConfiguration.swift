public import CompanionDomain
import CompanionPorts

/// How background tasks are worked on. Times are measured, not read from a clock that may be set.
public struct TaskConfiguration: Sendable {
  /// The most tasks that run at the same time in this process. At least 1; less counts as that.
  public var workers = 10
  /// How long a worker holds a task without a sign of life; it gives one three times as often. At least 1 s;
  /// less counts as that.
  public var leaseLength: Duration = .seconds(90)
  /// The longest that one attempt may take, where the registration of its kind says nothing else.
  public var attemptLimit: Duration = .seconds(300)
  /// When a failed attempt is tried again, where the registration of its kind says nothing else.
  public var retry = RetryPolicy()
  /// How long running tasks may go on when the companion is stopped, before they are given back.
  public var shutdownGrace: Duration = .seconds(2)
  /// How long it may take at the most until something is noticed that nobody has told of. At least 1 s; less
  /// counts as that.
  public var sweepInterval: Duration = .seconds(300)
  /// How often dead letters are reviewed, and what is old is removed. At least 1 s; less counts as that.
  public var reviewInterval: Duration = .seconds(1800)
  /// How often a review takes a dead letter back whose failure may pass, before it leaves it to a person.
  public var automaticRequeues = 1
  /// How often a dead letter can be taken back at all.
  public var maximumRequeues = 20
  /// How long completed and cancelled tasks are kept.
  public var retention: Duration = .seconds(7 * 86_400)
  /// How long dead letters are kept.
  public var deadLetterRetention: Duration = .seconds(30 * 86_400)
  /// The most bytes of a task's payload.
  public var maximumPayloadBytes = 1_048_576
  /// How long a store may take over one call. At least 1 s; less counts as that.
  public var storeTimeout: Duration = .seconds(30)
  /// Whether tasks of a kind that is not registered here are left to other processes. Otherwise they become
  /// dead letters, with the reason.
  public var leavesUnknownKinds = false
  /// The most tasks that run at the same time in this process for each provider, by its name, over all kinds
  /// that are registered for it; no limit for one that is not named.
  public var providerConcurrency: [String: Int] = [:]

  /// The defaults.
  public init() {}

  /// How long a handler that is told to stop is waited for before the task goes on without it.
  var windDown: Duration { min(.seconds(1), leaseLength / 3) }

  /// The configuration within the bounds that its properties name.
  var bounded: TaskConfiguration {
    var bounded = self
    bounded.workers = max(workers, 1)
    bounded.leaseLength = max(leaseLength, .seconds(1))
    bounded.sweepInterval = max(sweepInterval, .seconds(1))
    bounded.reviewInterval = max(reviewInterval, .seconds(1))
    bounded.storeTimeout = max(storeTimeout, .seconds(1))
    bounded.providerConcurrency = providerConcurrency.mapValues { max($0, 1) }
    return bounded
  }
}
