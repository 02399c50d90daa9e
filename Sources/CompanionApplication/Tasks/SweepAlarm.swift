import CompanionDomain
import CompanionPorts
import Synchronization

/// Wakes the sweeper when it has something to look at.
///
/// What happens in this process is noted with its time. Of a change elsewhere it is only known that there was
/// one: some time is left for more of them, so that a burst is one look.
final class SweepAlarm: Sendable {
  private let time: any TimeSource
  private let wakeUp = WakeUp()
  private let next = Mutex<Timestamp?>(nil)

  private static let delayAfterChange = Duration.seconds(1)

  init(time: any TimeSource) { self.time = time }

  /// Says that there is something to look at after some time.
  func note(in delay: Duration) {
    let alarm = time.now.advanced(by: delay)
    let isEarlier = next.withLock { next in
      guard next.map({ alarm < $0 }) ?? true else { return false }
      next = alarm
      return true
    }
    if isEarlier { wakeUp() }
  }

  /// Says that something has changed.
  func noteChange() { note(in: Self.delayAfterChange) }

  /// Waits until there is something to look at, or for so long. Whoever waited then looks at everything, and
  /// learns what comes next.
  func wait(for limit: Duration) async {
    let deadline = time.now.advanced(by: limit)
    while !Task.isCancelled {
      let alarm = next.withLock { $0.map { min($0, deadline) } ?? deadline }
      // A wait that has lasted as long as it was to is over, whatever a clock that was set back says.
      guard time.now < alarm, await wakeUp.wait(until: alarm, on: time) else { break }
    }
    next.withLock { $0 = nil }
  }
}
