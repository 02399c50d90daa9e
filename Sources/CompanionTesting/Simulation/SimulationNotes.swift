import CompanionDomain
import CompanionPorts
import Synchronization

/// What a witness notes down: what was violated, a story, and a hash of all that it has seen.
///
/// They have a lock of their own, and ask nobody for anything: a witness that holds its own lock may add to them.
final class SimulationNotes: Sendable {
  private struct State {
    var violations: [SimulationViolation] = []
    var hash = TraceHash()
  }

  /// When the run began.
  let start: Timestamp
  private let time: any TimeSource
  private let most: Int
  private let mostOfEach: Int
  /// Told every line of the story; `nil` where nobody wants one.
  let onStory: (@Sendable (String) -> Void)?
  private let state = Mutex(State())

  /// - Parameters:
  ///   - most: how many violations are kept. One mistake shows in many ways; the first of them tell enough.
  ///   - mostOfEach: how many of them of one invariant.
  ///   - onStory: told every line of the story; `nil` where nobody wants one.
  init(
    time: any TimeSource, most: Int = .max, mostOfEach: Int = .max, onStory: (@Sendable (String) -> Void)?
  ) {
    self.time = time
    self.most = most
    self.mostOfEach = mostOfEach
    self.onStory = onStory
    start = time.now
  }

  var violations: [SimulationViolation] { state.withLock { $0.violations } }

  var hash: UInt64 { state.withLock { $0.hash.value } }

  /// Adds a line to the story, if there is one.
  func tell(_ line: @autoclosure () -> String) { onStory?(line()) }

  /// - Parameter moment: when it was; `nil` for now.
  func report(_ invariant: SimulationInvariant, at moment: Timestamp? = nil, _ message: String) {
    tell("VIOLATION \(invariant.rawValue): \(message)")
    let violation = SimulationViolation(invariant, after: start.duration(to: moment ?? time.now), message)
    state.withLock { state in
      guard state.violations.count < most,
        state.violations.count(where: { $0.invariant == invariant }) < mostOfEach
      else { return }
      state.violations.append(violation)
    }
  }

  func combine(_ number: some FixedWidthInteger) { state.withLock { $0.hash.combine(number) } }

  func combine(_ text: String) { state.withLock { $0.hash.combine(text) } }
}
