import CompanionKit
import Foundation
import Testing

/// The commands of the `companion` program about conversations, and how everything stands.
struct ProgramSessionTests {
  private func run(_ input: String, _ options: String...) async throws -> Program.Result {
    try await Program.run(["--store", "memory", "--session", "kyoto"] + options, input: input)
  }

  @Test func `a closed conversation takes no messages until it is opened again`() async throws {
    let result = try await run(
      "Hello.\n/close we are done\nAre you there?\n/sessions\n/status\n/close\n/reopen\n/reopen\nHello again.\n"
    )
    #expect(result.status == 1)
    #expect(result.output.contains("Session kyoto is closed (we are done): 2 messages"))
    #expect(result.complaints.contains("Session kyoto is closed (we are done)"))
    #expect(result.output.contains("messages, closed"))
    #expect(result.output.contains("closed (we are done): /reopen"))
    #expect(result.output.contains("It was closed already (we are done)"))
    #expect(result.output.contains("Session kyoto takes messages again.\nIt is open.\n"))
    #expect(result.lines.last?.contains("Hello") == true)
  }

  @Test func `a fork goes its own way, from a message or the end`() async throws {
    let result = try await run(
      """
      I live in Kyoto.
      I moved to Oslo.
      /fork 2
      /history
      /sessions
      /fork
      /status
      /fork 99

      """)
    #expect(result.status == 1)
    #expect(result.output.contains("with 2 messages of the other one."))
    #expect(result.output.contains("forked from"))
    #expect(result.complaints.contains("99"))
    let history = result.output[try #require(result.output.range(of: "of the other one.")).upperBound...]
    #expect(history.contains("you: I live in Kyoto."))
    #expect(!history.prefix { $0 != "*" }.contains("Oslo"))
  }

  @Test func `what is known besides is kept, listed, changed and taken away`() async throws {
    let result = try await run(
      """
      /context
      /context city = New York
      /context city=Oslo
      /context -city
      /context -city
      /context nonsense

      """)
    #expect(result.status == 1)
    #expect(result.output.contains("Nothing is known of this conversation besides its messages."))
    #expect(result.output.contains("city  New York  from the terminal"))
    #expect(result.output.contains("city  Oslo  from the terminal"))
    #expect(result.complaints.contains("Nothing is known under “city”."))
    #expect(result.complaints.contains("Usage: /context"))
    let asked = try await run("/context city=Oslo\nWhat is the city?\n")
    #expect(asked.lines.last?.contains("Oslo") == true)
  }

  @Test func `the mode is shown and changed`() async throws {
    let result = try await run("/mode\n/mode standard\n/status\n/mode nonsense\n/mode enhanced\n")
    #expect(result.output.hasPrefix("enhanced: "))
    #expect(result.output.contains("standard: "))
    #expect(result.output.contains("mode       standard"))
    #expect(result.complaints.contains("Usage: /mode"))
  }

  @Test func `the status shows everything`() async throws {
    let result = try await run("I live in Kyoto.\nSummarise our conversation.\n/status\n")
    for row in [
      "model      offline / extractive: ready, ", "mode       enhanced", "store      memory",
      "session    kyoto\n", "messages, 1 task, ", "sessions   1 in memory", "tasks      ",
      "workspace  none", "memory     is formed by itself", "vectors    no provider",
      "prompts    answer: about ",
    ] {
      #expect(result.output.contains(row), "\(row)")
    }
  }
}
