import CompanionDomain
import CompanionPorts
import CompanionTesting
import CompanionTools
import Foundation
import Testing

@Suite struct `Listing and searching` {
  @Test func `a listing is sorted, goes as deep as it is asked, and tells sizes`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("12", at: "b.txt")
      try workshop.put("1", at: "a/x/deep.md")
      try workshop.put("123", at: "a/note.md")
      #expect(try await workshop.call("list_files", [:]) == "a/  (folder)\nb.txt  (2 bytes)")
      #expect(
        try await workshop.call("list_files", ["depth": 9])
          == "a/  (folder)\na/note.md  (3 bytes)\na/x/  (folder)\na/x/deep.md  (1 bytes)\nb.txt  (2 bytes)")
      #expect(
        try await workshop.call("list_files", ["pattern": "*.md"])
          == "a/note.md  (3 bytes)\na/x/deep.md  (1 bytes)")
      #expect(try await workshop.call("list_files", ["pattern": "a/*.md"]) == "a/note.md  (3 bytes)")
      #expect(try await workshop.call("list_files", ["folder": "a/x"]) == "a/x/deep.md  (1 bytes)")
    }
  }

  @Test func `of thousands of files as many are listed as fit, and that is said`() async throws {
    // How long it takes does not count.
    try await Workshop.with(time: FakeClock()) { workshop in
      for number in 0..<3_000 { try workshop.put("needle", at: "many/f\(number)") }
      let output = try await workshop.tool("list_files").call(["folder": "many"])
      #expect(output.isTruncated)
      #expect(output.content.split(separator: "\n").count == 1_001)
      #expect(output.content.hasSuffix("[there are more; list a smaller folder]"))
      let found = try await workshop.tool("search_files").call(["text": "NEEDLE"])
      #expect(found.content.split(separator: "\n").count == 201)
      #expect(found.isTruncated)
    }
  }

  @Test(.enabled(if: !PathCall.isRoot, "The system's administrator may look at everything."))
  func `a folder that may not be read is told of, and not left out in silence`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("x", at: "closed/a")
      PathCall.setRights("\(workshop.folder)/closed", 0o000)
      let output = try await workshop.tool("list_files").call(["depth": 2])
      PathCall.setRights("\(workshop.folder)/closed", 0o755)
      #expect(output.content == "closed/  (folder)\n[folders that could not be read: 1]")
      #expect(output.isTruncated)
    }
  }

  @Test func `names that are no paths are shown safely`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("x", at: "two\nlines")
      try workshop.put("x", at: "\u{202E}gpj.exe")
      let list = try await workshop.call("list_files", [:])
      #expect(list.contains("two\\nlines  (1 bytes, and its name cannot be written in a path)"))
      #expect(!list.unicodeScalars.contains("\u{202E}"))
    }
  }

  @Test func `a search finds lines whatever their case and form of Unicode`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("nothing\nA CAFE\u{301} here\r\n", at: "a.txt")
      try workshop.put("café", at: "sub/b.md")
      try workshop.put(Data([0, 1, 2]), at: "c.bin")
      #expect(
        try await workshop.call("search_files", ["text": "café"])
          == "a.txt:2: A CAFE\u{301} here\nsub/b.md:1: café\n"
          + "[1 files were not searched: they are no text, too large, or cannot be read]")
      #expect(
        try await workshop.call("search_files", ["text": "café", "exact": true, "pattern": "**/*.md"])
          == "sub/b.md:1: café")
    }
  }

  @Test func `a search that takes too long ends, and says so`() async throws {
    let time = RunningClock(step: .seconds(1))
    try await Workshop.with(time: time) { workshop in
      for number in 0..<100 { try workshop.put("x", at: "f\(number)") }
      let output = try await workshop.tool("search_files").call(["text": "nowhere"])
      #expect(output.isTruncated)
      #expect(output.content.contains("took longer than 20.0 seconds"))
    }
  }

  @Test func `a folder with too many entries is not looked at whole, and that is said`() async throws {
    var limits = WorkspaceFileLimits()
    limits.folderEntries = 10
    try await Workshop.with(limits: limits) { workshop in
      for number in 0..<20 { try workshop.put("x", at: "f\(number)") }
      let output = try await workshop.tool("list_files").call([:])
      #expect(
        output.content.hasSuffix("[folders with more entries than were looked at: 1]"))
      #expect(output.isTruncated)
    }
  }
}
