import CompanionDomain
import Testing

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
