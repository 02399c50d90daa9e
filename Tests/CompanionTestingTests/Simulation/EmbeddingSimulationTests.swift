import CompanionTesting
import Foundation
import Testing

struct EmbeddingSimulationTests {
  /// 1 to 5, or to what `COMPANION_SIMULATION_SEEDS` says.
  private static let seeds: ClosedRange<UInt64> = {
    let said = ProcessInfo.processInfo.environment["COMPANION_SIMULATION_SEEDS"].flatMap(UInt64.init)
    return 1...max(1, said ?? 5)
  }()

  @Test
  func `every promise of embedding holds while all goes wrong, and everything is embedded afterwards`() async
  {
    for seed in Self.seeds {
      // A run blocks its thread, and other tests need one too.
      await Task.yield()
      let report = EmbeddingSimulation(seed: seed).run()
      #expect(report.violations == [], "seed \(seed)")
    }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    let first = EmbeddingSimulation(seed: 7).run()
    #expect(EmbeddingSimulation(seed: 7).run().hash == first.hash)
    let told = EmbeddingSimulation(seed: 7, tellsStory: true).run()
    #expect(told.hash == first.hash)
    #expect(!told.story.isEmpty && first.story.isEmpty)
    #expect(EmbeddingSimulation(seed: 8).run().hash != first.hash)
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
    var found: UInt64?
    for seed: UInt64 in 1...4 where found == nil {
      await Task.yield()
      let violations = EmbeddingSimulation(seed: seed, flaw: flaw).run().violations
      if violations.contains(where: { $0.invariant == invariant }) { found = seed }
    }
    let seed = try #require(found)
    #expect(EmbeddingSimulation(seed: seed).run().violations == [], "without the mistake, seed \(seed)")
  }
}
