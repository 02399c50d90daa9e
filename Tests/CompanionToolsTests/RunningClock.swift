import CompanionDomain
import CompanionPorts
import Synchronization

/// A clock that goes on by a step whenever somebody looks at it.
final class RunningClock: TimeSource {
  private let time = Mutex(Timestamp(nanosecondsSinceEpoch: 0))
  private let step: Duration

  init(step: Duration) { self.step = step }

  var now: Timestamp {
    time.withLock { time in
      time = time.advanced(by: step)
      return time
    }
  }

  var minimumResolution: Duration { .nanoseconds(1) }

  func sleep(until deadline: Timestamp, tolerance: Duration?) async throws { try Task.checkCancellation() }
}
