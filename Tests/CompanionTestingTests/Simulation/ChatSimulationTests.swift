import CompanionTesting
import Testing

struct ChatSimulationTests {
  @Test
  func `every promise of the chat holds while all goes wrong, and everything is answered afterwards`() async {
    await expectSound(simulationSeeds(upTo: 3)) { ChatSimulation(seed: $0).run() }
  }

  @Test func `the same seed is the same run, told or not, and another seed another`() {
    expectRepeatable { ChatSimulation(seed: $0, tellsStory: $1).run() }
  }

  @Test func `a run counts the answers that were interrupted`() {
    var summary = SimulationSummary()
    let reports = (1...2).map { ChatSimulation(seed: $0).run() }
    for report in reports { summary.add(report) }
    #expect(summary.interruptions == reports.reduce(0) { $0 + $1.interruptions })
    #expect(summary.interruptions > 0)
  }

  @Test(arguments: [
    (PlantedChatFlaw.understandTwice, SimulationInvariant.oneUnderstanding),
    (.forgetUnderstanding, .oneUnderstanding),
    (.loseResult, .callsHaveOneResult),
    (.leaveCallsOpen, .callsHaveOneResult),
    (.skipApproval, .toolsAreAllowed),
    (.decideTwice, .decidedOnce),
    (.loseAnswer, .decidedOnce),
    (.forgetPromptLimit, .promptsFit),
    (.keepUndelivered, .keptIsDelivered),
    (.dropDelivered, .keptIsDelivered),
    (.ignoreStop, .interruptionStops),
    (.forgetClosing, .closedTakesNothing),
    (.forgetResume, .everyMessageIsAnswered),
    (.keepStates, .forgottenStaysForgotten),
    (.keepWords, .forgottenStaysForgotten),
    (.skipLogEvent, .logIsWhole),
  ])
  func `a mistake that whoever lets people talk with a model is known for is found`(
    _ flaw: PlantedChatFlaw, by invariant: SimulationInvariant
  ) async throws {
    try await expectFound(flaw, by: [invariant], in: 1...40) { ChatSimulation(seed: $0, flaw: $1).run() }
  }

  @Test func `calls that are made twice are found, where a process dies in the middle of one`() async throws {
    // Few runs are like that.
    try await expectFound(PlantedChatFlaw.repeatCalls, by: [.callsHaveOneResult], in: 77...120) {
      ChatSimulation(seed: $0, flaw: $1).run()
    }
  }
}
