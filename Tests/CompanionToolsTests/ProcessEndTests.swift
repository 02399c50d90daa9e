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

@Suite struct `How programs end` {
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
          let loop = "while :; do sleep 600; done"
          return try await tool.call([
            "shell_command": .string(
              "trap '' TERM; (trap '' TERM; \(loop)) & echo $! > child; echo $$ > pid; \(loop)")
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
        let number = try workshop.number(at: name)
        #expect(number > 0)
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

  @Test(.enabled(if: isThere("setsid")))
  func `one that has left the session and holds the output open holds up nobody`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let output = try await tool.call([
        "shell_command":
          "setsid sh -c 'echo $$ > pid; exec sleep 600' & while ! [ -s pid ]; do :; done; echo done"
      ])
      #expect(output.content == "Exit status 0.\ndone\n")
      let number = try workshop.number(at: "pid")
      #expect(number > 0)
      kill(number, SIGKILL)
    }
  }

  @Test(.enabled(if: isThere("timeout")))
  func `what has gone into a group of its own is killed with the session`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let output = try await tool.call([
        "shell_command":
          "timeout 600 sh -c 'echo $$ > pid; exec sleep 600' & while ! [ -s pid ]; do :; done; echo $!"
      ])
      let numbers = [
        Int32(output.content.split(separator: "\n").last ?? "") ?? 0, try workshop.number(at: "pid"),
      ]
      for number in numbers {
        #expect(number > 0)
        try await untilGone(number)
      }
    }
  }

  @Test func `one that prints without end is stopped, and no more is kept than fits`() async throws {
    try await Workshop.with { workshop in
      let clock = FakeClock()
      let tool = try ProcessRunner(
        files: workshop.files, allowsShell: true, outputBytes: 1_000, time: clock
      ).tool
      try await withThrowingTaskGroup { group in
        group.addTask { try await tool.call(["shell_command": "echo > started; exec yes"]) }
        await clock.sleepers(atLeast: 1)
        try await untilThere("\(workshop.folder)/started")
        clock.advance(by: .seconds(60))
        let failure = await #expect(throws: ToolFailure.self) { _ = try await group.next() }
        guard case .timedOut(_, let output) = failure else {
          Issue.record("\(String(describing: failure))")
          return
        }
        #expect(output.utf8.count < 1_100)
      }
    }
  }

  @Test func `one that closes its output goes on`() async throws {
    try await Workshop.with { workshop in
      let tool = try ProcessRunner(files: workshop.files, allowsShell: true, time: .system).tool
      let output = try await tool.call(["shell_command": "echo x; exec >&- 2>&-; echo > done; exit 4"])
      #expect(output == ToolOutput("Exit status 4.\nx\n", isError: true))
      #expect(try workshop.text(at: "done") == "\n")
    }
  }

  /// Whether the system has a program that a test needs.
  private static func isThere(_ program: String) -> Bool {
    FileManager.default.isExecutableFile(atPath: "/usr/bin/\(program)")
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
