import CompanionDomain
import Testing

struct ToolArgumentsTests {
  @Test(arguments: ["", "  \n", "{}"]) func `no arguments at all are none`(text: String) throws {
    #expect(try ToolArguments.parse(text) == .object([:]))
  }

  @Test(arguments: ["{", "[1,", "nonsense", "{\"a\":}", String(repeating: "[", count: 100_000)])
  func `what is no JSON is refused`(text: String) {
    #expect(throws: ToolFailure.invalidArguments("they are not JSON, or nested too deeply.")) {
      try ToolArguments.parse(text)
    }
  }

  @Test func `arguments of any size are refused before they are parsed`() {
    let text = "\"\(String(repeating: "a", count: ToolArguments.maximumBytes))\""
    #expect(throws: ToolFailure.self) { try ToolArguments.parse(text) }
  }

  @Test func `what is missing, unknown or of another type is named`() throws {
    let arguments = try ToolArguments(["a": 1, "b": .null, "c": ["x", 2]], names: ["a", "b", "c"])
    #expect(throws: ToolFailure.invalidArguments("“a” must be a string.")) { try arguments.string("a") }
    #expect(throws: ToolFailure.invalidArguments("“b” is missing.")) { try arguments.string("b") }
    #expect(throws: ToolFailure.invalidArguments("“c” must be an array of strings.")) {
      try arguments.strings("c")
    }
    #expect(throws: ToolFailure.invalidArguments("there is no “x”; there are a, b.")) {
      try ToolArguments(["x": 1], names: ["b", "a"])
    }
  }

  @Test(
    arguments: [.integer(0), .integer(11), .number(1.5), .number(.nan), .number(1e300), "1", true]
      as [JSONValue])
  func `a number that is none, or out of its range, is refused`(value: JSONValue) throws {
    let arguments = try ToolArguments(["n": value], names: ["n"])
    #expect(throws: ToolFailure.invalidArguments("“n” must be a whole number from 1 to 10.")) {
      try arguments.optionalInteger("n", in: 1...10)
    }
  }

  @Test func `a whole number may be written as another`() throws {
    #expect(try ToolArguments(["n": 3.0], names: ["n"]).optionalInteger("n", in: 1...10) == 3)
  }
}

struct WorkspacePathTests {
  @Test(arguments: ["a", "a/b.md", ".hidden", "日記/今日.md", "a b", "...", "..a", "a\\b", "~", "🙂"])
  func `names from the root are a path`(text: String) throws {
    #expect(try WorkspacePath(text).description == text)
  }

  @Test func `a folder may end with a slash, and the root has a name`() throws {
    #expect(try WorkspacePath(folder: "a/b/").names == ["a", "b"])
    #expect(try WorkspacePath(folder: ".") == .root)
    #expect(throws: ToolFailure.self) { try WorkspacePath(folder: "a//") }
    #expect(throws: ToolFailure.self) { try WorkspacePath(folder: "./..") }
    #expect(throws: ToolFailure.self) { try WorkspacePath(folder: "/") }
  }

  @Test func `a slash with a mark on it is a slash`() throws {
    #expect(throws: ToolFailure.self) { try WorkspacePath("a/\u{301}/../..") }
    #expect(throws: ToolFailure.self) { try WorkspacePath("/\u{301}etc") }
  }
}

struct GlobPatternTests {
  @Test(arguments: [
    ("*.md", "a.md", true), ("*.md", "x/y/a.md", true), ("*.md", "a.mdx", false), ("?.md", "猫.md", true),
    ("?.md", "ab.md", false), ("docs/*.md", "docs/a.md", true), ("docs/*.md", "docs/x/a.md", false),
    ("docs/**/*.md", "docs/a.md", true), ("docs/**/*.md", "docs/x/y/a.md", true), ("**", "a/b", true),
    ("**/a", "a", true), ("a*b*c", "aXbXbYc", true), ("a*b*c", "aXbXbY", false), ("*", "", false),
    ("caf\u{E9}", "cafe\u{301}", true), ("docs/*.md", "a/docs/b.md", false),
  ])
  func `a pattern covers what it says`(pattern: String, path: String, isCovered: Bool) throws {
    let glob = try #require(GlobPattern(pattern))
    let place = path.isEmpty ? WorkspacePath.root : try WorkspacePath(path)
    #expect(glob.matches(place) == isCovered)
  }

  @Test func `no pattern takes for ever`() throws {
    let glob = try #require(GlobPattern(String(repeating: "*a", count: 100) + "b"))
    #expect(try !glob.matches(WorkspacePath(String(repeating: "a", count: 255))))
    let folders = try #require(GlobPattern(String(repeating: "**/a/", count: 100) + "b"))
    #expect(try !folders.matches(WorkspacePath(Array(repeating: "a", count: 64).joined(separator: "/"))))
  }
}

struct TextEditTests {
  @Test func `a text that occurs once is replaced`() throws {
    let edited = try TextEdit(replacing: "b", with: "XY").applied(to: "abc", path: "f", limit: 100)
    #expect(edited.text == "aXYc")
    #expect(edited.count == 1)
  }

  @Test func `all are replaced where that is asked for, apart from each other`() throws {
    let edited = try TextEdit(replacing: "aa", with: "b", everywhere: true).applied(
      to: "aaaaa", path: "f", limit: 9)
    #expect(edited.text == "bba")
    #expect(edited.count == 2)
  }

