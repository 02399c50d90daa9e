import CompanionDomain
import Synchronization

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
      violations: world.witness.violations, interruptions: world.witness.interruptions,
      story: story.withLock { $0 })
  }
}
