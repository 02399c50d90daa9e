import CompanionDomain

/// Sees what happens in a run, and says what must not be.
protocol SimulationWitness: Sendable {
  var notes: SimulationNotes { get }

  /// What was violated, by its time.
  var violations: [SimulationViolation] { get }

  /// A hash of all that was seen.
  var hash: UInt64 { get }

  /// How many answers were interrupted.
  var interruptions: Int { get }
}

extension SimulationWitness {
  /// When the run began.
  var start: Timestamp { notes.start }

  var violations: [SimulationViolation] { notes.violations }

  var hash: UInt64 { notes.hash }

  var interruptions: Int { 0 }

  /// Adds a line to the story, if there is one.
  func tell(_ line: @autoclosure () -> String) { notes.tell(line()) }

  /// - Parameter moment: when it was; `nil` for now.
  func report(_ invariant: SimulationInvariant, at moment: Timestamp? = nil, _ message: String) {
    notes.report(invariant, at: moment, message)
  }
}
