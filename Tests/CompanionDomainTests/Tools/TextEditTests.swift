import CompanionDomain
import Testing

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

  @Test func `what makes other searches slow does not make this one`() throws {
    let edit = try TextEdit(replacing: String(repeating: "a", count: 100_000) + "b", with: "c")
    #expect(throws: ToolFailure.textNotUnique(path: "f", occurrences: 0, hint: "")) {
      try edit.applied(to: String(repeating: "a", count: 1_000_000), path: "f", limit: 9)
    }
  }

  @Test func `an edit of nothing is none`() {
    #expect(throws: ToolFailure.self) { try TextEdit(replacing: "", with: "a") }
    #expect(throws: ToolFailure.self) { try TextEdit(replacing: "a", with: "a") }
  }
}
