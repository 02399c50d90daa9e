import CompanionDomain
import Testing

struct PromptBudgetTests {
  private func forms(
    _ id: String, _ priority: Int, _ full: Int, _ summary: Int? = nil, _ headline: Int? = nil,
    minimum: PromptSection.Minimum = .nothing, isPinned: Bool = false
  ) -> PromptSection {
    var forms = [PromptSection.Form(.full, tokens: full)]
    if let summary { forms.append(.init(.summary, tokens: summary)) }
    if let headline { forms.append(.init(.headline, tokens: headline)) }
    return PromptSection(
      id, priority: priority, content: .forms(forms), minimum: minimum, isPinned: isPinned)
  }

  private func items(
    _ id: String, _ priority: Int, _ tokens: [Int], dropping end: PromptSection.End = .first,
    groups: [String?] = [], minimum: PromptSection.Minimum = .nothing, isPinned: Bool = false,
    overhead: Int = 0
  ) -> PromptSection {
    let items = tokens.enumerated().map { index, tokens in
      PromptSection.Item(tokens: tokens, group: index < groups.count ? groups[index] : nil)
    }
    return PromptSection(
      id, priority: priority, content: .items(items, dropping: end), minimum: minimum, isPinned: isPinned,
      overhead: overhead)
  }

  private func kept(_ limit: Int, _ sections: PromptSection...) throws -> [PromptReport.Kept] {
    try PromptBudget(limit: limit).solve(sections).sections.map(\.kept)
  }

  @Test func `what fits is kept in full`() throws {
    let report = try PromptBudget(limit: 100).solve([
      .pinned("rules", priority: 9, tokens: 40), items("history", 1, [20, 20, 20]),
    ])
    #expect(report.sections.map(\.kept) == [.form(.full), .items(0..<3)])
    #expect(report.tokens == 100)
    #expect(report.cuts.isEmpty)
    #expect(report["history"]?.fullTokens == 60)
    #expect(report["other"] == nil)
  }

  @Test func `the lower priority shrinks first, step by step`() throws {
    let low = forms("low", 1, 50, 20, 5)
    let high = forms("high", 2, 50, 20, 5)
    #expect(try kept(100, low, high) == [.form(.full), .form(.full)])
    #expect(try kept(99, low, high) == [.form(.summary), .form(.full)])
    #expect(try kept(69, low, high) == [.form(.headline), .form(.full)])
    #expect(try kept(54, low, high) == [.nothing, .form(.full)])
    #expect(try kept(49, low, high) == [.form(.summary), .form(.summary)])
    #expect(try kept(39, low, high) == [.form(.headline), .form(.summary)])
    #expect(try kept(4, low, high) == [.nothing, .nothing])
  }

  @Test func `of equal priorities the later shrinks first`() throws {
    #expect(try kept(70, forms("a", 1, 50, 20), forms("b", 1, 50, 20)) == [.form(.full), .form(.summary)])
  }

  @Test func `below its minimum a section shrinks last`() throws {
    let low = forms("low", 1, 50, 20, 5, minimum: .form(.summary))
    let high = forms("high", 2, 50, 20, 5, minimum: .form(.headline))
    #expect(try kept(69, low, high) == [.form(.summary), .form(.summary)])
    #expect(try kept(25, low, high) == [.form(.summary), .form(.headline)])
    // Not both minimums: the higher priority has it.
    #expect(try kept(24, low, high) == [.form(.headline), .form(.headline)])
    #expect(try kept(9, low, high) == [.nothing, .form(.headline)])
  }

  @Test func `a history loses its oldest, a ranked list its last`() throws {
    #expect(try kept(50, items("history", 1, [30, 20, 25, 5])) == [.items(1..<4)])
    #expect(try kept(50, items("recalled", 1, [30, 20, 25, 5], dropping: .last)) == [.items(0..<2)])
    #expect(try kept(4, items("history", 1, [30, 20, 25, 5])) == [.nothing])
    #expect(try kept(0, items("history", 1, [])) == [.nothing])
  }

  @Test func `a group stays or goes together, and with it what stands in it`() throws {
    let groups = [nil, "call", nil, "call", nil]
    let tokens = [10, 10, 10, 10, 10]
    #expect(try kept(50, items("history", 1, tokens, groups: groups)) == [.items(0..<5)])
    #expect(try kept(49, items("history", 1, tokens, groups: groups)) == [.items(1..<5)])
    #expect(try kept(39, items("history", 1, tokens, groups: groups)) == [.items(4..<5)])
    #expect(try kept(39, items("history", 1, tokens, dropping: .last, groups: groups)) == [.items(0..<1)])
    // Groups that overlap are one.
    let chained = ["a", "b", "a", "c", "b"]
    #expect(try kept(49, items("history", 1, tokens, groups: chained)) == [.nothing])
  }

  @Test func `a heading costs something as long as an item is left`() throws {
    let section = items("recalled", 1, [10, 10], dropping: .last, overhead: 7)
    #expect(try kept(27, section) == [.items(0..<2)])
    #expect(try kept(26, section) == [.items(0..<1)])
    #expect(try kept(16, section) == [.nothing])
  }

