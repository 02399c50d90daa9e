import CompanionDomain
import CompanionPorts
import CompanionSystem
import CompanionTools
import Foundation
import Testing

@Suite struct `Whatever a model writes` {
  private static let pieces = [
    "..", ".", "", "/", "//", "a", "link", "up", "secret.txt", "folder", "\0", "\n", "~", " ", "\\", "%2e%2e",
    "..\u{200B}",
    "．．", "\u{2024}\u{2024}", "e\u{301}", "\u{202E}", "🙂", ".git", "pipe", "\u{301}", "C:", "file://", "-rf",
    "*",
  ]

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `no path of any pieces leads to the secret`(seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    try await Workshop.with { workshop in
      try workshop.put("ours", at: "folder/a")
      try workshop.link("link", to: "../secret.txt")
      try workshop.link("up", to: "..")
      try workshop.link("folder/up", to: "../..")
      for _ in 0..<60 {
        let count = Int(random.next() % 6) + 1
        let path = (0..<count).map { _ in Self.pieces[Int(random.next() % UInt64(Self.pieces.count))] }
          .joined(separator: random.next() % 3 == 0 ? "" : "/")
        for (tool, arguments) in `Nothing outside of the workspace`.calls(path) {
          // A search names what it looks for, and not what it finds.
          let arguments: JSONValue =
            tool == "search_files" ? ["folder": .string(path), "text": "the secret"] : arguments
          do {
            let content = try await workshop.call(tool, arguments)
            #expect(!content.contains(Workshop.secret), "\(tool) of \(path.debugDescription)")
          } catch is ToolFailure {}
        }
      }
      let secret = try Data(contentsOf: URL(filePath: "\(workshop.base)/secret.txt"))
      #expect(String(decoding: secret, as: UTF8.self) == Workshop.secret)
      #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.base).count == 2)
    }
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `arguments of any shape are answered`(seed: UInt64) async throws {
    var random = SplitMix64(seed: seed)
    try await Workshop.with { workshop in
      let runner = try ProcessRunner(files: workshop.files, searchPath: [], time: .system)
      for tool in workshop.files.tools + [runner.tool] {
        guard case .object(let properties)? = tool.description.parameters["properties"] else { continue }
        for _ in 0..<30 {
          var members: [String: JSONValue] = [:]
          for name in properties.keys.sorted() where random.next() % 4 != 0 {
            members[name] = Self.value(from: &random, depth: 3)
          }
          let arguments = JSONValue.object(members)
          #expect(tool.summary(of: arguments).unicodeScalars.count <= 1_000)
          do {
            #expect(try await tool.call(arguments).content.utf8.count < 100_000)
          } catch let failure as ToolFailure {
            #expect(failure.description.utf8.count < 10_000)
          }
        }
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: workshop.base).count == 2)
    }
  }

  private static func value(from random: inout SplitMix64, depth: Int) -> JSONValue {
    switch random.next() % (depth > 0 ? 9 : 7) {
    case 0: .null
    case 1: .bool(random.next() % 2 == 0)
    case 2: .integer(Int64(bitPattern: random.next()))
    case 3: .number(Double(bitPattern: random.next()))
    case 4: .integer(Int64(random.next() % 5))
    case 5, 6: .string(pieces[Int(random.next() % UInt64(pieces.count))])
    case 7: .array((0..<random.next() % 4).map { _ in value(from: &random, depth: depth - 1) })
    default: ["a": value(from: &random, depth: depth - 1)]
    }
  }
}
