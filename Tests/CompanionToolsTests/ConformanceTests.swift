import CompanionDomain
import CompanionPorts
import CompanionSystem
import CompanionTesting
import CompanionTools
import Testing

@Suite struct `The tools keep the promises of the port` {
  private static let examples: [(tool: String, arguments: [JSONValue])] = [
    ("read_file", [["path": "a.txt"], ["path": "sub/b.txt", "first_line": 1, "line_count": 1]]),
    ("list_files", [[:], ["folder": "sub", "depth": 3, "pattern": "*.txt"]]),
    (
      "search_files", [["text": "one"], ["text": "two", "folder": "sub", "pattern": "*.txt", "exact": true]]
    ),
    (
      "write_file",
      [["path": "c.txt", "content": "new"], ["path": "x/y", "content": "", "create_folders": true]]
    ),
    ("edit_file", [["path": "a.txt", "old_text": "one", "new_text": "1", "all": true]]),
    ("delete_file", [["path": "a.txt"]]),
  ]

  @Test(arguments: examples.map(\.tool), ToolConformance.checks)
  func `a file tool keeps it`(name: String, check: ConformanceCheck<ToolUnderTest>) async throws {
    try await Workshop.with { workshop in
      let examples = Self.examples.first { $0.tool == name }?.arguments ?? []
      let subject = ToolUnderTest(
        try workshop.tool(name), examples: examples,
        prepare: {
          try workshop.put("one\ntwo\none", at: "a.txt")
          try workshop.put("two", at: "sub/b.txt")
        },
        describeWorld: { try workshop.world() })
      try await subject.prepare()
      try await check.run(on: subject, within: .seconds(60), measuredBy: .system)
    }
  }

  @Test(arguments: [false, true], ToolConformance.checks)
  func `the runner of programs keeps it`(
    allowsShell: Bool, check: ConformanceCheck<ToolUnderTest>
  ) async throws {
    try await Workshop.with { workshop in
      let runner = try ProcessRunner(
        files: workshop.files, allowsShell: allowsShell, timeout: .seconds(5), time: .system)
      let examples: [JSONValue] = [
        ["program": "echo", "arguments": ["a", "b"]], ["program": "/bin/pwd", "folder": "sub"],
      ]
      let subject = ToolUnderTest(
        runner.tool, examples: examples, prepare: { try workshop.put("two", at: "sub/b.txt") },
        describeWorld: { try workshop.world() })
      try await subject.prepare()
      try await check.run(on: subject, within: .seconds(120), measuredBy: .system)
    }
  }
}