  @Test func `what a large step frees is used for what still fits`() throws {
    // The full of the first does not fit, so that the second need not shrink.
    #expect(try kept(60, forms("a", 2, 100, 10), forms("b", 1, 50, 20)) == [.form(.summary), .form(.full)])
  }

  @Test func `a form that saves nothing is never chosen`() throws {
    let section = forms("odd", 1, 30, 40, 10)
    #expect(try kept(29, section) == [.form(.headline)])
    // As a minimum, the fuller one that costs less stands for it.
    let needed = forms("odd", 1, 30, 40, 10, minimum: .form(.summary))
    #expect(try kept(49, needed, forms("high", 2, 20)) == [.form(.full), .nothing])
  }

  @Test func `what is pinned and cannot fit is an error with its sizes`() throws {
    let sections = [
      forms("persona", 5, 30, minimum: .full, isPinned: true), forms("other", 9, 50),
      items("message", 7, [40, 40], minimum: .items(1), isPinned: true),
    ]
    #expect(
      throws: PromptBudgetFailure.pinnedDoesNotFit(section: "persona", tokens: 30, left: 29, available: 69)
    ) {
      let report = try PromptBudget(limit: 69).solve(sections)
      _ = report
    }
    let report = try PromptBudget(limit: 70).solve(sections)
    #expect(report.sections.map(\.kept) == [.form(.full), .nothing, .items(1..<2)])
    let text = PromptBudgetFailure.pinnedDoesNotFit(section: "a", tokens: 30, left: 29, available: 69)
      .description
    #expect(
      text == "The section \"a\" must stay, and does not fit: it needs 30 tokens, and 29 of 69 are left.")
  }

  @Test func `two sections of one name are refused`() {
    #expect(throws: PromptBudgetFailure.repeatedSection("a")) {
      let report = try PromptBudget().solve([forms("a", 1, 1), forms("a", 2, 1)])
      _ = report
    }
  }

  @Test func `the margin and the answer are kept free`() {
    #expect(PromptBudget().available == 8_000)
    #expect(PromptBudget(limit: 8_000, reservedOutput: 1_000, margin: 0.1).available == 6_363)
    #expect(PromptBudget(limit: 8_000, margin: 0.25).available == 6_400)
    #expect(PromptBudget(limit: 100, reservedOutput: 200).available == 0)
  }

  @Test func `absurd sizes are clamped, and never overflow`() throws {
    #expect(PromptBudget(limit: .min, reservedOutput: .min, margin: -1).available == 0)
    #expect(PromptBudget(limit: .max, reservedOutput: .min, margin: -.infinity).available == .max)
    #expect(PromptBudget(limit: 1_001, margin: .infinity).available == 1)
    #expect(PromptBudget(limit: 100, margin: .nan).available == 50)
    let sections = [
      forms("a", .max, .max, .max - 1, 3), items("b", .min, Array(repeating: .max, count: 5), overhead: .max),
      forms("c", 0, -5), items("d", 0, [-1, .min]),
    ]
    for limit in [0, 3, Int.max] {
      let report = try PromptBudget(limit: limit).solve(sections)
      #expect(report.tokens <= limit)
      #expect(report["c"]?.kept == .form(.full))
      #expect(report["d"]?.kept == .items(0..<2))
    }
    #expect(throws: PromptBudgetFailure.self) {
      let report = try PromptBudget(limit: .max).solve([
        .pinned("a", priority: 0, tokens: .max), .pinned("b", priority: 0, tokens: 1),
      ])
      _ = report
    }
  }

  @Test func `the report says what was cut and why`() throws {
    let report = try PromptBudget(limit: 60).solve([
      .pinned("rules", priority: 9, tokens: 20), items("history", 5, [30, 20, 15]), forms("files", 1, 50, 10),
    ])
    let history = try #require(report["history"]?.cut)
    #expect(history.items == 0..<1)
    #expect(history.needed == 65)
    #expect(history.available == 40)
    let files = try #require(report["files"]?.cut)
    #expect(files.items.isEmpty)
    #expect(files.needed == 10)
    #expect(files.available == 5)
    #expect(
      report.description == """
        55 of 60 tokens
        rules: all of it, 20 tokens
        history: 2 of 3 items, 35 of 65 tokens; more needs 65, and 40 were left
        files: nothing, 0 of 50 tokens; more needs 10, and 5 were left
        """)
  }

  @Test func `ten thousand items and sections are solved at once`() throws {
    var random = SplitMix64(seed: 1)
    let many = (0..<10_000).map { _ in Int.random(in: 1...200, using: &random) }
    let lists = [items("history", 5, many), items("recalled", 3, many, dropping: .last)]
    let sections = many.indices.map { forms("s\($0)", many[$0], many[$0] * 3, many[$0]) }
    let clock = ContinuousClock()
    var report: PromptReport?
    let duration = try clock.measure { report = try PromptBudget(limit: 1_000_000).solve(lists + sections) }
    #expect(try #require(report).tokens > 999_000)
    // A bound that a quadratic solver misses by far, also in a debug build.
    #expect(duration < .seconds(10))
  }
}
