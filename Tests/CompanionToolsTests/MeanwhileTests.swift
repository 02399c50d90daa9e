import CompanionDomain
import CompanionPorts
import CompanionTools
import Foundation
import Synchronization
import Testing

/// The name of the temporary file is asked for when a tool has looked at what it will replace, and has replaced
/// nothing: who gives the name can do something just then.
@Suite struct `What happens while a file is written` {
  @Test(arguments: ["write_file", "edit_file"])
  func `a file that somebody else changes is not replaced`(tool: String) async throws {
    let moment = Moment()
    try await Workshop.with(random: moment) { workshop in
      try workshop.put("old", at: "a")
      moment.set { try? workshop.put("theirs", at: "a") }
      #expect(try await workshop.failure(tool, Self.arguments(tool)) == .changedMeanwhile(path: "a"))
      #expect(try workshop.text(at: "a") == "theirs")
      #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.folder) == ["a"])
    }
  }

  @Test func `a file that somebody else makes is not replaced`() async throws {
    let moment = Moment()
    try await Workshop.with(random: moment) { workshop in
      moment.set { try? workshop.put("theirs", at: "a") }
      let failure = try await workshop.failure("write_file", Self.arguments("write_file"))
      #expect(failure == .changedMeanwhile(path: "a"))
      #expect(try workshop.text(at: "a") == "theirs")
    }
  }

  @Test(arguments: ["write_file", "edit_file"])
  func `a link that comes into its place is not followed`(tool: String) async throws {
    let moment = Moment()
    try await Workshop.with(random: moment) { workshop in
      try workshop.put("old", at: "a")
      moment.set {
        PathCall.remove("\(workshop.folder)/a")
        PathCall.makeLink("\(workshop.folder)/a", to: "../secret.txt")
      }
      #expect(try await workshop.failure(tool, Self.arguments(tool)) == .changedMeanwhile(path: "a"))
      let secret = try Data(contentsOf: URL(filePath: "\(workshop.base)/secret.txt"))
      #expect(String(decoding: secret, as: UTF8.self) == Workshop.secret)
      #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.folder) == ["a"])
    }
  }

  @Test func `a folder that becomes a link to another is written to where it is`() async throws {
    let moment = Moment()
    try await Workshop.with(random: moment) { workshop in
      try workshop.put("old", at: "folder/secret.txt")
      moment.set {
        PathCall.exchange("\(workshop.folder)/folder", with: "\(workshop.folder)/aside")
        PathCall.makeLink("\(workshop.folder)/folder", to: workshop.base)
      }
      try await workshop.call("write_file", ["path": "folder/secret.txt", "content": "new"])
      #expect(try workshop.text(at: "aside/secret.txt") == "new")
      let secret = try Data(contentsOf: URL(filePath: "\(workshop.base)/secret.txt"))
      #expect(String(decoding: secret, as: UTF8.self) == Workshop.secret)
    }
  }

  @Test(arguments: ["write_file", "edit_file"])
  func `a call that is cancelled leaves what was there, and nothing beside it`(tool: String) async throws {
    let moment = Moment()
    try await Workshop.with(random: moment) { workshop in
      try workshop.put("old", at: "a")
      moment.set { unsafe withUnsafeCurrentTask { unsafe $0?.cancel() } }
      try await withThrowingTaskGroup(of: ToolFailure?.self) { group in
        group.addTask { try await workshop.failure(tool, Self.arguments(tool)) }
        let failure = try await group.next() ?? nil
        #expect(failure == .cancelled)
      }
      #expect(try workshop.text(at: "a") == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.folder) == ["a"])
    }
  }

  @Test func `what is refused leaves nothing open`() async throws {
    try await Workshop.with { workshop in
      try workshop.put(Data([0xFF]), at: "folder/bytes")
      try workshop.link("folder/link", to: "..")
      let before = try Workshop.openFiles()
      for round in 0..<300 {
        let path = ["folder/bytes", "folder/link/x", "folder/missing", "folder"][round % 4]
        for (tool, arguments) in `Nothing outside of the workspace`.calls(path) where tool != "write_file" {
          _ = try await workshop.failure(tool, arguments)
        }
      }
      // Other tests open and close files meanwhile.
      #expect(try Workshop.openFiles() < before + 150)
    }
  }

  private static func arguments(_ tool: String) -> JSONValue {
    tool == "edit_file"
      ? ["path": "a", "old_text": "old", "new_text": "new"] : ["path": "a", "content": "new"]
  }
}

/// Numbers, and something that happens when the first is asked for.
private final class Moment: RandomSource {
  private let action = Mutex<(@Sendable () -> Void)?>(nil)

  func set(_ action: @escaping @Sendable () -> Void) { self.action.withLock { $0 = action } }

  func nextBits() -> UInt64 {
    let action = action.withLock { action in
      defer { action = nil }
      return action
    }
    action?()
    return 7
  }
}
