/// A prompt that is being made: its sections, in the order in which they stand.
struct PromptDraft {
  private let context: PromptContext
  private let template: PromptTemplate
  private let budget: PromptBudget
  private let measure: PromptMeasure
  private let history: PromptHistory
  private let historyPiece: PromptPiece
  /// What stands in the fixed beginning.
  private let system: [PromptPiece]
  /// What stands before the person's message.
  private let volatile: [PromptPiece]
  /// What has no text here: tools, and the person's message.
  private let fixed: [PromptPiece]
  private let join: Int

  init(
    _ context: PromptContext, _ template: PromptTemplate, budget: PromptBudget, _ measure: PromptMeasure
  ) {
    self.context = context
    self.template = template
    self.budget = budget
    self.measure = measure
    join = measure.tokens(of: Self.gap).saturatingSum(1)
    let writer = PromptWriter(context: context, template: template)
    let join = join

    fixed = [
      Self.counted("tools", measure.tokens(of: context.tools)),
      Self.counted(
        "message",
        measure.tokens(of: context.message).saturatingSum(measure.overhead).saturatingSum(measure.overhead)),
    ]
    let pinned = writer.pinnedSystem
    let history = PromptHistory(context.history, measure)
    self.history = history
    // What stays the same from turn to turn leaves this much; shares of it depend on nothing else.
    let constant = (pinned.map { $0.section(measure, join: join) } + [fixed[0].section(measure, join: 0)])
      .reduce(0) { $0.saturatingSum(PromptLadder($1).minimumTokens) }
    let free = max(budget.available.saturatingSum(-constant), 0)

    let start = history.start(within: free / 2)
    var historyPiece = PromptPiece(
      id: "history", priority: 90, body: .tokens(history.items, dropping: .first), minimum: .full)
    historyPiece.offered = start..<history.units.count
    historyPiece.share = free / 2
    self.historyPiece = historyPiece
    var stable = writer.stableSystem(
      cut: history.units[..<start].map(\.message), summarizedThrough: context.summary?.through)
    for index in stable.indices {
      stable[index].limit(to: free / (stable[index].id == "summary" ? 8 : 16), measure, join: join)
    }
    system = pinned + stable
    volatile = writer.volatile
  }

  private static func counted(_ id: String, _ tokens: Int) -> PromptPiece {
    PromptPiece(
      id: id, priority: 100, body: .tokens([PromptSection.Item(tokens: tokens)], dropping: .last),
      minimum: .full, isPinned: true)
  }

  private var pieces: [(piece: PromptPiece, join: Int)] {
    [(fixed[0], 0)] + system.map { ($0, join) } + [(historyPiece, 0)] + volatile.map { ($0, join) }
      + [(fixed[1], 0)]
  }

  /// What of the sections fits.
  func solved(within available: Int) throws(PromptBudgetFailure) -> PromptReport {
    try budget.solve(pieces.map { $0.piece.section(measure, join: $0.join) }, within: available)
  }

  /// The prompt that a report leaves.
  func compiled(_ solved: PromptReport) -> CompiledPrompt {
    let sections = zip(pieces, solved.sections).map { piece, section in
      piece.piece.reported(section, measure, join: piece.join)
    }
    let report = PromptReport(budget: budget, sections: sections, tokens: solved.tokens)
    let beginning = text(of: system, report)
    let block = text(of: volatile, report)
    var start = history.units.count
    if case .items(let range)? = report["history"]?.kept { start = range.lowerBound }

    var messages = beginning.isEmpty ? [] : [PromptMessage(.system, beginning)]
    messages += history.messages(from: start)
    append(block: block, to: &messages)
    let cut = history.units[..<start].map(\.message.sequence)
    return CompiledPrompt(
      tools: context.tools, messages: messages, template: template.id, report: report,
      tokens: measure.tokens(of: messages).saturatingSum(measure.tokens(of: context.tools)),
      unsummarized: cut.filter { $0 > context.summary?.through ?? .zero })
  }

  private func text(of pieces: [PromptPiece], _ report: PromptReport) -> String {
    pieces.map { $0.text(report[$0.id]?.kept ?? .nothing) }.filter { !$0.isEmpty }
      .joined(separator: Self.gap)
  }

  /// The person's message, with the block before it; one message with an unanswered one before.
  private func append(block: String, to messages: inout [PromptMessage]) {
    var parts: [MessagePart] = []
    if let last = messages.last, last.role == .user {
      parts.append(.text(last.text + Self.gap))
      messages.removeLast()
    }
    if !block.isEmpty { parts.append(.text(block + Self.gap)) }
    messages.append(PromptMessage(role: .user, parts: parts + [.text(context.message)]))
  }

  private static let gap = "\n\n"
}
