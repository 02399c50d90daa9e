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
