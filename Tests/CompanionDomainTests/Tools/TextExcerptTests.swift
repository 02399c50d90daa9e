import CompanionDomain
import Testing

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
