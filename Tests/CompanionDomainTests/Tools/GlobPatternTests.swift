import CompanionDomain
import Testing

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
