import Foundation
import Testing

/// The `companion` program as a person in a terminal has it.
struct ProgramTerminalTests {
  /// Runs a body with a terminal whose companion may work in a folder with `notes.md`, which is asked to delete that.
  private func withTerminal(
    typing lines: String, _ body: (Program, _ isThere: () -> Bool) async throws -> Void
  ) async throws {
    try await withFolder { folder in
      let workspace = "\(folder)/workspace"
      try FileManager.default.createDirectory(atPath: workspace, withIntermediateDirectories: true)
      try "Buy milk.".write(toFile: "\(workspace)/notes.md", atomically: true, encoding: .utf8)
      let program = try Program(
        ["--store", "\(folder)/demo.db", "--workspace", workspace], environment: ["TERM": "dumb"],
        hasTerminal: true)
      // The second message is taken when the first one has become work.
      program.write("delete notes.md\nHello\n" + lines)
      do {
        try await body(program) { FileManager.default.fileExists(atPath: "\(workspace)/notes.md") }
      } catch {
        program.send(SIGKILL)
        throw error
      }
      program.write("/quit\n")
      #expect(await program.end().status == 0)
      program.endInput()
    }
  }

  private static let refusal = "Nothing was answered, because this has not been asked here before"

  @Test(arguments: ["/approve\n", "y\n"])
  func `lines that were typed before a question is printed do not answer it`(line: String) async throws {
    // The first of these wait until something is asked; the others are there already when it is printed.
    let lines = String(repeating: "/answer me\n", count: 20) + String(repeating: line, count: 4) + "/mode\n"
    try await withTerminal(typing: lines) { program, isThere in
      let before = await program.output { $0.contains("enhanced: answers come with memory") }
      try #require(before.contains("It wants to delete “notes.md”"))
      try #require(before.contains(Self.refusal) && !before.contains("Allowed"))
      #expect(isThere())
      // What is typed now has been asked before, as soon as the program waits for it.
      var output = before
      for _ in 1...100 where !output.contains("Allowed") {
        let refusals = output.ranges(of: Self.refusal).count
        program.write(line)
        output = await program.output {
          $0.contains("Allowed") || $0.ranges(of: Self.refusal).count > refusals
        }
      }
      #expect(output.contains("Allowed: delete “notes.md”"))
      _ = await program.output { $0.contains("I have deleted notes.md") }
      #expect(!isThere())
    }
  }
}
