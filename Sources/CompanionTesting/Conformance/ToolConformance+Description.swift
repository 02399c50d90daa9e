import CompanionDomain
import CompanionPorts

extension ToolConformance {
  private static let types = ["string", "integer", "number", "boolean", "array", "object"]

  static func isNamed(_ subject: ToolUnderTest) throws {
    let description = subject.tool.description
    let isCallable = description.name.unicodeScalars.allSatisfy {
      $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" || $0 == "-")
    }
    guard (1...64).contains(description.name.unicodeScalars.count), isCallable else {
      throw BrokenPromise(
        expected: "a name of 1 to 64 ASCII letters, digits, _ and -", found: "“\(description.name)”")
    }
    try expect(description.summary.contains { !$0.isWhitespace }, "a summary")
    try expect(subject.tool.description, description, "the description")
  }

  static func hasASchema(_ subject: ToolUnderTest) throws {
    let schema = subject.tool.description.parameters
    try expect(schema["type"], .string("object"), "the type of the parameters")
    let properties = properties(of: subject.tool)
    for (name, property) in properties.sorted(by: { $0.key < $1.key }) {
      guard let type = property["type"]?.string, types.contains(type) else {
        throw BrokenPromise(expected: "a type of “\(name)”", found: "\(String(describing: property["type"]))")
      }
      try expect(property["description"]?.string?.isEmpty == false, "a description of “\(name)”")
    }
    for name in required(by: subject.tool) where properties[name] == nil {
      throw BrokenPromise(expected: "only members that there are to be required", found: "“\(name)”")
    }
    for example in subject.examples {
      guard case .object(let members) = example else {
        throw BrokenPromise(expected: "examples that are objects", found: "\(example)")
      }
      for name in members.keys.sorted() where properties[name] == nil {
        throw BrokenPromise(expected: "examples with members of the schema", found: "“\(name)”")
      }
    }
  }

  static func summarizesAnything(_ subject: ToolUnderTest) async throws {
    let world = try await subject.describeWorld()
    for arguments in subject.examples + nonsense(for: subject) {
      let summary = subject.tool.summary(of: arguments)
      try expect(summary.contains { !$0.isWhitespace }, "a summary of a call")
      guard summary.unicodeScalars.count <= 1_000 else {
        throw BrokenPromise(
          expected: "at most 1,000 characters", found: "\(summary.unicodeScalars.count)")
      }
      try expect(
        summary.unicodeScalars.allSatisfy(\.isShown), "a summary of characters that are seen, on one line")
    }
    try expect(try await subject.describeWorld(), world, "the world after summaries")
  }

  static func properties(of tool: any Tool) -> [String: JSONValue] {
    guard case .object(let members)? = tool.description.parameters["properties"] else { return [:] }
    return members
  }

  static func required(by tool: any Tool) -> [String] {
    (tool.description.parameters["required"]?.array ?? []).compactMap(\.string)
  }

  /// Arguments that are wrong in many ways, and some that are right in form and odd.
  static func nonsense(for subject: ToolUnderTest) -> [JSONValue] {
    let strings = [
      "", " ", "\0", "a\nb", "..", "../..", "/", "/etc/passwd", "\u{202E}txt.exe", "a\u{200B}b", "e\u{301}",
      "🙂", "~",
      String(repeating: "a", count: 100_000), String(repeating: "../", count: 5_000),
      String(repeating: "\u{301}", count: 20_000),
    ]
    var all: [JSONValue] = [.null, true, 0, 1.5, "text", [], [[[]]], [:], ["": ""]]
    let texts = properties(of: subject.tool).filter { $0.value["type"] == "string" }.keys.sorted()
    for example in subject.examples.prefix(3) {
      guard case .object(let members) = example else { continue }
      for name in texts {
        all += strings.map { .object(members.merging([name: .string($0)]) { _, new in new }) }
      }
    }
    return all
  }
}
