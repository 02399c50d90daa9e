import CompanionDomain
import FoundationEssentials
import Testing

struct JSONValueTests {
  @Test(arguments: [
    "null", "true", "1", "-2.5", #""a\\u00e9\"[{""#, "[1,[2],{}]", #"{"a":{"b":[null]}}"#,
  ])
  func `JSON is parsed, and written as it was`(text: String) throws {
    let value = try #require(JSONValue(json: Data(text.utf8)))
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    #expect(JSONValue(json: try encoder.encode(value)) == value)
  }

  @Test func `whole numbers stay whole`() {
    #expect(JSONValue(json: Data("[1,1.5]".utf8)) == [1, 1.5])
    #expect(JSONValue(json: Data("9223372036854775807".utf8)) == .integer(.max))
  }

  @Test func `what is nested too deeply is refused, however it ends`() {
    let limit = JSONValue.maximumDepth
    func nested(_ depth: Int) -> Data {
      Data((String(repeating: "[", count: depth) + String(repeating: "]", count: depth)).utf8)
    }
    #expect(JSONValue(json: nested(limit)) != nil)
    #expect(JSONValue(json: nested(limit + 1)) == nil)
    #expect(JSONValue(json: Data(String(repeating: "{\"a\":", count: 100_000).utf8)) == nil)
    // Brackets in a string nest nothing.
    let text = String(repeating: "[", count: 1000)
    #expect(JSONValue(json: Data("\"\(text)\\\"[\"".utf8)) == .string(text + "\"["))
  }

  @Test(arguments: ["", "[", "{]", "nul", "1 2", "\u{FF}"])
  func `what is not JSON is nothing`(text: String) { #expect(JSONValue(json: Data(text.utf8)) == nil) }
}
