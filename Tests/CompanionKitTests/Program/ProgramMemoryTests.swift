import Foundation
import Testing

/// What the `companion` program remembers, and forgets.
struct ProgramMemoryTests {
  private static func run(
    _ store: String, _ input: String, _ options: String...
  ) async throws -> Program.Result {
    try await Program.run(["--store", store] + options, input: input)
  }

  @Test func `what was told in one conversation is known in another, and not when it has been forgotten`()
    async throws
  {
    try await withFolder { folder in
      let store = "\(folder)/demo.db"
      let told = try await Self.run(store, "I have moved to Kyoto, and I work as a baker.\n/memory now\n")
      #expect(told.status == 0)
      #expect(told.output.contains("user moved to Kyoto"))
      #expect(told.output.contains("memory about you"))
      #expect(told.output.contains("last run"))
      let asked = try await Self.run(store, "Where have I moved to?\n/recall baker\n/history\n", "--new")
      #expect(asked.lines.first?.contains("Kyoto") == true)
      #expect(asked.output.contains("you, in another conversation"))
      #expect(asked.output.contains("1  ") && asked.output.contains("you: Where have I moved to?"))

      let question = try await Self.run(store, "/forget me\n/memory\n")
      #expect(question.output.contains("cannot be undone") && question.output.contains("/forget! me"))
      #expect(question.output.contains("user moved to Kyoto"))
      let forgotten = try await Self.run(store, "/forget! me\n/memory\nWhere have I moved to?\n")
      #expect(forgotten.status == 0, "\(forgotten.complaints)")
      #expect(forgotten.output.contains("Forgotten: 2 conversations"))
      #expect(forgotten.output.contains("A new conversation has begun."))
      #expect(forgotten.output.contains("Nothing is remembered here yet."))
      #expect(!forgotten.output.contains("Kyoto"))
      for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
        let bytes = try Data(contentsOf: URL(filePath: "\(folder)/\(file)"))
        #expect(bytes.firstRange(of: Data("Kyoto".utf8)) == nil, "\(file)")
      }
    }
  }

  @Test func `a statement is remembered, and a message forgotten, by its number`() async throws {
    let result = try await Program.run(
      ["--store", "memory"],
      input: """
        /remember My cat is called Miso.
        /remember My cat is called Miso.
        My sister lives in Lima.
        /forget message 1
        /forget! message 1
        /forget! message 99
        /history
        /recall cat
        /recall Lima
        /forget! conversation
        Hello again.

        """)
    let lines = result.lines
    #expect(lines.prefix(2) == ["It is remembered.", "It was known already."])
    #expect(result.output.contains("Message 1 goes, with its answers"))
    #expect(result.output.contains("Forgotten: 2 messages"))
    #expect(result.output.contains("you: [deleted]"))
    #expect(result.output.contains("    My cat is called Miso."))
    #expect(result.output.contains("Nothing was found."))
    #expect(result.complaints.contains("There is no message 99"))
    #expect(lines.last?.hasPrefix("Hello.") == true)
  }

  @Test(arguments: [
    "/forget", "/forget it", "/forget message", "/forget! message x", "/recall", "/memory later",
  ])
  func `what cannot be meant is answered with what can be`(command: String) async throws {
    let result = try await Program.run(["--store", "memory"], input: command + "\n")
    #expect(result.status == 1)
    #expect(result.complaints.hasPrefix("companion: Usage: /"))
  }
}
