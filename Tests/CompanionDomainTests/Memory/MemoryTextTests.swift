import CompanionDomain
import Testing

struct MemoryTextTests {
  private func text(_ answer: String, limit: Int = 1000) -> String {
    MemoryText(answer: answer, limit: limit, tokens: \.utf8.count).text
  }

  @Test(arguments: [
    "- 2026-11-20 a\n- 2026-11-21 b",
    "Here is the updated memory:\n\n- 2026-11-20 a\n* 2026-11-21 b\n\nLet me know if you need more.",
    "```markdown\n- 2026-11-20 a\n- 2026-11-21\n  b\n```\nDone.",
    "<memory>\n1. 2026-11-20 a\n2. 2026-11-21 b\n</memory>",
    "## Memory\n**Now**\n• 2026-11-20 a\n2026-11-21 b", "2026-11-20 a\n2026-11-21 b",
    "・2026-11-20 a\n・2026-11-21 b",
    "- 2026-11-20 a\n- 2026-11-20  A.\n- 2026-11-21 b",
  ])
  func `lines are taken without what stands around them, each once`(answer: String) {
    #expect(text(answer) == "- 2026-11-20 a\n- 2026-11-21 b")
  }

  @Test(arguments: ["", "-", " - \n", "```\n```", "Nothing to remember.", "---", "(none)", "特になし", "没有"])
  func `nothing is nothing`(answer: String) {
    #expect(text(answer).isEmpty)
  }

  @Test func `the undated goes first, then the oldest`() {
    let answer = "- likes tea\n- 2026-11-19 aa\n- 2026-11-20 bb\n- x\n- 2026-11-21 cc"
    #expect(
      text(answer, limit: 54) == "- likes tea\n- 2026-11-19 aa\n- 2026-11-20 bb\n- 2026-11-21 cc".suffix(47))
    #expect(text(answer, limit: 40) == "- 2026-11-20 bb\n- 2026-11-21 cc")
    #expect(MemoryText(answer: answer, limit: 40, tokens: \.utf8.count).cut == 3)
  }

  @Test func `a long line is cut in itself and drives out no others`() {
    let long = "- 2026-11-21 " + String(repeating: "word ", count: 50)
    let kept = text("- 2026-11-20 a\n" + long, limit: 60).split(separator: "\n")
    #expect(kept.count == 2 && kept.last?.hasPrefix("- 2026-11-21 word") == true)
    #expect(text(long, limit: 30) == "- 2026-11-21 word word word")
  }

  @Test func `no answer makes it longer than the limit`() {
    var numbers = SplitMix64(seed: 11)
    let counters: [(String) -> Int] = [
      \.utf8.count, \.count, { $0.split(separator: " ").count }, { ($0.utf8.count * $0.utf8.count) / 40 },
      { TokenEstimator().tokens(in: $0) },
    ]
    for round in 0..<500 {
      var answer = ""
      for _ in 0..<Int.random(in: 0...12, using: &numbers) {
        answer += ["- ", "* ", "", "- 2026-11-20 ", "```\n", "  "].randomElement(using: &numbers) ?? ""
        answer += SeededTexts.text(Int.random(in: 0...12, using: &numbers), &numbers) + "\n"
      }
      let limit = Int.random(in: -1...120, using: &numbers)
      let count = counters[round % counters.count]
      let memory = MemoryText(answer: answer, limit: limit, tokens: count)
      #expect(memory.text.isEmpty || count(memory.text) <= limit)
      #expect(memory.text.isEmpty || memory.text.split(separator: "\n").allSatisfy { $0.hasPrefix("- ") })
    }
  }
}