  @Test func `what is not there, or means the same only, is not replaced`() throws {
    let other = try TextEdit(replacing: "e\u{301}", with: "e")
    #expect(
      throws: ToolFailure.textNotUnique(
        path: "f", occurrences: 0, hint: "It is there in another form of Unicode.")
    ) {
      try other.applied(to: "\u{E9}", path: "f", limit: 9)
    }
    let lines = try TextEdit(replacing: "a\nb", with: "c")
    #expect(
      throws: ToolFailure.textNotUnique(
        path: "f", occurrences: 0, hint: "The lines of this file end with \\r\\n.")
    ) {
      try lines.applied(to: "a\r\nb", path: "f", limit: 9)
    }
  }

  @Test func `what would grow too large is refused before it does`() throws {
    let huge = try TextEdit(replacing: "a", with: String(repeating: "b", count: 1_000_000), everywhere: true)
    #expect(throws: ToolFailure.self) {
      try huge.applied(to: String(repeating: "a", count: 1_000_000), path: "f", limit: 1_000)
    }
  }

  @Test func `an edit of nothing is none`() {
    #expect(throws: ToolFailure.self) { try TextEdit(replacing: "", with: "a") }
    #expect(throws: ToolFailure.self) { try TextEdit(replacing: "a", with: "a") }
  }
}

struct OutputWindowTests {
  @Test(arguments: [2, 3, 7, 8, 100]) func `whatever comes in whatever pieces, its two ends are kept`(
    limit: Int
  ) {
    let bytes = (0..<50).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    for size in 1...51 {
      var window = OutputWindow(limit: limit)
      var rest = bytes[...]
      while !rest.isEmpty {
        window.append(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      let half = max(1, limit / 2)
      #expect(window.total == 50)
      #expect(window.isCut == (half * 2 < 50))
      let text = String(decoding: bytes, as: UTF8.self)
      let expected =
        half * 2 >= 50
        ? text : "\(text.prefix(half))\n[… \(50 - half * 2) bytes left out …]\n\(text.suffix(half))"
      #expect(window.text == expected)
    }
  }

  @Test func `no character is cut in two`() {
    for limit in 2...40 {
      var window = OutputWindow(limit: limit)
      window.append(Array(String(repeating: "猫🙂é", count: 20).utf8))
      #expect(!window.text.unicodeScalars.contains("\u{FFFD}"))
    }
  }
}

struct TextExcerptTests {
  private static let text = "one\ntwo\nthree\n"

  @Test func `a text that fits is shown as it is`() throws {
    #expect(try TextExcerpt().output(of: Self.text, limit: 100) == ToolOutput(Self.text))
    #expect(try TextExcerpt().output(of: "", limit: 100) == ToolOutput(""))
    #expect(try TextExcerpt().output(of: "\n", limit: 100) == ToolOutput("\n"))
  }

  @Test func `lines that are asked for are shown, and which they are`() throws {
    let output = try TextExcerpt(firstLine: 2, lineCount: 1).output(of: Self.text, limit: 100)
    #expect(output == ToolOutput("two\n[lines 2 to 2 of 3; more from line 3]"))
    #expect(throws: ToolFailure.self) { try TextExcerpt(firstLine: 4).output(of: Self.text, limit: 100) }
  }

  @Test func `what does not fit is left out, and that is said`() throws {
    let output = try TextExcerpt().output(of: Self.text, limit: 9)
    #expect(output == ToolOutput("one\ntwo\n[lines 1 to 2 of 3; more from line 3]", isTruncated: true))
    let long = try TextExcerpt().output(of: "猫猫猫", limit: 4)
    #expect(long.content == "猫\n[the beginning of line 1 of 1; 6 bytes of the line are left out]")
  }
}

struct LiteralSearchTests {
  @Test(arguments: [("ABC", "xabcx"), ("straße", "STRAßE"), ("が", "か\u{3099}"), ("猫", "三毛猫")])
  func `case and form do not count`(text: String, line: String) throws {
    #expect(try LiteralSearch(text).lines(in: "no\n\(line)", limit: 9).map(\.number) == [2])
  }

  @Test func `what makes other searches slow does not make this one`() throws {
    let text = String(repeating: "a", count: 1_000_000)
    let search = try LiteralSearch(String(repeating: "a", count: 1_000) + "b")
    #expect(search.lines(in: text, limit: 9).isEmpty)
    let marks = String(repeating: "\u{301}", count: 200_000)
    #expect(try LiteralSearch("b").lines(in: marks, limit: 9).isEmpty)
  }

  @Test(arguments: ["", "a\nb", String(repeating: "a", count: 1_025)])
  func `what is no text within a line is refused`(text: String) {
    #expect(throws: ToolFailure.self) { try LiteralSearch(text) }
  }
}

struct VisibleTextTests {
  @Test func `what would be obeyed is shown`() {
    #expect("a\nb\u{1B}[31m\u{202E}x\0".visible(limit: 99) == "a\\nb\\u{1b}[31m\\u{202e}x\\u{0}")
    #expect("abcdef".visible(limit: 2) == "ab… (4 more characters)")
  }

  @Test func `a failure is one that a person can read, whatever the path is`() {
    let failure = ToolFailure.notFound(path: String(repeating: "\u{1B}", count: 10_000))
    #expect(failure.description.count < 600)
    #expect(failure.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }
}
