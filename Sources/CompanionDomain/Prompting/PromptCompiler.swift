/// Turns a ``PromptContext`` into messages that fit a budget, with a report of what was cut.
///
/// The order is that of what changes seldom before what changes often, so that providers can reuse what they have
/// computed for a prompt's beginning: tools, persona and rules, the profile, corrections and summary, the history; then,
/// before the person's message, whatever is of this turn alone.
///
/// It is a pure function: the same context, template and counter give the same prompt.
public struct PromptCompiler: Hashable, Sendable {
  /// What a prompt may have.
  public var budget: PromptBudget
  /// How many messages are sent at least, and in what steps the history's beginning moves.
  public var history: HistoryPolicy

  /// A compiler for a budget.
  public init(budget: PromptBudget = .standard, history: HistoryPolicy = .standard) {
    self.budget = budget
    self.history = history
  }

  /// Compiles a prompt.
  ///
  /// Secrets are masked in everything but the host's own words: persona, rules, template and tools.
  ///
  /// - Parameters:
  ///   - template: `nil` for the one that fits the context: ``PromptTemplate/selected(for:)``.
  ///   - masking: masks further secrets, after the engine has masked what can be known by its form.
  ///   - tokensPerMessage: what the format of each message adds.
  ///   - tokens: counts the tokens of a text.
  /// - Throws: ``PromptBudgetFailure/pinnedDoesNotFit(section:tokens:left:available:)`` when what is pinned does not fit:
  ///   tools, persona and rules, the profile, the person's message.
  ///
  /// Complexity: linear in the length of all texts, which are counted about twice.
  public func compile(
    _ context: PromptContext, template: PromptTemplate? = nil,
    masking: (String) -> String = { $0 }, tokensPerMessage: Int = 4,
    countedBy tokens: @escaping (String) -> Int
  ) throws(PromptBudgetFailure) -> CompiledPrompt {
    let context = context.masked { masking(SecretMask.masked($0)) }
    let draft = PromptDraft(
      context, template ?? .selected(for: context), budget: budget, history: history,
      PromptMeasure(overhead: tokensPerMessage, count: tokens))
    // Texts that are joined may have more tokens than each by itself: what that comes to is kept free then.
    var reserve = 0
    while true {
      let report = try draft.solved(within: max(budget.available - reserve, 0))
      let compiled = draft.compiled(report)
      let excess = compiled.tokens - budget.available
      if excess <= 0 { return compiled }
      // Nothing is left but what must be there, and joined it is too much.
      guard reserve < budget.available else {
        throw .pinnedDoesNotFit(
          section: "message", tokens: compiled.tokens, left: budget.available, available: budget.available)
      }
      reserve = max(reserve.saturatingSum(reserve), reserve.saturatingSum(excess))
    }
  }
}

extension PromptContext {
  /// The context without secrets in whatever is not the host's own.
  func masked(by mask: (String) -> String) -> PromptContext {
    func masked(_ excerpts: [PromptExcerpt]) -> [PromptExcerpt] {
      excerpts.map { PromptExcerpt(source: mask($0.source), text: mask($0.text)) }
    }
    var context = self
    context.message = mask(message)
    context.profile = masked(profile)
    context.recalled = masked(recalled)
    context.situation = masked(situation)
    context.tasks = masked(tasks)
    context.files = masked(files)
    context.failure = failure.map { PromptFailure(mask($0.message), retries: $0.retries) }
    context.summary = summary?.masked(by: mask)
    context.history = history.map { $0.masked(by: mask) }
    context.work = work.map { $0.masked(by: mask) }
    return context
  }
}

extension ChatMessage {
  /// The message without secrets in what was said, called and returned.
  package func masked(by mask: (String) -> String) -> ChatMessage {
    var masked = self
    masked.parts = parts.map { $0.masked(by: mask) }
    return masked
  }
}

extension MessagePart {
  /// The part without secrets in what was said, called or returned.
  package func masked(by mask: (String) -> String) -> MessagePart {
    switch self {
    case .text(let text): return .text(mask(text))
    case .toolCall(var call):
      call.arguments = mask(call.arguments)
      return .toolCall(call)
    case .toolResult(var result):
      result.content = mask(result.content)
      return .toolResult(result)
    }
  }
}
