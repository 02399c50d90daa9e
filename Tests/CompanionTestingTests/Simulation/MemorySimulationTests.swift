import CompanionTesting
import Testing

struct MemorySimulationTests {
  @Test
  func `every promise of memory holds while all goes wrong, and everything is remembered afterwards`() async {
    await expectSound(simulationSeeds(upTo: 5)) { MemorySimulation(seed: $0).run() }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    expectRepeatable { MemorySimulation(seed: $0, tellsStory: $1).run() }
  }

  @Test(arguments: [
    (PlantedMemoryFlaw.loseMemory, SimulationInvariant.memoryIsExact),
    (.loseProgress, .everythingIsRemembered),
    (.overwrite, .memoryIsExact),
    (.believeQuotes, .memoryIsExact),
    (.forgetReminders, .memoryDoesNotFeedItself),
    (.shareEverything, .memoriesDoNotLeak),
    (.askTwice, .memoryCostIsBounded),
    (.forgetBudget, .memoryCostIsBounded),
    (.forgetLength, .memoriesAreShort),
    (.keepDerived, .forgottenStaysForgotten),
    (.keepProgress, .forgottenStaysForgotten),
    (.hideCorrections, .correctionsReachMemory),
    (.neverExpire, .silenceExpires),
    (.overlookSession, .everythingIsRemembered),
    (.ignoreStop, .shutdownEnds),
  ])
  func `a mistake that keepers of memories are known for is found`(
    _ flaw: PlantedMemoryFlaw, by invariant: SimulationInvariant
  ) async throws {
    // Whoever is not stopped has to be about to store what is forgotten.
    let seeds: ClosedRange<UInt64> = flaw == .keepProgress ? 30...90 : 1...60
    try await expectFound(flaw, by: [invariant], in: seeds) { MemorySimulation(seed: $0, flaw: $1).run() }
  }
}
