import CompanionDomain
import Testing

struct VisibleTextTests {
  @Test func `what would be obeyed is shown`() {
    #expect("a\nb\u{1B}[31m\u{202E}x\0".visible(limit: 99) == "a\\nb\\u{1b}[31m\\u{202e}x\\u{0}")
    #expect("a\u{200B}b\u{E0041}\u{AD}".visible(limit: 99) == "a\\u{200b}b\\u{e0041}\\u{ad}")
    #expect("👩‍💻❤️ می‌خواهم".visible(limit: 99) == "👩‍💻❤️ می‌خواهم")
    #expect("abcdef".visible(limit: 2) == "ab… (4 more characters)")
  }

  @Test func `a failure is one that a person can read, whatever the path is`() {
    let failure = ToolFailure.notFound(path: String(repeating: "\u{1B}", count: 10_000))
    #expect(failure.description.count < 600)
    #expect(failure.description.unicodeScalars.allSatisfy { $0.value >= 0x20 })
  }
}
