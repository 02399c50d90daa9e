import CompanionDomain
import Testing

/// A section as all that can become of it, found without the solver's own ladder.
private struct Choices {
  struct Choice: Equatable {
    var kept: PromptReport.Kept
    var tokens: Int
  }

  let section: PromptSection
  /// From all of it to nothing.
  let all: [Choice]
  /// The place of the minimum.
  let minimum: Int

  init(_ section: PromptSection) {
    self.section = section
    switch section.content {
    case .forms(let forms):
      var choices: [Choice] = []
      for form in forms where choices.allSatisfy({ $0.tokens > form.tokens + section.overhead }) {
        choices.append(Choice(kept: .form(form.name), tokens: form.tokens + section.overhead))
      }
      all = choices + [Choice(kept: .nothing, tokens: 0)]
    case .items(let items, let end):
      all = Self.choices(items, end, section.overhead) + [Choice(kept: .nothing, tokens: 0)]
    }
    let shortest = max(all.count - 2, 0)
    switch section.minimum {
    case .full: minimum = 0
    case .nothing: minimum = all.count - 1
    case .items(let count):
      minimum = all.lastIndex { Self.count($0.kept) >= count } ?? 0
    case .form(.full): minimum = 0
    case .form(.summary):
      minimum = all.firstIndex { [.form(.summary), .form(.headline)].contains($0.kept) } ?? shortest
    case .form: minimum = all.firstIndex { $0.kept == .form(.headline) } ?? shortest
    }
  }

  static func count(_ kept: PromptReport.Kept) -> Int {
    if case .items(let range) = kept { range.count } else { 0 }
  }

  /// The ranges at an end of a list that part no group.
  private static func choices(
    _ items: [PromptSection.Item], _ end: PromptSection.End, _ overhead: Int
  ) -> [Choice] {
    items.indices.compactMap { dropped in
      let range = end == .first ? dropped..<items.count : 0..<items.count - dropped
      let inside = Set(items[range].compactMap(\.group))
      let outside = Set(items.indices.filter { !range.contains($0) }.compactMap { items[$0].group })
      guard inside.isDisjoint(with: outside) else { return nil }
      return Choice(kept: .items(range), tokens: items[range].reduce(overhead) { $0 + $1.tokens })
    }
  }
}

struct PromptBudgetFuzzTests {
  /// Sections at random.
  ///
  /// - Parameter size: of sections, and of items in a list.
  private static func sections(_ size: Int, _ random: inout SplitMix64) -> [PromptSection] {
    (0..<Int.random(in: 0...size, using: &random)).map { index in
      let isList = random.happens(0.5)
      let content: PromptSection.Content
      var minimums: [PromptSection.Minimum] = [.nothing, .full]
      if isList {
        let items = (0..<Int.random(in: 0...size, using: &random)).map { _ in
          PromptSection.Item(
            tokens: .random(in: 0...30, using: &random),
            group: random.happens(0.4) ? ["a", "b", "c"].randomElement(using: &random) : nil)
        }
        content = .items(items, dropping: random.happens(0.5) ? .first : .last)
        minimums += [.items(1), .items(2)]
      } else {
        var tokens = Int.random(in: 1...80, using: &random)
        var forms = [PromptSection.Form(.full, tokens: tokens)]
        for name in [PromptSection.Form.Name.summary, .headline] where random.happens(0.6) {
          tokens = max(tokens - Int.random(in: 1...40, using: &random), 0)
          guard tokens < forms[forms.count - 1].tokens else { break }
          forms.append(.init(name, tokens: tokens))
        }
        content = .forms(forms)
        minimums += [.form(.summary), .form(.headline)]
      }
      return PromptSection(
        "section \(index)", priority: .random(in: 0...3, using: &random), content: content,
        minimum: minimums.randomElement(using: &random) ?? .nothing, isPinned: random.happens(0.15),
        overhead: random.happens(0.3) ? .random(in: 0...5, using: &random) : 0)
    }
  }

  private static func budget(_ limit: Int, _ random: inout SplitMix64) -> PromptBudget {
    PromptBudget(
      limit: .random(in: 0...limit, using: &random), reservedOutput: .random(in: 0...40, using: &random),
      margin: random.happens(0.5) ? 0 : .random(in: 0...0.5, using: &random))
  }

