import CompanionDomain
import CompanionPorts
import CompanionSystem
import CompanionTesting
import CompanionTools
import Foundation
import Testing

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

@Suite struct `Running programs` {
  @Test func `a program gets its arguments as they are, and no shell is between`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      let output = try await tool.call([
        "program": "printf", "arguments": ["%s|", "a b", "$HOME", "*", "; ls", "", "猫"],
      ])
      #expect(output == ToolOutput("Exit status 0.\na b|$HOME|*|; ls||猫|"))
    }
  }

  @Test func `a status other than 0, and a signal, are told`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let failed = try await tool.call(["shell_command": "echo out; echo err >&2; exit 3"])
      #expect(failed == ToolOutput("Exit status 3.\nout\nerr\n", isError: true))
      let killed = try await tool.call(["shell_command": "kill -9 $$"])
      #expect(killed == ToolOutput("Ended by signal 9. It printed nothing.", isError: true))
    }
  }

  @Test func `it starts in its folder, with no environment and no input but what it is given`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("x", at: "sub/file")
      _ = unsafe setenv("COMPANION_TEST_SECRET", "secret", 1)
      let runner = try ProcessRunner(files: workshop.files, environment: ["A": "b c"], time: .system)
      #expect(try await runner.tool.call(["program": "env"]).content == "Exit status 0.\nA=b c\n")
      let list = try await runner.tool.call(["program": "ls", "folder": "sub"])
      #expect(list.content == "Exit status 0.\nfile\n")
      #expect(try await runner.tool.call(["program": "cat"]).content == "Exit status 0. It printed nothing.")
    }
  }

  @Test func `no signal is ignored or blocked there, whatever is here`() async throws {
    try await Workshop.with { workshop in
      _ = signal(SIGPIPE, SIG_IGN)
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let killed = try await tool.call(["shell_command": "kill -13 $$"])
      #expect(killed.content.hasPrefix("Ended by signal 13."))
      guard FileManager.default.fileExists(atPath: "/proc/self/status") else { return }
      let masks = try await tool.call([
        "program": "grep", "arguments": ["-E", "^Sig(Blk|Ign)", "/proc/self/status"],
      ])
      let numbers = masks.content.split(separator: "\n").dropFirst()
        .compactMap { UInt64($0.split(separator: "\t").last ?? "", radix: 16) }
      #expect(numbers.count == 2)
      // glibc has the signals 32 and 33 for itself, and nobody else may set what becomes of them.
      #expect(numbers.allSatisfy { $0 & ~0x1_8000_0000 == 0 }, "\(masks.content)")
    }
  }

  @Test func `nothing that is open here is open there`() async throws {
    try await Workshop.with { workshop in
      let null = unsafe open("/dev/null", O_RDONLY)
      defer { close(null) }
      // A number that no other file of a small program has.
      let descriptor = fcntl(null, F_DUPFD, 200)
      defer { close(descriptor) }
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let output = try await tool.call(["shell_command": "for f in /dev/fd/*; do echo ${f##*/}; done"])
      // Beside the first three, the shell has the folder open that it lists.
      let numbers = output.content.split(separator: "\n").dropFirst().compactMap { Int($0) }
      #expect(descriptor >= 200 && !numbers.contains(Int(descriptor)))
      #expect(numbers.count <= 4)
    }
  }

  @Test func `a program of the workspace runs, and one outside of it is not reached by a way out`()
    async throws
  {
    try await Workshop.with { workshop in
      try workshop.put("#!/bin/sh\necho ours\n", at: "bin/ours.sh")
      PathCall.setRights("\(workshop.folder)/bin/ours.sh", 0o755)
      try workshop.put("x", at: "bin/plain")
      try workshop.link("out", to: "..")
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      #expect(try await tool.call(["program": "bin/ours.sh"]).content == "Exit status 0.\nours\n")
      for program in ["bin/plain", "../x", "out/x", "bin/../../x", "bin"] {
        await #expect(throws: ToolFailure.self) { try await tool.call(["program": .string(program)]) }
      }
      for folder in ["..", "/", "out", "bin/plain", "missing"] {
        await #expect(throws: ToolFailure.self) {
          try await tool.call(["program": "pwd", "folder": .string(folder)])
        }
      }
    }
  }

  @Test func `a program that somebody is writing is not started, and one that was just written is`()
    async throws
  {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      for number in 0..<20 {
        try workshop.put("#!/bin/sh\necho \(number)\n", at: "run/it")
        PathCall.setRights("\(workshop.folder)/run/it", 0o755)
        #expect(try await tool.call(["program": "run/it"]).content == "Exit status 0.\n\(number)\n")
      }
      #if os(Linux)
        let writing = unsafe open("\(workshop.folder)/run/it", O_WRONLY | O_CLOEXEC)
        let failure = await #expect(throws: ToolFailure.self) { try await tool.call(["program": "run/it"]) }
        #expect(failure == .unavailable("“run/it” cannot be started: Text file busy."))
        close(writing)
        #expect(try await tool.call(["program": "run/it"]).content.hasPrefix("Exit status 0."))
      #endif
    }
  }

  @Test func `no shell is there unless the host allows it`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      #expect(tool.description.parameters["properties"]?["shell_command"] == nil)
      await #expect(throws: ToolFailure.self) { try await tool.call(["shell_command": "echo x"]) }
    }
  }

  @Test func `of long outputs the beginning and the end are kept`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(
        files: workshop.files, allowsShell: true, outputBytes: 1_000, time: .system
      ).tool
      let output = try await tool.call([
        "shell_command": "echo begin; head -c 5000000 /dev/zero | tr '\\0' x; echo end"
      ])
      #expect(output.isTruncated)
      #expect(output.content.utf8.count < 1_200)
      #expect(output.content.hasPrefix("Exit status 0.\nbegin\nxxx"))
      #expect(output.content.hasSuffix("xxxend\n"))
      #expect(output.content.contains("bytes left out"))
    }
  }

  @Test func `what cannot be started is told`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      for program in ["no-such-program", "/no/such/program", "/", "/etc/passwd"] {
        let failure = await #expect(throws: ToolFailure.self) {
          try await tool.call(["program": .string(program)])
        }
        guard case .unavailable = failure else {
          Issue.record("\(program): \(String(describing: failure))")
          continue
        }
      }
      let long = JSONValue.array(Array(repeating: "x", count: 1_001))
      await #expect(throws: ToolFailure.self) { try await tool.call(["program": "echo", "arguments": long]) }
      await #expect(throws: ToolFailure.self) {
        try await tool.call(["program": "echo", "arguments": ["a\0b"]])
      }
    }
  }

  @Test func `no more programs run at once than a runner may have`() async throws {
    try await Workshop.with { workshop in
      let clock = FakeClock()
      let tool = try ProcessRunner(files: workshop.files, gracePeriod: .zero, time: clock).tool
      await withThrowingTaskGroup { group in
        for _ in 0..<32 {
          group.addTask { _ = try await tool.call(["program": "sleep", "arguments": ["600"]]) }
        }
        await clock.sleepers(atLeast: 32)
        let failure = await #expect(throws: ToolFailure.self) { try await tool.call(["program": "true"]) }
        #expect(failure == .unavailable("32 programs are running. Call again when one has ended."))
        group.cancelAll()
        while let result = await group.nextResult() {
          #expect(throws: ToolFailure.cancelled) { try result.get() }
        }
      }
      #expect(try await tool.call(["program": "true"]).content.hasPrefix("Exit status 0."))
    }
  }

  @Test func `nothing is left open or waiting, whether a program starts or not`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let before = try Workshop.openFiles()
      for _ in 0..<100 {
        await #expect(throws: ToolFailure.self) { try await tool.call(["program": "/etc/passwd"]) }
        let output = try await tool.call(["shell_command": "echo $$"])
        let number = Int32(output.content.split(separator: "\n").last ?? "") ?? 0
        // What has ended and was not waited for would still be there.
        #expect(number > 0 && !PathCall.isRunning(number))
      }
      // Other tests open and close files meanwhile.
      #expect(try Workshop.openFiles() < before + 80)
    }
  }

  @Test func `a workspace that was moved starts no program of what has come into its place`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      try workshop.put("#!/bin/sh\necho ours\n", at: "bin/x")
      PathCall.setRights("\(workshop.folder)/bin/x", 0o755)
      #expect(try await tool.call(["program": "bin/x"]).content == "Exit status 0.\nours\n")
      PathCall.exchange(workshop.folder, with: "\(workshop.base)/moved")
      try workshop.put("#!/bin/sh\necho theirs\n", at: "bin/x")
      PathCall.setRights("\(workshop.folder)/bin/x", 0o755)
      let failure = await #expect(throws: ToolFailure.self) { try await tool.call(["program": "bin/x"]) }
      #expect(failure == .unavailable("The workspace is no longer where it was opened. Open it again."))
    }
  }

  @Test(arguments: [
    ("a", ["b c", "d"], "run: a “b c” d"), ("a", ["b” “c"], "run: a “b\\” \\“c”"),
    ("a”", ["", "\\n", "\n"], "run: “a\\”” “” “\\\\n” “\\n”"), ("a", ["b\u{200B}c"], "run: a b\\u{200b}c"),
  ]) func `a person sees which words a program is given`(
    program: String, words: [String], summary: String
  ) async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      let arguments: JSONValue = [
        "program": .string(program), "arguments": .array(words.map { .string($0) }),
      ]
      #expect(tool.summary(of: arguments) == summary)
    }
  }

  @Test func `many programs run at once`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      try await withThrowingTaskGroup { group in
        for number in 0..<30 {
          group.addTask {
            let output = try await tool.call(["program": "echo", "arguments": [.string("\(number)")]])
            #expect(output.content == "Exit status 0.\n\(number)\n")
          }
        }
        try await group.waitForAll()
      }
    }
  }
}
