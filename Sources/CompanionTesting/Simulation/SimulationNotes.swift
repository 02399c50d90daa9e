import CompanionDomain
import CompanionPorts

/// What a witness notes down: what was violated, a story, and a hash of all that it has seen.
struct SimulationNotes: Sendable {
  private let time: any TimeSource
  private let start: Timestamp
  private let onStory: (@Sendable (String) -> Void)?
  private(set) var violations: [SimulationViolation] = []
  var hash = TraceHash()

  /// One mistake shows in many ways; the first of each tell enough.
  private static let mostViolations = 5

  init(time: any TimeSource, onStory: (@Sendable (String) -> Void)?) {
    self.time = time
    self.onStory = onStory
    start = time.now
  }

  /// Adds a line to the story, if there is one.
  func tell(_ line: @autoclosure () -> String) { onStory?(line()) }

  mutating func report(_ invariant: SimulationInvariant, _ message: String) {
    tell("VIOLATION \(invariant.rawValue): \(message)")
    guard violations.count(where: { $0.invariant == invariant }) < Self.mostViolations else { return }
    violations.append(SimulationViolation(invariant, after: start.duration(to: time.now), message))
  }
}
