import CompanionKit
import Synchronization

/// A handler that does nothing but to note when it was called last.
final class StampingHandler: TaskHandler {
  private let stamp = Mutex<ContinuousClock.Instant?>(nil)

  var last: ContinuousClock.Instant? { stamp.withLock { $0 } }

  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    let now = ContinuousClock.now
    stamp.withLock { $0 = now }
    return .done(TasksSuite.result)
  }
}
