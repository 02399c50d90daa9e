import CompanionTesting
import Foundation
import Testing

struct ProviderSimulationTests {
  /// 1 to 40, or to what `COMPANION_SIMULATION_SEEDS` says.
  private static let seeds: ClosedRange<UInt64> = {
    let said = ProcessInfo.processInfo.environment["COMPANION_SIMULATION_SEEDS"].flatMap(UInt64.init)
    return 1...max(1, said ?? 40)
  }()

  @Test
  func `every promise holds while providers fail, and all ends and is called again afterwards`() async {
    for seed in Self.seeds {
      // A run blocks its thread, and other tests need one too.
      await Task.yield()
      let report = ProviderSimulation(seed: seed).run()
      #expect(report.violations == [], "seed \(seed)")
      #expect(report.elapsed <= .seconds(3600), "seed \(seed)")
    }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    let first = ProviderSimulation(seed: 7).run()
    #expect(ProviderSimulation(seed: 7).run().hash == first.hash)
    let told = ProviderSimulation(seed: 7, tellsStory: true).run()
    #expect(told.hash == first.hash)
    #expect(!told.story.isEmpty && first.story.isEmpty)
    #expect(ProviderSimulation(seed: 8).run().hash != first.hash)
  }

  @Test(arguments: [
    (PlantedProviderFlaw.twoProbes, SimulationInvariant.breakersHold),
    (.ignoreRetryAfter, .noEarlyRetry),
    (.retrySameProvider, .oneTryEach),
    (.updateBeforeTest, .configurationsAreTested),
    (.resubmitAfterRestart, .jobsAreSubmittedOnce),
    (.forgetRate, .limitsHold),
    (.forgetConcurrency, .limitsHold),
    (.forgetBudget, .limitsHold),
    (.switchMidway, .noSwitchMidway),
    (.swallowCancel, .jobsAreStopped),
    (.enterTwice, .ledgerIsExact),
    (.enterOnlySuccesses, .ledgerIsExact),
    (.neverClose, .breakersClose),
    (.ignoreStop, .nothingLeaks),
    (.ignoreStop, .everyTurnEnds),
    (.forgetEnd, .nothingLeaks),
  ])
  func `a mistake that callers of providers are known for is found`(
    _ flaw: PlantedProviderFlaw, by invariant: SimulationInvariant
  ) async throws {
    // Money that is held for nobody takes a job, a budget and one process to be seen.
    let seeds: ClosedRange<UInt64> = flaw == .forgetEnd ? 290...400 : 1...120
    var found: UInt64?
    for seed in seeds where found == nil {
      await Task.yield()
      let violations = ProviderSimulation(seed: seed, flaw: flaw).run().violations
      if violations.contains(where: { $0.invariant == invariant }) { found = seed }
    }
    let seed = try #require(found)
    #expect(ProviderSimulation(seed: seed).run().violations == [], "without the mistake, seed \(seed)")
  }

  @Test func `a summary counts a seed that is run in several profiles once`() {
    let reports = [TaskSimulation(seed: 3).run(), ProviderSimulation(seed: 3).run()]
    var summary = SimulationSummary()
    summary.add(reports)
    #expect(summary.seeds == 1)
    #expect(summary.elapsed == reports[0].elapsed + reports[1].elapsed)
  }
}
