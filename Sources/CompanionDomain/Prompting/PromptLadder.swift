/// All that can become of a section, from all of it to nothing; what costs more comes first.
struct PromptLadder {
  struct Step {
    var kept: PromptReport.Kept
    var tokens: Int
  }

  /// Never empty; the last one is nothing.
  private(set) var steps: [Step]
  /// The step of the section's minimum.
  let minimum: Int

  /// The steps of a section.
  ///
  /// Complexity: linear in its forms or items.
  init(_ section: PromptSection) {
    let steps: [Step]
    switch section.content {
    case .forms(let forms):
      steps = Self.steps(of: forms, overhead: section.overhead)
      minimum = Self.minimum(section.minimum, of: forms, steps)
    case .items(let items, let end):
      steps = Self.steps(of: items, dropping: end, overhead: section.overhead)
      minimum = Self.minimum(section.minimum, of: steps)
    }
    self.steps = steps
  }

  /// The tokens of its minimum.
  var minimumTokens: Int { steps[minimum].tokens }

  /// The first step, at or behind another, that has at most so many tokens; `nil` where none has.
  ///
  /// Complexity: logarithmic in the steps.
  func step(within tokens: Int, from first: Int = 0) -> Int? {
    var low = first
    var high = steps.count
    while low < high {
      let middle = low + (high - low) / 2
      if steps[middle].tokens <= tokens { high = middle } else { low = middle + 1 }
    }
    return low < steps.count ? low : nil
  }

  private static func steps(of forms: [PromptSection.Form], overhead: Int) -> [Step] {
    var steps: [Step] = []
    for form in forms {
      let tokens = form.tokens.saturatingSum(overhead)
      if let last = steps.last, tokens >= last.tokens { continue }
      steps.append(Step(kept: .form(form.name), tokens: tokens))
    }
    return steps + [Step(kept: .nothing, tokens: 0)]
  }

  private static func minimum(
    _ minimum: PromptSection.Minimum, of forms: [PromptSection.Form], _ steps: [Step]
  ) -> Int {
    switch minimum {
    case .full: return 0
    case .nothing: return steps.count - 1
    case .items(let count): return count > 0 ? max(steps.count - 2, 0) : steps.count - 1
    case .form(let name):
      // A form that was left out because it saves nothing is represented by the one before it.
      guard let place = forms.firstIndex(where: { $0.name.rank >= name.rank }) else {
        return max(steps.count - 2, 0)
      }
      let names = forms[...place].map(\.name)
      return steps.lastIndex { step in
        if case .form(let name) = step.kept { names.contains(name) } else { false }
      } ?? 0
    }
  }

  private static func steps(
    of items: [PromptSection.Item], dropping end: PromptSection.End, overhead: Int
  ) -> [Step] {
    // How many items may be left: not so that one of a group is left without the others.
    let order = end == .first ? Array(items.reversed()) : items
    var lastOfGroup: [String: Int] = [:]
    for (index, item) in order.enumerated() {
      if let group = item.group { lastOfGroup[group] = index }
    }
    var steps = [Step(kept: .nothing, tokens: 0)]
    var tokens = overhead
    var reach = 0
    for (index, item) in order.enumerated() {
      tokens = tokens.saturatingSum(item.tokens)
      if let group = item.group, let last = lastOfGroup[group] { reach = max(reach, last) }
      guard index >= reach else { continue }
      let range = end == .first ? items.count - index - 1..<items.count : 0..<index + 1
      steps.append(Step(kept: .items(range), tokens: tokens))
    }
    return steps.reversed()
  }

  private static func minimum(_ minimum: PromptSection.Minimum, of steps: [Step]) -> Int {
    switch minimum {
    case .full, .form: return 0
    case .nothing: return steps.count - 1
    case .items(let count):
      // The shortest that has as many.
      return steps.lastIndex { $0.kept.itemCount >= count } ?? 0
    }
  }
}

extension PromptSection.Form.Name {
  /// How short it is.
  var rank: Int {
    switch self {
    case .full: 0
    case .summary: 1
    case .headline: 2
    }
  }
}

extension PromptReport.Kept {
  var itemCount: Int {
    if case .items(let range) = self { range.count } else { 0 }
  }
}
