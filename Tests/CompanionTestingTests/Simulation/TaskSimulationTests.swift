import CompanionTesting
import Foundation
import Testing

struct TaskSimulationTests {
  /// 1 to 40, or to what `COMPANION_SIMULATION_SEEDS` says.
  private static let seeds: ClosedRange<UInt64> = {
    let said = ProcessInfo.processInfo.environment["COMPANION_SIMULATION_SEEDS"].flatMap(UInt64.init)
    return 1...max(1, said ?? 40)
  }()

  @Test
  func `every promise holds while everything goes wrong, and every task ends afterwards`() async {
    for seed in Self.seeds {
      // A run blocks its thread, and other tests need one too.
      await Task.yield()
      let report = TaskSimulation(seed: seed).run()
      #expect(report.violations == [], "seed \(seed)")
      #expect(report.elapsed <= .seconds(3600), "seed \(seed)")
    }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    let first = TaskSimulation(seed: 7).run()
    #expect(TaskSimulation(seed: 7).run().hash == first.hash)
    let told = TaskSimulation(seed: 7, tellsStory: true).run()
    #expect(told.hash == first.hash)
    #expect(!told.story.isEmpty && first.story.isEmpty)
    #expect(TaskSimulation(seed: 8).run().hash != first.hash)
  }

  @Test(arguments: [
    (PlantedFlaw.finishWithoutFence, [SimulationInvariant.staleWritesChangeNothing, .oneOutcome]),
    (.rescueWithoutCounting, [.historyIsSound, .everyTaskEnds]),
    (.acknowledgeBeforeCommit, [.noTaskLost]),
  ])
  func `a mistake that queues are known for is found`(
    _ flaw: PlantedFlaw, by invariants: [SimulationInvariant]
  ) async throws {
    var found: UInt64?
    for seed in 1...50 as ClosedRange<UInt64> where found == nil {
      await Task.yield()
      let violations = TaskSimulation(seed: seed, flaw: flaw).run().violations
      if violations.contains(where: { invariants.contains($0.invariant) }) { found = seed }
    }
    let seed = try #require(found)
    #expect(TaskSimulation(seed: seed).run().violations == [], "without the mistake, seed \(seed)")
  }

  @Test func `a summary counts runs in the order of their seeds`() {
    let reports = [3, 4].map { TaskSimulation(seed: $0).run() }
    var summary = SimulationSummary()
    for report in reports { summary.add(report) }
    var again = SimulationSummary()
    for report in reports { again.add(report) }
    #expect(summary == again)
    #expect(summary.seeds == 2)
    #expect(summary.violations == 0)
    #expect(summary.description.hasPrefix("2 seeds, 0 violations, "))
    #expect(summary.description.hasSuffix(" simulated hours, trace \(summary.hashText)"))
    var reversed = SimulationSummary()
    for report in reports.reversed() { reversed.add(report) }
    #expect(reversed.hash != summary.hash)
  }
}
