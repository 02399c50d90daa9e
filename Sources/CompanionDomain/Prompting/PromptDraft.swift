/// A prompt that is being made: its sections, in the order in which they stand.
struct PromptDraft {
  private let context: PromptContext
  private let template: PromptTemplate
  private let budget: PromptBudget
  private let policy: HistoryPolicy
  private let measure: PromptMeasure
  private let history: PromptHistory
  private let historyPiece: PromptPiece
  /// What was done for the message already, behind it.
  private let work: PromptWork
  /// Whether a newer summary stands by for when the history has no room.
  private let hasNewerSummary: Bool
  /// What stands in the fixed beginning.
  private let system: [PromptPiece]
  /// What stands before the person's message.
  private let volatile: [PromptPiece]
  /// What has no text here: tools, and the person's message.
  private let fixed: [PromptPiece]
  private let join: Int

  init(
    _ context: PromptContext, _ template: PromptTemplate, budget: PromptBudget, history policy: HistoryPolicy,
    _ measure: PromptMeasure
  ) {
    self.context = context
    self.policy = policy
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
    // What stays the same from turn to turn leaves this much; shares of it depend on nothing else.
    let constant = (pinned.map { $0.section(measure, join: join) } + [fixed[0].section(measure, join: 0)])
      .reduce(0) { $0.saturatingSum(PromptLadder($1).minimumTokens) }
    let free = max(budget.available.saturatingSum(-constant), 0)
    // A task that calls tools needs what they have brought more than what was said before.
    let room = context.work.isEmpty ? free / 2 : free / 4
    work = PromptWork(context.work, room: free / 2, measure, note: writer.leftOut)
    let (summary, history) = Self.history(of: context, policy, room: room, measure, writer)
    self.history = history
    hasNewerSummary = summary != nil && summary?.through != context.summary?.through

    var historyPiece = PromptPiece(
      id: "history", priority: 90, body: .tokens(history.items, dropping: .first), minimum: .full)
    historyPiece.offered = history.start..<history.units.count
    historyPiece.share = history.room
    historyPiece.shortened = history.shortened
    self.historyPiece = historyPiece
    var stable = writer.stableSystem(
      summary, cut: history.units[..<history.start].map(\.message))
    for index in stable.indices {
      stable[index].limit(to: free / (stable[index].id == "summary" ? 8 : 16), measure, join: join)
    }
    system = pinned + stable
    volatile = writer.volatile(omitted: work.calls(before: work.start))
  }

  /// The history behind the summary; the earlier summary as long as all that stands behind it fits.
  private static func history(
    of context: PromptContext, _ policy: HistoryPolicy, room: Int, _ measure: PromptMeasure,
    _ writer: PromptWriter
  ) -> (ConversationSummary?, PromptHistory) {
    func history(after summarized: SequenceNumber) -> PromptHistory {
      PromptHistory(
        context.history.filter { $0.sequence > summarized }, room: room, measure, note: writer.leftOut)
    }
    guard let newest = context.summary else { return (nil, history(after: .zero)) }
    guard let earlier = newest.previous, let first = context.history.first?.sequence,
      first <= earlier.through.next
    else { return (newest, history(after: newest.through)) }
    let longer = history(after: earlier.through)
    return longer.fits(policy) ? (earlier, longer) : (newest, longer.after(newest.through))
  }

  private static func counted(_ id: String, _ tokens: Int) -> PromptPiece {
    PromptPiece(
      id: id, priority: 100, body: .tokens([PromptSection.Item(tokens: tokens)], dropping: .last),
      minimum: .full, isPinned: true)
  }

  private var pieces: [(piece: PromptPiece, join: Int)] {
    [(fixed[0], 0)] + system.map { ($0, join) } + [(historyPiece, 0)] + volatile.map { ($0, join) }
      + (work.piece.map { [($0, 0)] } ?? []) + [(fixed[1], 0)]
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
    if case .items(let range)? = report["work"]?.kept { messages += work.messages(from: range.lowerBound) }
    return CompiledPrompt(
      tools: context.tools, messages: messages, template: template.id, report: report,
      tokens: measure.tokens(of: messages).saturatingSum(measure.tokens(of: context.tools)),
      unsummarized: history.uncovered(before: start),
      summaryDue: hasNewerSummary ? nil : history.summaryDue(policy))
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