  private func solved(_ budget: PromptBudget, _ sections: [PromptSection]) -> PromptReport? {
    do throws(PromptBudgetFailure) {
      return try budget.solve(sections)
    } catch {
      // Only what is pinned makes it fail.
      let pinned = sections.filter(\.isPinned).map(Choices.init)
      #expect(pinned.reduce(0) { $0 + $1.all[$1.minimum].tokens } > budget.available)
      return nil
    }
  }

  @Test(arguments: 1...20)
  func `whatever the sections are, the budget's promises hold`(seed: Int) throws {
    var random = SplitMix64(seed: UInt64(seed))
    for _ in 0..<100 {
      let sections = Self.sections(12, &random)
      let budget = Self.budget(900, &random)
      guard let report = solved(budget, sections) else { continue }
      #expect(report == solved(budget, sections))

      // Never over, and all are accounted for.
      #expect(report.sections.map(\.id) == sections.map(\.id))
      #expect(report.tokens == report.sections.reduce(0) { $0 + $1.tokens })
      #expect(
        Double(report.tokens) * (1 + budget.margin) <= Double(budget.limit - budget.reservedOutput) + 1e-6)

      let choices = sections.map(Choices.init)
      let places = try zip(choices, report.sections).map { choices, section in
        try #require(choices.all.firstIndex { $0.kept == section.kept && $0.tokens == section.tokens })
      }
      for (index, section) in report.sections.enumerated() {
        let own = choices[index]
        let place = places[index]
        #expect(section.fullTokens == own.all[0].tokens)
        #expect((section.cut == nil) == (place == 0))
        if own.section.isPinned { #expect(place <= own.minimum) }
        guard let cut = section.cut else { continue }

        // No cut could be undone, and the report says why.
        let room = budget.available - report.tokens
        for better in own.all[..<place] { #expect(better.tokens - section.tokens > room) }
        #expect(cut.needed == own.all[place - 1].tokens)
        #expect(cut.available == room + section.tokens)
        if case .items(let items, _) = own.section.content {
          #expect(cut.items.count == items.count - Choices.count(section.kept))
          if case .items(let range) = section.kept { #expect(!range.overlaps(cut.items)) }
        }

        // Nor if all that ranks lower were at its minimum or, once this is below its own, dropped.
        var freed = room
        for lower in sections.indices where ranksLower(lower, than: index, sections) {
          let floor =
            place > own.minimum && !sections[lower].isPinned
            ? choices[lower].all.count - 1 : choices[lower].minimum
          freed += max(choices[lower].all[places[lower]].tokens - choices[lower].all[floor].tokens, 0)
        }
        #expect(own.all[place - 1].tokens - section.tokens > freed)
      }
    }
  }

  private func ranksLower(_ one: Int, than other: Int, _ sections: [PromptSection]) -> Bool {
    (sections[one].priority, other) < (sections[other].priority, one)
  }

  /// The best of all combinations: first the minimums by rank, then what is beyond by rank.
  private func best(_ choices: [Choices], ranked: [Int], available: Int) -> [Int]? {
    var best: (rank: [Int], places: [Int])?
    var places = Array(repeating: 0, count: choices.count)
    func search(_ index: Int, _ tokens: Int) {
      guard tokens <= available else { return }
      guard index < choices.count else {
        // Smaller is better: how far each is below its minimum, then how far it is below all of it.
        let rank = ranked.map { max(places[$0] - choices[$0].minimum, 0) } + ranked.map { places[$0] }
        if best.map({ rank.lexicographicallyPrecedes($0.rank) }) ?? true { best = (rank, places) }
        return
      }
      for (place, choice) in choices[index].all.enumerated() {
        if choices[index].section.isPinned, place > choices[index].minimum { break }
        places[index] = place
        search(index + 1, tokens + choice.tokens)
      }
    }
    search(0, 0)
    return best?.places
  }

  @Test(arguments: 1...20)
  func `small prompts are solved as the best of all combinations`(seed: Int) {
    var random = SplitMix64(seed: UInt64(seed + 1_000))
    for _ in 0..<60 {
      let sections = Self.sections(4, &random)
      let budget = Self.budget(200, &random)
      let choices = sections.map(Choices.init)
      let ranked = sections.indices.sorted { ranksLower($1, than: $0, sections) }
      let expected = best(choices, ranked: ranked, available: budget.available)
      let report = solved(budget, sections)
      #expect((report == nil) == (expected == nil))
      guard let report, let expected else { continue }
      #expect(report.sections.map(\.kept) == zip(choices, expected).map { $0.all[$1].kept })
    }
  }
}
