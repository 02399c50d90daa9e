import CompanionDomain
import CompanionPorts
import CompanionTools
import Foundation
import Testing

/// The files that a person names, as a prompt has them.
struct ExcerptTests {
  private func excerpt(
    _ workshop: Workshop, _ path: String, bytes: Int = 1000
  ) async -> Result<String, ToolFailure> {
    do throws(ToolFailure) {
      return .success(try await workshop.files.excerpt(of: path, bytes: bytes))
    } catch {
      return .failure(error)
    }
  }

  @Test func `a file is found as a person writes its path`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("# Plan\n", at: "notes/plan.md")
      for path in ["notes/plan.md", "./notes/plan.md", "\(workshop.folder)/notes/plan.md"] {
        #expect(await excerpt(workshop, path) == .success("# Plan\n"), "\(path)")
      }
    }
  }

  @Test func `of a long file there is the beginning, and what is left out is told`() async throws {
    try await Workshop.with { workshop in
      try workshop.put((1...100).map { "line \($0)\n" }.joined(), at: "long.md")
      let text = try await excerpt(workshop, "long.md", bytes: 20).get()
      #expect(text == "line 1\nline 2\n[lines 1 to 2 of 100; more from line 3]")
      #expect(try await excerpt(workshop, "long.md", bytes: 0).get().contains("left out"))
    }
  }

  @Test func `what tools may not read is in no prompt`() async throws {
    try await Workshop.with { workshop in
      try workshop.put("secret", at: "companion.db")
      try workshop.put(Data([0xFF, 0x00]), at: "image.png")
      for path in [
        "companion.db", "image.png", "missing.md", "../secret.txt", "\(workshop.base)/secret.txt", "~/x.md",
        "",
        "\(workshop.folder)/../secret.txt", "notes",
      ] {
        guard case .failure = await excerpt(workshop, path) else {
          Issue.record("\(path) was read")
          continue
        }
      }
    }
  }
}
