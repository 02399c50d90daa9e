import CompanionPorts
import CompanionSystem
import Foundation
import Testing

@Suite struct `The folder of images` {
  private static let png = Data([0x89] + "PNG\r\n\u{1A}\nand pixels".utf8)
  private static let jpeg = Data([0xFF, 0xD8, 0xFF, 0xE0] + "and pixels".utf8)

  private static let invalid = "The store cannot hold this: an image's name"
  private static let inaccessible = "The store cannot be used: "

  @Test func `an image is a file, named by its bytes and not by what was said of them`() async throws {
    try await withFolder { folder in
      let storage = try FolderImageStorage(folder: folder)
      let path = try await storage.store(
        GeneratedImage(data: Self.png, mediaType: "image/jpeg"), named: "cat-1")
      #expect(path == "\(folder)/cat-1.png")
      #expect(try Data(contentsOf: URL(filePath: path)) == Self.png)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["cat-1.png"])
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      #expect(attributes[.posixPermissions] as? Int == 0o600)
    }
  }

  @Test(arguments: [
    (Array(png), "png"), (Array(jpeg), "jpg"), (Array("RIFF....WEBPVP8 ".utf8), "webp"),
    (Array("GIF89a".utf8), "gif"), (Array("....ftypavif".utf8), "avif"), (Array("RIFF....WAVE".utf8), "bin"),
    ([0x89, 0x50], "bin"), ([], "bin"),
  ])
  func `every kind has its ending`(bytes: [UInt8], ending: String) async throws {
    try await withFolder { folder in
      let image = GeneratedImage(data: Data(bytes), mediaType: "image/png")
      let path = try await FolderImageStorage(folder: folder).store(image, named: "a")
      #expect(path == "\(folder)/a.\(ending)")
    }
  }

  @Test func `the same name again is the new image alone, whatever its kind`() async throws {
    try await withFolder { folder in
      let storage = try FolderImageStorage(folder: folder)
      for data in [Self.png, Self.png + [1], Self.jpeg] {
        _ = try await storage.store(GeneratedImage(data: data, mediaType: "image/png"), named: "cat")
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["cat.jpg"])
    }
  }

  @Test(arguments: [
    "", ".", "..", "../cat", "/etc/cat", "a/b", "a\0b", "a b", "cat.png", "猫", "é",
    String(repeating: "a", count: 201),
  ])
  func `a name that is none is refused, and nothing is written`(name: String) async throws {
    try await withFolder { folder in
      let storage = try FolderImageStorage(folder: "\(folder)/images")
      let failure = await #expect(throws: StoreFailure.self) {
        try await storage.store(GeneratedImage(data: Self.png, mediaType: "image/png"), named: name)
      }
      #expect(failure?.description.hasPrefix(Self.invalid) == true)
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["images"])
      #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/images").isEmpty)
    }
  }

  @Test func `a link in the image's place is replaced, and what it leads to is left alone`() async throws {
    try await withFolder { folder in
      let other = "\(folder)/other.txt"
      try Data("mine".utf8).write(to: URL(filePath: other))
      let storage = try FolderImageStorage(folder: "\(folder)/images")
      try FileManager.default.createSymbolicLink(
        atPath: "\(folder)/images/cat.png", withDestinationPath: other)
      _ = try await storage.store(GeneratedImage(data: Self.png, mediaType: "image/png"), named: "cat")
      #expect(try Data(contentsOf: URL(filePath: other)) == Data("mine".utf8))
      #expect(try Data(contentsOf: URL(filePath: "\(folder)/images/cat.png")) == Self.png)
    }
  }

  @Test func `a folder that cannot be is told at once`() async throws {
    try await withFolder { folder in
      let file = "\(folder)/file"
      try Data().write(to: URL(filePath: file))
      for path in ["", "\(folder)/no/such", file, "a\0b"] {
        let failure = #expect(throws: StoreFailure.self) { _ = try FolderImageStorage(folder: path) }
        #expect(failure?.description.hasPrefix(Self.inaccessible) == true)
      }
    }
  }

  @Test func `a folder that has gone is told when an image comes`() async throws {
    try await withFolder { folder in
      let storage = try FolderImageStorage(folder: "\(folder)/images")
      try FileManager.default.removeItem(atPath: "\(folder)/images")
      let failure = await #expect(throws: StoreFailure.self) {
        try await storage.store(GeneratedImage(data: Self.png, mediaType: "image/png"), named: "cat")
      }
      #expect(failure?.description.hasPrefix(Self.inaccessible) == true)
    }
  }

  private func withFolder(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "images-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.path)
  }
}
