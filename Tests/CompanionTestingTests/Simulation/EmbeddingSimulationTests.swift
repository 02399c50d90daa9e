import CompanionTesting
import Testing

struct EmbeddingSimulationTests {
  @Test
  func `every promise of embedding holds while all goes wrong, and everything is embedded afterwards`() async
  {
    await expectSound(simulationSeeds(upTo: 5)) { EmbeddingSimulation(seed: $0).run() }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    expectRepeatable { EmbeddingSimulation(seed: $0, tellsStory: $1).run() }
  }

  @Test(arguments: [
    (PlantedEmbeddingFlaw.ignoreHash, SimulationInvariant.vectorsAreRight),
    (.chargeOutage, .onlyPoisonIsParked),
    (.parkSilently, .onlyPoisonIsParked),
    (.forgetBisection, .onlyPoisonIsParked),
    (.storeUnchecked, .vectorsAreRight),
    (.embedAgain, .embeddedOnce),
    (.loseRetry, .everythingIsEmbedded),
    (.ignoreWait, .noEarlyRetry),
    (.blockHead, .everythingIsEmbedded),
    (.ignoreStop, .shutdownEnds),
  ])
  func `a mistake that embedders are known for is found`(
    _ flaw: PlantedEmbeddingFlaw, by invariant: SimulationInvariant
  ) async throws {
    try await expectFound(flaw, by: [invariant], in: 1...4) { EmbeddingSimulation(seed: $0, flaw: $1).run() }
  }
}
