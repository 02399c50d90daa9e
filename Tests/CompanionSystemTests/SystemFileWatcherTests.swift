import CompanionPorts
import CompanionSystem
import Foundation
import Testing

@Suite struct `The watcher of files` {
  @Test func `tells of writes and of new times`() async throws {
    try await withFile { path in
      let stream = try SystemFileWatcher().changes(of: path)
      var changes = stream.makeAsyncIterator()
      let file = try FileHandle(forWritingTo: URL(filePath: path))
      for _ in 1...10 {
        try file.write(contentsOf: Data("more".utf8))
        #expect(await changes.next() != nil)
      }
      try file.close()
      #expect(utimensat(AT_FDCWD, path, nil, 0) == 0)
      #expect(await changes.next() != nil)
    }
  }

  @Test(arguments: [true, false])
  func `ends when the file goes away`(isOpen: Bool) async throws {
    try await withFile { path in
      let changes = try SystemFileWatcher().changes(of: path)
      let file = isOpen ? try FileHandle(forWritingTo: URL(filePath: path)) : nil
      try FileManager.default.removeItem(atPath: path)
      try Data().write(to: URL(filePath: path))
      for await _ in changes {}
      try file?.close()
    }
  }

  @Test func `tells all who watch`() async throws {
    try await withFile { path in
      let streams = try (1...5).map { _ in try SystemFileWatcher().changes(of: path) }
      #expect(utimensat(AT_FDCWD, path, nil, 0) == 0)
      for stream in streams {
        var changes = stream.makeAsyncIterator()
        #expect(await changes.next() != nil)
      }
    }
  }

  @Test func `says why a file cannot be watched`() throws {
    let failure = #expect(throws: FileWatchFailure.self) {
      _ = try SystemFileWatcher().changes(of: "/nowhere/file")
    }
    #expect(failure?.description.contains("/nowhere/file") == true)
  }

  private func withFile(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "watched-\(UUID().uuidString)").path
    try Data().write(to: URL(filePath: path))
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
  }
}
