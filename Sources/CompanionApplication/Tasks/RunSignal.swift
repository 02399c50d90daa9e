import CompanionDomain
import CompanionPorts
import Synchronization

/// How a run, or its handler, ends: said once, to whoever waits for it.
final class RunSignal: Sendable {
  private let end = Mutex<TaskRun.End?>(nil)
  private let wakeUp = WakeUp()

  /// The first that is given counts.
  func give(_ end: TaskRun.End) {
    self.end.withLock { $0 = $0 ?? end }
    wakeUp()
  }

  /// Waits until one is given, until a deadline at the longest; `nil` when none was, or when the waiting task is
  /// cancelled before.
  func wait(until deadline: Timestamp? = nil, on time: any TimeSource) async -> TaskRun.End? {
    if let end = end.withLock({ $0 }) { return end }
    await wakeUp.wait(until: deadline, on: time)
    return end.withLock { $0 }
  }
}
