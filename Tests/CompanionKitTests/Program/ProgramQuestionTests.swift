import CompanionKit
import Foundation
import LoopbackServer
import Testing

/// The `companion` program with a model whose background tasks ask something.
struct ProgramQuestionTests {
  /// A server whose model takes every message for work, asks about it, and tells the answer.
  private func server() throws -> LoopbackServer {
    try LoopbackServer { request, connection in
      let body = try JSONDecoder().decode(JSONValue.self, from: request.body)
      guard body["stream"] == true else {
        let intent = #"{"profile":"analysis","complexity":"high","confidence":1}"#
        return try connection.respond(
          200, ["Content-Type": "application/json"], OpenAIScript.answer(text: intent))
      }
      let results = body["messages"]?.array?.filter { $0["role"] == "tool" } ?? []
      if let answer = results.last?["content"]?.string {
        return try connection.stream(OpenAIScript.stream(text: "It shall be: \(answer)"))
      }
      let call = """
        {"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"ask_person",\
        "arguments":"{\\"question\\":\\"Which colour?\\"}"}}]}
        """
      let events = [
        OpenAIScript.chunk(delta: call), OpenAIScript.chunk(delta: "{}", finish: "tool_calls"), "[DONE]",
      ]
      try connection.stream(events.map(OpenAIScript.event).joined())
    }
  }

  @Test func `what a task asks is shown, listed and answered, also after a restart`() async throws {
    try await withFolder { folder in
      let server = try server()
      let arguments = ProgramProviderTests.arguments(server, "\(folder)/demo.db")
      let answered = try await Program.run(
        arguments, input: "Compare the shops\n/answer\n/answer Blue, please\n/answer Green\n")
      #expect(answered.status == 1)
      #expect(answered.output.contains("] Which colour? /answer TEXT answers."), "\(answered.complaints)")
      #expect(answered.output.contains("Answered: Which colour?"))
      #expect(answered.output.contains("It shall be: "))
      #expect(answered.output.contains("Blue, please"))
      #expect(answered.complaints.contains("Nothing is asked."))

      let left = try await Program.run(arguments, input: "Compare the gardens\nCompare the trees\n")
      #expect(left.complaints.contains("): Which colour? A companion with this store takes /answer."))
      let listed = try await Program.run(arguments, input: "/status\n/answer Blue\n/answer\n")
      #expect(listed.complaints.contains("2 things are asked. Name the one that is meant"))
      let line = try #require(listed.lines.last { $0.hasPrefix("[question ") })
      let name = line.dropFirst("[question ".count).prefix { $0 != "]" }
      let named = try await Program.run(
        arguments, input: "/answer \(name)\n/answer \(name) Red\n/answer White\n")
      #expect(named.complaints.contains("What is the answer?"))
      #expect(named.output.contains("Red") && named.output.contains("White"))
      #expect(named.output.count(of: "Answered: Which colour?") == 2)
      #expect(server.counts.requests > 0)
    }
  }

  @Test func `as JSON a question is an event`() async throws {
    let server = try server()
    let arguments = ProgramProviderTests.arguments(server) + ["--json"]
    let result = try await Program.run(arguments, input: "Compare the shops\n/answer Blue\n")
    let events = try result.lines.map { try JSONDecoder().decode(JSONValue.self, from: Data($0.utf8)) }
    let asked = try #require(events.first { $0["type"] == "task.waiting" })
    #expect(asked["question"] == "Which colour?")
    #expect(events.contains { $0["type"] == "task.woken" && $0["has_input"] == true })
    #expect(events.contains { $0["type"] == "task.completed" })
    #expect(server.counts.requests > 0)
  }
}

extension String {
  fileprivate func count(of text: String) -> Int { ranges(of: text).count }
}
