/// How many tokens a prompt may have, and what is left of its sections so that it does.
public struct PromptBudget: Hashable, Sendable {
  /// The tokens of prompt and answer together.
  public let limit: Int
  /// The tokens of the limit that are kept free for the answer.
  public let reservedOutput: Int
  /// The part of an estimate that is kept free because it may be too low: 0.1 for ten per cent. Kept to
  /// millionths, rounded up.
  public let margin: Double
  private let millionths: Int

  /// A budget.
  ///
  /// - Parameters:
  ///   - limit: less than 0 counts as 0.
  ///   - reservedOutput: counts as 0 to the limit.
  ///   - margin: such as ``TokenEstimator/margin``. Counts as 0 to 1,000; what is not a number counts as 1.
  public init(limit: Int = 8_000, reservedOutput: Int = 0, margin: Double = 0) {
    self.limit = max(limit, 0)
    self.reservedOutput = min(max(reservedOutput, 0), self.limit)
    // Millionths that come of rounding in binary do not count.
    millionths = Int((min(max(margin.isNaN ? 1 : margin, 0), 1_000) * 1e6 - 1e-3).rounded(.up))
    self.margin = Double(millionths) / 1e6
  }

  /// 8,000 tokens, 1,000 of them for the answer, with the margin of a ``TokenEstimator`` that has learnt nothing.
  public static let standard = PromptBudget(
    limit: 8_000, reservedOutput: 1_000, margin: TokenEstimator.firstMargin)

  /// The tokens that all sections may have together: with the margin, they stay within the limit without what
  /// is kept free for the answer.
  public var available: Int {
    let room = UInt128(limit - reservedOutput)
    return Int(room * 1_000_000 / UInt128(1_000_000 + millionths))
  }

  /// Fits sections into the budget.
  ///
  /// Each section gets at least what is pinned of it. Of what is left, first the minimum of each is served, by
  /// priority, and then what is beyond, by priority: so a section shrinks only when all of a lower priority have
  /// shrunk to their minimum, and below its minimum only when those are dropped. What a large step has freed is
  /// used for what still fits, so that no single cut could be undone within the budget. The same sections give
  /// the same report.
  ///
  /// - Throws: ``PromptBudgetFailure`` when what is pinned does not fit, or two sections have the same name.
  ///
  /// Complexity: linear in forms and items, *n* log *n* in sections.
  public func solve(_ sections: [PromptSection]) throws(PromptBudgetFailure) -> PromptReport {
    try solve(sections, within: available)
  }

  /// Fits sections into fewer tokens than the budget has.
  func solve(_ sections: [PromptSection], within available: Int) throws(PromptBudgetFailure) -> PromptReport {
    var names: Set<String> = []
    for section in sections where !names.insert(section.id).inserted {
      throw .repeatedSection(section.id)
    }
    let ladders = sections.map(PromptLadder.init)
    let ranked = sections.indices.sorted { one, other in
      (sections[other].priority, one) < (sections[one].priority, other)
    }
    // The step of each, and what all of them have left together.
    var chosen = ladders.map { $0.steps.count - 1 }
    var left = available

    for index in ranked where sections[index].isPinned {
      let ladder = ladders[index]
      guard ladder.minimumTokens <= left else {
        throw .pinnedDoesNotFit(
          section: sections[index].id, tokens: ladder.minimumTokens, left: max(left, 0),
          available: available)
      }
      chosen[index] = ladder.minimum
      left -= ladder.minimumTokens
    }
    for beyondMinimum in [false, true] {
      for index in ranked {
        let ladder = ladders[index]
        let now = ladder.steps[chosen[index]].tokens
        let first = beyondMinimum ? 0 : ladder.minimum
        guard first < chosen[index], let step = ladder.step(within: left + now, from: first) else { continue }
        chosen[index] = min(step, chosen[index])
        left += now - ladder.steps[chosen[index]].tokens
      }
    }
    return PromptReport(
      budget: self,
      sections: sections.indices.map { index in
        reported(sections[index], ladders[index], chosen[index], left: left)
      },
      tokens: available - left)
  }

  private func reported(
    _ section: PromptSection, _ ladder: PromptLadder, _ chosen: Int, left: Int
  ) -> PromptReport.Section {
    let step = ladder.steps[chosen]
    let full = ladder.steps[0].tokens
    var cut: PromptReport.Cut?
    if chosen > 0 {
      cut = PromptReport.Cut(
        items: section.droppedItems(step.kept), shortened: [], needed: ladder.steps[chosen - 1].tokens,
        available: left + step.tokens)
    }
    return PromptReport.Section(
      id: section.id, kept: step.kept, tokens: step.tokens, fullTokens: full, cut: cut)
  }
}

/// Why a prompt cannot be made.
@nonexhaustive
public enum PromptBudgetFailure: Error, Hashable, Sendable {
  /// What is pinned of a section does not fit beside what is pinned of more important ones. Shorten one of
  /// them, or raise the limit.
  ///
  /// `tokens` is what is pinned of it, `left` what the others leave of the `available` ones.
  case pinnedDoesNotFit(section: String, tokens: Int, left: Int, available: Int)
  /// Two sections have the same name.
  case repeatedSection(String)
}

extension PromptBudgetFailure: CustomStringConvertible {
  /// For a person.
  public var description: String {
    switch self {
    case .pinnedDoesNotFit(let section, let tokens, let left, let available):
      """
      The section "\(section)" must stay, and does not fit: it needs \(tokens) tokens, and \(left) of \
      \(available) are left.
      """
    case .repeatedSection(let section): "Two sections of the prompt are called \"\(section)\"."
    }
  }
}

extension PromptSection {
  /// The items that are not kept, by their places.
  fileprivate func droppedItems(_ kept: PromptReport.Kept) -> Range<Int> {
    guard case .items(let items, let end) = content else { return 0..<0 }
    guard case .items(let range) = kept else { return 0..<items.count }
    return end == .first ? 0..<range.lowerBound : range.upperBound..<items.count
  }
}
