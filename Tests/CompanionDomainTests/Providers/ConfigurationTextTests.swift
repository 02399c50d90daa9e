import CompanionDomain
import FoundationEssentials
import Testing

/// Configurations as people write them: what is no JSON is told with its place, although decoders let it pass.
struct ConfigurationTextTests {
  private static func failure(_ text: some Sequence<UInt8>) -> ProviderConfigurationFailure? {
    do throws(ProviderConfigurationFailure) {
      _ = try ProvidersConfiguration(json: Data(text))
      return nil
    } catch {
      return error
    }
  }

  @Test(arguments: [
    (#"{"providers": [], "providers": []}"#, "providers: is there twice: see line 1, column 19"),
    (#"{"strategy": 1, "strate\u0067y": 1}"#, "strategy: is there twice: see line 1, column 17"),
    (
      "{\"providers\": [{\"id\": \"a\"},\n {\"limits\": {\"budget\": {\"limit\": 1,\n  \"limit\": 2}}}]}",
      "providers[1].limits.budget.limit: is there twice: see line 3, column 3"
    ),
    (#"{"a": {"é": 1, "é": 2}}"#, "a: has a member that is there twice: see line 1, column 16"),
    (#"{"": 1, "": 2}"#, "has a member that is there twice: see line 1, column 9"),
    (
      #"{"sk-4fT9xQ2mZ7bL0cV8nR3wKd6Hs1Yp5Jg": 1, "sk-4fT9xQ2mZ7bL0cV8nR3wKd6Hs1Yp5Jg": 2}"#,
      "has a member that is there twice: see line 1, column 43"
    ),
    (#"[[1, {"a": 1, "a": 2}]]"#, "[0][1].a: is there twice: see line 1, column 15"),
  ])
  func `a member that is there twice is named`(text: String, problem: String) {
    #expect(Self.failure(text.utf8)?.description == problem)
  }

  @Test func `the same name in two objects is not there twice`() {
    let text = #"{"providers": [{"id": "a"}, {"id": "b"}], "strategy": {"id": {"id": 1}}}"#
    #expect(Self.failure(text.utf8)?.problem.contains("twice") == false)
  }

  @Test(arguments: [
    // Commas.
    (#"{"providers": [],}"#, 1, 18), ("[1,]", 1, 4), ("[,1]", 1, 2), ("[1 2]", 1, 4), ("{,}", 1, 2),
    ("{\"a\": 1\n  \"b\": 2}", 2, 3), (#"{"a" 1}"#, 1, 6), (#"{"a"}"#, 1, 5), (#"{"a":}"#, 1, 6),
    (#"{"a":1,,"b":1}"#, 1, 8),
    // Brackets and ends.
    ("{", 1, 2), ("[", 1, 2), ("[1", 1, 3), ("{\"a\": 1]", 1, 8), ("[1}", 1, 3), ("{} {}", 1, 4), ("]", 1, 1),
    ("{}\n\n x", 3, 2), ("{\r\n  x}", 2, 3),
    // Comments and other names.
    ("{} //", 1, 4), ("/* */ {}", 1, 1), ("{a: 1}", 1, 2), ("{'a': 1}", 1, 2), ("[tru]", 1, 5),
    ("[True]", 1, 2),
    ("[NaN]", 1, 2), ("[Infinity]", 1, 2), ("[nil]", 1, 3), ("[nulll]", 1, 6),
    // Numbers.
    ("[01]", 1, 3), ("[+1]", 1, 2), ("[.5]", 1, 2), ("[1.]", 1, 4), ("[-]", 1, 3), ("[1e]", 1, 4),
    ("[1e+]", 1, 5),
    ("[0x1]", 1, 3), ("[1_0]", 1, 3), ("[2, 1e999]", 1, 5), ("[-1e999]", 1, 2),
    // Strings.
    (#"["a]"#, 1, 5), (#"["\x"]"#, 1, 4), (#"["\u12"]"#, 1, 7), (#"["\u12G4"]"#, 1, 7), (#"["\"]"#, 1, 6),
    (#"["\ud800"]"#, 1, 9), (#"["\udc00\ud800"]"#, 1, 15), (#"["\ud800\u0041"]"#, 1, 15),
    ("[\"a\nb\"]", 1, 4), ("[\"\t\"]", 1, 3), ("[\"é\", x]", 1, 7), ("\u{FEFF}[x]", 1, 2),
    ("[\u{A0}1]", 1, 2),
  ])
  func `what is no JSON is told with its line and column`(text: String, line: Int, column: Int) {
    #expect(Self.failure(text.utf8)?.description == "is not JSON: see line \(line), column \(column)")
  }

  @Test(arguments: [
    [0x5B, 0x22, 0xFF, 0x22, 0x5D], [0x5B, 0x22, 0xC0, 0x80, 0x22, 0x5D],
    [0x5B, 0x22, 0xED, 0xA0, 0x80, 0x22, 0x5D],
  ])
  func `a string that is not UTF-8 is told with its place`(bytes: [UInt8]) {
    #expect(Self.failure(bytes)?.description == "is not JSON: see line 1, column 2")
  }

  @Test(arguments: [
    "[]", "{}", " {\"a\" : [ ] }\r\n", "\u{FEFF}{}", "1", "-0.5e+3", "1E-2", "\"\"", "null",
    #""\"\\\/\b\f\n\r\t\u0041\u00e9\ud83d\ude00""#, "[true, false, null, 0, 10, -1.25]", "[1e-999]",
    "\"\u{7F}\u{2028}京都\"",
  ])
  func `what is JSON is read, and refused for what it says`(text: String) {
    #expect(Self.failure(text.utf8)?.problem.contains("is not JSON") == false)
  }

  @Test(arguments: ["[]", "1", "null", "\"text\"", "true"])
  func `what is no object is refused as a whole`(text: String) {
    #expect(Self.failure(text.utf8) == ProviderConfigurationFailure(field: "", problem: "must be an object"))
  }

  @Test func `every part of a configuration that is cut off is no JSON`() throws {
    let text = try JSONEncoder().encode(ConfigurationSample.json)
    #expect(Self.failure(text) == nil)
    for length in 1..<text.count {
      #expect(Self.failure(text.prefix(length))?.description.hasPrefix("is not JSON: see line 1, ") == true)
    }
  }
}
