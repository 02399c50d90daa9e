import CompanionDomain
import CompanionPorts
import CompanionSystem
import CompanionTesting
import Testing

/// The tool of the guide.
private struct RollDice: Tool {
  let description = ToolDescription(
    name: "roll_dice", summary: "Rolls dice and brings their sum.",
    parameters: [
      "type": "object", "required": ["count"],
      "properties": ["count": ["type": "integer", "description": "How many dice, 1 to 100"]],
    ])
  let effect = ToolEffect.readsOnly
  let isIdempotent = true

  func call(_ arguments: JSONValue) async throws(ToolFailure) -> ToolOutput {
    let arguments = try ToolArguments(arguments, names: ["count"])
    guard let count = try arguments.optionalInteger("count", in: 1...100) else {
      throw .invalidArguments("“count” is missing.")
    }
    return ToolOutput("\((0..<count).reduce(0) { sum, _ in sum + Int.random(in: 1...6) })")
  }
}

@Suite struct `A tool of ten lines` {
  @Test(arguments: ToolConformance.checks)
  func `keeps the promises of the port`(check: ConformanceCheck<ToolUnderTest>) async throws {
    let subject = ToolUnderTest(RollDice(), examples: [["count": 1], ["count": 100]])
    try await check.run(on: subject, within: .seconds(60), measuredBy: .system)
  }

  @Test(arguments: [
    ("", "The arguments are not valid: “count” is missing. Correct them and call again."),
    (
      "{\"count\": 101}",
      "The arguments are not valid: “count” must be a whole number from 1 to 100. Correct them and call again."
    ),
    (
      "{\"dice\": 2}",
      "The arguments are not valid: there is no “dice”; there are count. Correct them and call again."
    ),
  ]) func `tells a model how to correct itself`(arguments: String, answer: String) async {
    let call = ToolCall(id: "1", name: "roll_dice", arguments: arguments)
    #expect(await RollDice().answer(call) == ToolResult(callID: "1", outcome: .failed, content: answer))
  }

  @Test func `shows a person what is called`() {
    #expect(RollDice().summary(of: ["count": 2]) == "roll_dice {count: 2}")
  }
}
