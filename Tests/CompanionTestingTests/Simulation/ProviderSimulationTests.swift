import CompanionTesting
import Testing

struct ProviderSimulationTests {
  @Test
  func `every promise holds while providers fail, and all ends and is called again afterwards`() async {
    await expectSound(simulationSeeds(upTo: 40), within: .seconds(3600)) {
      ProviderSimulation(seed: $0).run()
    }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    expectRepeatable { ProviderSimulation(seed: $0, tellsStory: $1).run() }
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
    try await expectFound(flaw, by: [invariant], in: seeds) { ProviderSimulation(seed: $0, flaw: $1).run() }
  }

  @Test func `a summary counts a seed that is run in several profiles once`() {
    let reports = [TaskSimulation(seed: 3).run(), ProviderSimulation(seed: 3).run()]
    var summary = SimulationSummary()
    summary.add(reports)
    #expect(summary.seeds == 1)
    #expect(summary.elapsed == reports[0].elapsed + reports[1].elapsed)
  }
}
