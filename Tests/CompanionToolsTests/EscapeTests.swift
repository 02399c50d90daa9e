import CompanionDomain
import CompanionPorts
import CompanionSystem
import CompanionTools
import Foundation
import Testing

@Suite struct `Nothing outside of the workspace` {
  static let outside = [
    "../secret.txt", "..", "a/../../secret.txt", "./../secret.txt", "a/..", "/etc/passwd", "/",
    "//etc/passwd",
    "", "a//b", "a/./b", "a\0b", "secret.txt\0", "a\nb", "a\rb", "a\u{7F}b", "a\u{85}b", "a\u{2028}b",
    "a\u{202E}b", "\u{1B}[31m", String(repeating: "a", count: 256), String(repeating: "猫", count: 86),
    Array(repeating: "a", count: 65).joined(separator: "/"), String(repeating: "a/", count: 2_100) + "a",
  ]

  /// Calls of each tool that takes a path.
  static func calls(_ path: String) -> [(String, JSONValue)] {
    [
      ("read_file", ["path": .string(path)]),
      ("write_file", ["path": .string(path), "content": "x", "create_folders": true]),
      ("edit_file", ["path": .string(path), "old_text": "secret", "new_text": "x"]),
      ("delete_file", ["path": .string(path)]),
      ("list_files", ["folder": .string(path)]),
      ("search_files", ["folder": .string(path), "text": "secret"]),
    ]
  }

  @Test(arguments: outside)
  func `a path that leads out, or is none, is refused by every tool`(path: String) async throws {
    try await Workshop.with { workshop in
      try workshop.put("x", at: "a/b")
      let before = try workshop.world()
      for (tool, arguments) in Self.calls(path) {
        let failure = try await workshop.failure(tool, arguments)
        guard case .refused = failure else {
          Issue.record("\(tool) of \(path.debugDescription): \(String(describing: failure))")
          continue
        }
      }
      #expect(try workshop.world() == before)
    }
  }

  @Test(arguments: ["link", "link/secret.txt", "folder/link", "inside", "loop", "dangling", "up/secret.txt"])
  func `a symbolic link is followed by no tool, wherever it leads`(path: String) async throws {
    try await Workshop.with { workshop in
      try workshop.put("ours", at: "folder/ours.txt")
      let target = path == "link" ? "../secret.txt" : ".."
      try workshop.link("link", to: target)
      try workshop.link("folder/link", to: "\(workshop.base)/secret.txt")
      try workshop.link("inside", to: "folder/ours.txt")
      try workshop.link("loop", to: "loop")
      try workshop.link("dangling", to: "../new.txt")
      try workshop.link("up", to: "..")
      let before = try workshop.world()
      for (tool, arguments) in Self.calls(path) {
        let failure = try await workshop.failure(tool, arguments)
        guard case .refused(_, let reason) = failure else {
          Issue.record("\(tool): \(String(describing: failure))")
          continue
        }
        #expect(reason.contains("symbolic link"))
      }
      #expect(try workshop.world() == before)
      #expect(!FileManager.default.fileExists(atPath: "\(workshop.base)/new.txt"))
    }
  }

  @Test func `a listing shows a link as one, and goes into none; a search reads through none`() async throws {
    try await Workshop.with { workshop in
      try workshop.link("link", to: "../secret.txt")
      try workshop.link("up", to: "..")
      let list = try await workshop.call("list_files", ["depth": 9])
      #expect(list == "link  (symbolic link, cannot be opened)\nup  (symbolic link, cannot be opened)")
      let found = try await workshop.call("search_files", ["text": "secret"])
      #expect(found == "It was found in none of 0 files.")
    }
  }

  @Test func `pipes, sockets and devices are refused at once`() async throws {
    try await Workshop.with { workshop in
      #expect(PathCall.makePipe("\(workshop.folder)/pipe"))
      #expect(PathCall.makeSocket("\(workshop.folder)/socket"))
      try workshop.link("zero", to: "/dev/zero")
      var names = ["pipe", "socket", "zero"]
      if PathCall.makeDevice("\(workshop.folder)/null") { names.append("null") }
      for name in names {
        for (tool, arguments) in Self.calls(name) {
          guard case .refused = try await workshop.failure(tool, arguments) else {
            Issue.record("\(tool) of \(name)")
            continue
          }
        }
      }
      #expect(try await workshop.call("search_files", ["text": "x"]) == "It was found in none of 0 files.")
      let list = try await workshop.call("list_files", [:])
      #expect(list.contains("pipe  (pipe, cannot be opened)\nsocket  (socket, cannot be opened)"))
      #expect(list.split(separator: "\n").count == names.count)
    }
  }

  @Test func `the devices of a whole system are refused`() async throws {
    let files = try WorkspaceFiles(folder: "/dev", time: .system, random: .system)
    let read = try #require(files.tools.first)
    for name in ["null", "zero", "tty", "random"] where FileManager.default.fileExists(atPath: "/dev/\(name)")
    {
      await #expect(throws: ToolFailure.refused(path: name, reason: Self.device)) {
        try await read.call(["path": .string(name)])
      }
    }
  }

  private static let device = "is a device, and only files are read and written"

  @Test(arguments: ["file", "folder"])
  func `a link that comes and goes while every tool is at work leads nowhere`(kind: String) async throws {
    try await Workshop.with { workshop in
      try workshop.put("ours", at: "place/secret.txt")
      let place = "\(workshop.folder)/\(kind == "file" ? "place/secret.txt" : "place")"
      let target = kind == "file" ? "\(workshop.base)/secret.txt" : workshop.base
      let swapping = Swapping(
        place, with: "\(workshop.folder)/link", to: target, by: "\(workshop.folder)/aside")
      let calls: [(String, JSONValue)] = [
        ("read_file", ["path": "place/secret.txt"]),
        ("list_files", ["folder": "place", "depth": 9]),
        ("search_files", ["text": "the secret", "folder": "place"]),
        ("edit_file", ["path": "place/secret.txt", "old_text": "the secret", "new_text": "lost"]),
        ("edit_file", ["path": "place/secret.txt", "old_text": "ours", "new_text": "ours, too"]),
        ("write_file", ["path": "place/secret.txt", "content": "ours"]),
        ("delete_file", ["path": "place/secret.txt"]),
        ("write_file", ["path": "place/secret.txt", "content": "ours"]),
      ]
      var done = 0
      var refused = 0
      for round in 0..<6_000 {
        let (tool, arguments) = calls[round % calls.count]
        do {
          let text = try await workshop.call(tool, arguments)
          #expect(!text.contains(Workshop.secret) && !text.contains("workspace"), "\(tool)")
          done += 1
        } catch let failure as ToolFailure {
          if case .refused = failure { refused += 1 }
        }
        if round > 800, done > 50, refused > 50 { break }
      }
      swapping.stop()
      #expect(done > 0)
      #expect(refused > 0)
      let secret = try Data(contentsOf: URL(filePath: "\(workshop.base)/secret.txt"))
      #expect(String(decoding: secret, as: UTF8.self) == Workshop.secret)
    }
  }
}
