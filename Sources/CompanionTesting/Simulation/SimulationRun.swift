import CompanionDomain
import Synchronization

/// What all simulated processes of a run share.
protocol SimulatedWorld: Sendable {
  associatedtype Witness: SimulationWitness

  var witness: Witness { get }
}

/// Sees what happens in a run, and says what must not be.
protocol SimulationWitness: Sendable {
  var notes: SimulationNotes { get }

  /// What was violated, by its time.
  var violations: [SimulationViolation] { get }

  /// A hash of all that was seen.
  var hash: UInt64 { get }
}

extension SimulationWitness {
  /// When the run began.
  var start: Timestamp { notes.start }

  var violations: [SimulationViolation] { notes.violations }

  var hash: UInt64 { notes.hash }

  /// Adds a line to the story, if there is one.
  func tell(_ line: @autoclosure () -> String) { notes.tell(line()) }

  /// - Parameter moment: when it was; `nil` for now.
  func report(_ invariant: SimulationInvariant, at moment: Timestamp? = nil, _ message: String) {
    notes.report(invariant, at: moment, message)
  }
}

/// One run of a simulation, whatever is simulated.
struct SimulationRun: Sendable {
  let seed: UInt64
  /// The time that it begins with; `nil` for the simulator's.
  var start: Timestamp?
  /// The most simulated time.
  var limit = Duration.seconds(3600)
  let tellsStory: Bool

  private static let mostSteps = 3_000_000

  /// Runs it on the calling thread.
  func report<World: SimulatedWorld>(
    _ world: (Simulator, _ tell: (@Sendable (String) -> Void)?) -> World,
    body: @escaping @Sendable (World) async throws -> Void
  ) -> SimulationReport {
    let limits = Simulator.Limits(time: limit, steps: Self.mostSteps)
    let simulator =
      start.map { Simulator(seed: seed, start: $0, limits: limits) } ?? Simulator(seed: seed, limits: limits)
    let story = Mutex([String]())
    let start = simulator.time.now
    let tell: @Sendable (String) -> Void = { line in
      story.withLock { $0.append("\(start.duration(to: simulator.time.now))  \(line)") }
    }
    let world = world(simulator, tellsStory ? tell : nil)
    do {
      try simulator.run { try await body(world) }
    } catch {
      world.witness.report(.runEnds, "\(error)")
    }
    var hash = TraceHash()
    hash.combine(simulator.traceHash)
    hash.combine(world.witness.hash)
    return SimulationReport(
      seed: seed, hash: hash.value, elapsed: simulator.elapsed, steps: simulator.steps,
      violations: world.witness.violations, story: story.withLock { $0 })
  }
}
