import CompanionDomain
import CompanionPorts
import CompanionTools
import Foundation
import Testing

@Suite struct `Reading, writing, editing, deleting` {
  @Test func `what is written is read, in any language`() async throws {
    try await Workshop.with { workshop in
      let text = "Äpfel\n猫と犬\n🙂\n"
      let path = "notes/日記.md"
      let answer = try await workshop.call(
        "write_file", ["path": .string(path), "content": .string(text), "create_folders": true])
      #expect(answer == "Created notes/日記.md, \(text.utf8.count) bytes.")
      #expect(try await workshop.call("read_file", ["path": .string(path)]) == text)
      #expect(try workshop.text(at: path) == text)
    }
  }

  @Test func `folders are made only where that is asked for`() async throws {
    try await Workshop.with { workshop in
      let failure = try await workshop.failure("write_file", ["path": "a/b/c", "content": "x"])
      #expect(failure == .notFound(path: "a"))
      #expect(try workshop.world().contains("workspace/a") == false)
    }
  }

  @Test func `a file in a folder's place is told`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("x", at: "a")
      let failure = try await workshop.failure(
        "write_file", ["path": "a/b", "content": "x", "create_folders": true])
      #expect(failure == .refused(path: "a", reason: "is a file, and no folder"))
      try workshop.put("x", at: "folder/b")
      let other = try await workshop.failure("write_file", ["path": "folder", "content": "x"])
      #expect(other == .refused(path: "folder", reason: "is a folder"))
      let third = try await workshop.failure("read_file", ["path": "folder"])
      #expect(third == .refused(path: "folder", reason: "is a folder"))
    }
  }

  @Test func `a replaced file keeps its rights, and nothing is left beside it`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("old", at: "run.sh")
      PathCall.setRights("\(workshop.folder)/run.sh", 0o741)
      #expect(
        try await workshop.call("write_file", ["path": "run.sh", "content": "new"]).hasPrefix("Replaced"))
      try await workshop.call("edit_file", ["path": "run.sh", "old_text": "new", "new_text": "newer"])
      let attributes = try FileManager.default.attributesOfItem(atPath: "\(workshop.folder)/run.sh")
      #expect(attributes[.posixPermissions] as? Int == 0o741)
      #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.folder) == ["run.sh"])
    }
  }

  @Test func `another name of a file keeps its content when this one is written`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("old", at: "a")
      #expect(PathCall.makeHardLink("\(workshop.folder)/b", to: "\(workshop.base)/secret.txt"))
      #expect(try await workshop.call("read_file", ["path": "b"]) == Workshop.secret)
      try await workshop.call("write_file", ["path": "b", "content": "new"])
      let secret = try Data(contentsOf: URL(filePath: "\(workshop.base)/secret.txt"))
      #expect(String(decoding: secret, as: UTF8.self) == Workshop.secret)
    }
  }

  @Test(.enabled(if: !PathCall.isRoot, "The system's administrator may write everything."))
  func `a file that may not be written is not replaced, either`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("old", at: "a")
      PathCall.setRights("\(workshop.folder)/a", 0o444)
      for (tool, arguments) in `Nothing outside of the workspace`.calls("a").dropFirst().prefix(3) {
        let arguments: JSONValue =
          tool == "edit_file" ? ["path": "a", "old_text": "old", "new_text": "new"] : arguments
        #expect(try await workshop.failure(tool, arguments) == .notPermitted(path: "a"))
      }
      #expect(try workshop.text(at: "a") == "old")
      PathCall.setRights("\(workshop.folder)/a", 0o000)
      #expect(try await workshop.failure("read_file", ["path": "a"]) == .notPermitted(path: "a"))
    }
  }

  @Test func `what is too large is not read or written`() async throws {
    var limits = WorkspaceFileLimits()
    (limits.readBytes, limits.writeBytes) = (10, 5)
    try await Workshop.with(limits: limits) { workshop in
      try workshop.put("12345678901", at: "a")
      #expect(
        try await workshop.failure("read_file", ["path": "a"]) == .tooLarge(what: "a", bytes: 11, limit: 10))
      let failure = try await workshop.failure("write_file", ["path": "b", "content": "123456"])
      #expect(failure == .tooLarge(what: "b", bytes: 6, limit: 5))
      try workshop.put("1234", at: "c")
      let edit: JSONValue = ["path": "c", "old_text": "1", "new_text": "111"]
      #expect(try await workshop.failure("edit_file", edit) == .tooLarge(what: "c", bytes: 6, limit: 5))
      #expect(try workshop.text(at: "c") == "1234")
    }
  }

  @Test(arguments: [[0x61, 0x00, 0x62], [0xFF, 0xFE, 0x61], [0xC3], [0xED, 0xA0, 0x80]] as [[UInt8]])
  func `what is no text is told with its size`(bytes: [UInt8]) async throws {
    try await Workshop.with { workshop in
      try workshop.put(Data(bytes), at: "a.bin")
      let failure = try await workshop.failure("read_file", ["path": "a.bin"])
      #expect(failure == .notText(path: "a.bin", bytes: bytes.count))
    }
  }

  @Test func `an edit that does not fit says how often the text is there`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("one two two", at: "a")
      let edit: JSONValue = ["path": "a", "old_text": "two", "new_text": "2"]
      let failure = try await workshop.failure("edit_file", edit)
      #expect(failure == .textNotUnique(path: "a", occurrences: 2, hint: ""))
      #expect(failure?.description.contains("2 times") == true)
      let all: JSONValue = ["path": "a", "old_text": "two", "new_text": "2", "all": true]
      #expect(try await workshop.call("edit_file", all) == "Replaced 2 occurrences in a.")
      #expect(try workshop.text(at: "a") == "one 2 2")
      #expect(
        try await workshop.failure("edit_file", edit) == .textNotUnique(path: "a", occurrences: 0, hint: ""))
    }
  }

  @Test func `files and empty folders are deleted, and nothing else`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("x", at: "folder/a")
      let failure = try await workshop.failure("delete_file", ["path": "folder"])
      #expect(failure?.description.contains("not empty") == true)
      #expect(try await workshop.call("delete_file", ["path": "folder/a"]) == "Deleted folder/a.")
      #expect(try await workshop.call("delete_file", ["path": "folder/"]) == "Deleted the folder folder.")
      #expect(try await workshop.failure("delete_file", ["path": "folder"]) == .notFound(path: "folder"))
      guard case .refused = try await workshop.failure("delete_file", ["path": "."]) else {
        Issue.record("The root was not refused")
        return
      }
    }
  }

  @Test(arguments: [
    ".git/config", ".GIT/config", ".git", ".Git ", ".git./hooks/x", "sub/.git/hooks/x", "GIT~1/x",
    ".g\u{200C}it/config", ".hg/hgrc",
  ])
  func `the inside of version control is read only, however it is spelt`(path: String) async throws {
    try await Workshop.with { workshop in
      try workshop.put("x", at: path + "/file")
      for tool in ["write_file", "delete_file"] {
        let arguments: JSONValue =
          tool == "write_file" ? ["path": .string(path), "content": "x"] : ["path": .string(path)]
        guard case .refused(_, let reason) = try await workshop.failure(tool, arguments) else {
          Issue.record("\(tool)")
          continue
        }
        #expect(reason.contains("protects it"))
      }
    }
  }

  @Test func `the companion's own database is not seen, read or written`() async throws {
    try await Workshop.with { workshop in
      for name in ["companion.db", "companion.db-wal", "Companion.DB-shm"] {
        try workshop.put("secret", at: name)
        for (tool, arguments) in `Nothing outside of the workspace`.calls(name) {
          guard case .refused = try await workshop.failure(tool, arguments) else {
            Issue.record("\(tool) of \(name)")
            continue
          }
        }
      }
      #expect(try await workshop.call("list_files", [:]) == "Nothing is there.")
      #expect(try await workshop.call("search_files", ["text": "secret"]).contains("none of 0 files"))
    }
  }
}
