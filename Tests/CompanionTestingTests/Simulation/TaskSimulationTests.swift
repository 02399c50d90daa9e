import CompanionTesting
import Testing

struct TaskSimulationTests {
  @Test
  func `every promise holds while everything goes wrong, and every task ends afterwards`() async {
    await expectSound(simulationSeeds(upTo: 40), within: .seconds(3600)) { TaskSimulation(seed: $0).run() }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    expectRepeatable { TaskSimulation(seed: $0, tellsStory: $1).run() }
  }

  @Test(arguments: [
    (PlantedFlaw.finishWithoutFence, [SimulationInvariant.staleWritesChangeNothing, .oneOutcome]),
    (.rescueWithoutCounting, [.historyIsSound, .everyTaskEnds]),
    (.acknowledgeBeforeCommit, [.noTaskLost]),
  ])
  func `a mistake that queues are known for is found`(
    _ flaw: PlantedFlaw, by invariants: [SimulationInvariant]
  ) async throws {
    try await expectFound(flaw, by: invariants, in: 1...50) { TaskSimulation(seed: $0, flaw: $1).run() }
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
