import CompanionDomain
import Testing

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
