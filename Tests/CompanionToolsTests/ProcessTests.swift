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

  @Test func `nothing that is open here is open there`() async throws {
    try await Workshop.with { workshop in
      let descriptor = unsafe open("/dev/null", O_RDONLY)
      defer { close(descriptor) }
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let output = try await tool.call(["shell_command": "for f in /dev/fd/*; do echo ${f##*/}; done"])
      // Beside the first three, the shell has the folder open that it lists.
      let numbers = output.content.split(separator: "\n").dropFirst().compactMap { Int($0) }
      #expect(numbers.contains(descriptor.magnitude > 9 ? Int(descriptor) : -1) == false)
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

  @Test func `a program that takes too long is stopped, and what it said comes with that`() async throws {
    try await Workshop.with { workshop in
      let clock = FakeClock()
      let tool = try ProcessRunner(
        files: workshop.files, allowsShell: true, timeout: .seconds(30), time: clock
      ).tool
      try await withThrowingTaskGroup { group in
        group.addTask {
          try await tool.call(["shell_command": "echo started; echo $$ > pid; sleep 600"])
        }
        await clock.sleepers(atLeast: 1)
        try await untilThere("\(workshop.folder)/pid")
        clock.advance(by: .seconds(30))
        let failure = await #expect(throws: ToolFailure.self) { _ = try await group.next() }
        #expect(failure == .timedOut(after: .seconds(30), output: "started\n"))
      }
    }
  }

  @Test func `one that does not end when it is told to is killed, with all that it has started`() async throws
  {
    try await Workshop.with { workshop in
      let clock = FakeClock()
      let tool = try ProcessRunner(
        files: workshop.files, allowsShell: true, timeout: .seconds(30), gracePeriod: .seconds(5), time: clock
      ).tool
      try await withThrowingTaskGroup { group in
        group.addTask {
          try await tool.call([
            "shell_command":
              "trap '' TERM; (trap '' TERM; while :; do sleep 600; done) & echo $! > child; echo $$ > pid; while :; do sleep 600; done"
          ])
        }
        await clock.sleepers(atLeast: 1)
        try await untilThere("\(workshop.folder)/pid")
        group.cancelAll()
        // The grace is waited for even though the call was cancelled.
        await clock.sleepers(atLeast: 1)
        clock.advance(by: .seconds(5))
        let failure = await #expect(throws: ToolFailure.self) { _ = try await group.next() }
        #expect(failure == .cancelled)
      }
      for name in ["pid", "child"] {
        let number = Int32(try workshop.text(at: name).trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
        try await untilGone(number)
      }
    }
  }

  @Test func `what a program leaves behind is killed when it ends`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let output = try await tool.call(["shell_command": "sleep 600 & echo $!"])
      let number = Int32(output.content.split(separator: "\n").last ?? "") ?? 0
      #expect(number > 0)
      try await untilGone(number)
    }
  }

  @Test func `one that has left the session and holds the output open holds up nobody`() async throws {
    guard FileManager.default.isExecutableFile(atPath: "/usr/bin/setsid") else { return }
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let output = try await tool.call([
        "shell_command":
          "setsid sh -c 'echo $$ > pid; exec sleep 600' & while ! [ -s pid ]; do :; done; echo done"
      ])
      #expect(output.content == "Exit status 0.\ndone\n")
      let number = Int32(try workshop.text(at: "pid").trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
      #expect(number > 0)
      kill(number, SIGKILL)
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

  @Test func `many programs run at once`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, time: .system).tool
      try await withThrowingTaskGroup { group in
        for number in 0..<40 {
          group.addTask {
            let output = try await tool.call(["program": "echo", "arguments": [.string("\(number)")]])
            #expect(output.content == "Exit status 0.\n\(number)\n")
          }
        }
        try await group.waitForAll()
      }
    }
  }

  /// Waits for what another process does, for which there is nothing else to wait on.
  private func untilThere(_ path: String) async throws {
    while (try? String(contentsOfFile: path, encoding: .utf8))?.hasSuffix("\n") != true {
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  private func untilGone(_ number: Int32) async throws {
    while Self.isAlive(number) {
      try Task.checkCancellation()
      await Task.yield()
    }
  }

  /// Not one that has ended and whose parent has not asked yet.
  private static func isAlive(_ number: Int32) -> Bool {
    guard PathCall.isRunning(number) else { return false }
    let status = try? String(contentsOfFile: "/proc/\(number)/stat", encoding: .utf8)
    return status.map { !$0.contains(") Z ") } ?? true
  }
}
