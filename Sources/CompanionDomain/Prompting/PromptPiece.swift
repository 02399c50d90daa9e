/// A section of a prompt with its texts: what it can become, and how it is written.
struct PromptPiece {
  /// What it is written of.
  enum Body {
    /// One of several texts, from the fullest to the shortest.
    case forms([(name: PromptSection.Form.Name, text: String)])
    /// Lines between marks, of which those at an end go first.
    case lines([String], dropping: PromptSection.End, kind: String, heading: String)
    /// What is not written as text here: tools, and messages.
    case tokens([PromptSection.Item], dropping: PromptSection.End)
  }

  let id: String
  let priority: Int
  var body: Body
  var minimum = PromptSection.Minimum.nothing
  var isPinned = false
  /// What of its items is offered to the budget; all of them where nothing was decided before.
  var offered: Range<Int>?
  /// The tokens that it had at most when that was decided.
  var share = Int.max
  /// The items that are written shorter than they are, by their places, with their tokens in full.
  var shortened: [Int: Int] = [:]

  /// A text that is there in full.
  static func pinned(_ id: String, _ text: String) -> PromptPiece {
    PromptPiece(id: id, priority: 100, body: .forms([(.full, text)]), minimum: .full, isPinned: true)
  }

  /// Its text, as much as is kept of it; empty for nothing.
  func text(_ kept: PromptReport.Kept) -> String {
    switch (body, kept) {
    case (.forms(let forms), .form(let name)): forms.first { $0.name == name }?.text ?? ""
    case (.lines(let lines, _, let kind, let heading), .items(let range)) where !range.isEmpty:
      heading + "\n" + PromptFence.fenced(lines[range].joined(separator: "\n"), kind: kind)
    default: ""
    }
  }

  /// The section for the budget, of what is offered.
  ///
  /// - Parameter join: what is counted for the gap to the next section, and for marks that differ in length.
  func section(_ measure: PromptMeasure, join: Int) -> PromptSection {
    let content: PromptSection.Content
    var overhead = join
    switch body {
    case .forms(let forms):
      let offered = forms[clamped(forms.count)]
      content = .forms(offered.map { PromptSection.Form($0.name, tokens: measure.tokens(of: $0.text)) })
    case .lines(let lines, let end, let kind, let heading):
      content = .items(
        lines[clamped(lines.count)].map { PromptSection.Item(tokens: measure.tokens(of: $0 + "\n")) },
        dropping: end)
      overhead = overhead.saturatingSum(
        measure.tokens(of: heading + "\n" + PromptFence.fenced("", kind: kind)))
    case .tokens(let items, let end):
      content = .items(Array(items[clamped(items.count)]), dropping: end)
    }
    return PromptSection(
      id, priority: priority, content: content, minimum: minimum, isPinned: isPinned, overhead: overhead)
  }

  private func clamped(_ count: Int) -> Range<Int> { (offered ?? 0..<count).clamped(to: 0..<count) }

  /// What became of all of it, after the budget has decided about what was offered.
  func reported(_ section: PromptReport.Section, _ measure: PromptMeasure, join: Int) -> PromptReport.Section
  {
    guard let offered else { return section }
    var whole = self
    whole.offered = nil
    let ladder = PromptLadder(whole.section(measure, join: join))
    var kept = section.kept
    if case .items(let range) = kept {
      kept = .items(range.lowerBound + offered.lowerBound..<range.upperBound + offered.lowerBound)
    }
    let fullTokens = fullTokens(ladder)
    let step = ladder.steps.firstIndex { $0.kept == kept } ?? ladder.steps.count - 1
    let inPart = shortenedPlaces(in: kept)
    var cut = section.cut
    if step > 0 {
      // A history is cut in steps: all of it was too much.
      let needed = if case .tokens = body, cut == nil { 0 } else { step - 1 }
      cut = PromptReport.Cut(
        items: dropped(kept), shortened: inPart, needed: ladder.steps[needed].tokens,
        available: cut?.available ?? share)
    } else if let newest = inPart.last {
      cut = PromptReport.Cut(
        items: 0..<0, shortened: inPart, needed: shortened[newest] ?? 0, available: share / 4)
    }
    return PromptReport.Section(
      id: id, kept: kept, tokens: section.tokens, fullTokens: fullTokens, cut: cut)
  }

  private func fullTokens(_ ladder: PromptLadder) -> Int {
    guard !shortened.isEmpty, case .tokens(let items, _) = body else { return ladder.steps[0].tokens }
    return items.indices.reduce(0) { $0.saturatingSum(shortened[$1] ?? items[$1].tokens) }
  }

  private func shortenedPlaces(in kept: PromptReport.Kept) -> [Int] {
    guard case .items(let range) = kept else { return [] }
    return shortened.keys.filter(range.contains).sorted()
  }

  private func dropped(_ kept: PromptReport.Kept) -> Range<Int> {
    switch body {
    case .forms: 0..<0
    case .lines(let all, let end, _, _): Self.dropped(kept, of: all.count, end)
    case .tokens(let all, let end): Self.dropped(kept, of: all.count, end)
    }
  }

  private static func dropped(
    _ kept: PromptReport.Kept, of count: Int, _ end: PromptSection.End
  ) -> Range<Int> {
    guard case .items(let range) = kept, !range.isEmpty else { return 0..<count }
    return end == .first ? 0..<range.lowerBound : range.upperBound..<count
  }

  /// Offers no more than a share of the budget: so what stands before the history does not depend on what changes with
  /// every turn.
  mutating func limit(to share: Int, _ measure: PromptMeasure, join: Int) {
    let section = section(measure, join: join)
    let ladder = PromptLadder(section)
    let step = ladder.step(within: share) ?? ladder.steps.count - 1
    self.share = share
    switch (body, ladder.steps[step].kept) {
    case (.forms(let forms), .form(let name)):
      offered = (forms.firstIndex { $0.name == name } ?? forms.count)..<forms.count
    case (.forms(let forms), _): offered = forms.count..<forms.count
    case (_, .items(let range)): offered = range
    case (.lines(let lines, let end, _, _), _): offered = Self.none(of: lines.count, end)
    case (.tokens(let items, let end), _): offered = Self.none(of: items.count, end)
    }
    minimum = .full
  }

  private static func none(of count: Int, _ end: PromptSection.End) -> Range<Int> {
    end == .first ? count..<count : 0..<0
  }
}
