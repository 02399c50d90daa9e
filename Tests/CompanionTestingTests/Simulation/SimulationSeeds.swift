import CompanionTesting
import Foundation
import Testing

/// The seeds from 1 to a number, or to what `COMPANION_SIMULATION_SEEDS` says.
func simulationSeeds(upTo last: UInt64) -> ClosedRange<UInt64> {
  let said = ProcessInfo.processInfo.environment["COMPANION_SIMULATION_SEEDS"].flatMap(UInt64.init)
  return 1...max(1, said ?? last)
}

/// Checks that nothing is violated, whatever the seed.
func expectSound(
  _ seeds: ClosedRange<UInt64>, within limit: Duration? = nil, _ run: (UInt64) -> SimulationReport
) async {
  for seed in seeds {
    // A run blocks its thread, and other tests need one too.
    await Task.yield()
    let report = run(seed)
    #expect(report.violations == [], "seed \(seed)")
    if let limit { #expect(report.elapsed <= limit, "seed \(seed)") }
  }
}

/// Checks that a run follows from its seed alone, told or not.
func expectRepeatable(_ run: (_ seed: UInt64, _ tellsStory: Bool) -> SimulationReport) {
  let first = run(7, false)
  #expect(run(7, false).hash == first.hash)
  let told = run(7, true)
  #expect(told.hash == first.hash)
  #expect(!told.story.isEmpty && first.story.isEmpty)
  #expect(run(8, false).hash != first.hash)
}

/// Checks that a mistake violates one of some invariants with one of the seeds, which is sound without it.
func expectFound<Flaw>(
  _ flaw: Flaw, by invariants: [SimulationInvariant], in seeds: ClosedRange<UInt64>,
  _ run: (UInt64, Flaw?) -> SimulationReport
) async throws {
  var found: UInt64?
  for seed in seeds where found == nil {
    await Task.yield()
    if run(seed, flaw).violations.contains(where: { invariants.contains($0.invariant) }) { found = seed }
  }
  let seed = try #require(found)
  #expect(run(seed, nil).violations == [], "without the mistake, seed \(seed)")
}
