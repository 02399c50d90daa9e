import CompanionDomain
import CompanionPorts

/// Makes a prompt that fits, whichever of the companion's models is asked, and tells what was cut.
struct CompilePrompt: Sendable {
  let environment: Environment

  private var configuration: PromptConfiguration { environment.configuration.prompts }

  struct Made: Sendable {
    var request: GenerationRequest
    /// Through which message the next summary of the conversation is to be made; `nil` while there is time.
    var summaryDue: SequenceNumber?
  }

  /// - Throws: `PromptBudgetFailure` when what must be there does not fit.
  func callAsFunction(
    _ context: PromptContext, for purpose: CallPurpose, about event: EventContext
  ) throws(PromptBudgetFailure) -> Made {
    let compiled = try compiled(context)
    environment.lastPrompts.note(compiled.report, for: purpose)
    environment.events.emit(.promptCompiled(purpose, compiled.template, compiled.report), in: event)
    return Made(
      request: GenerationRequest(purpose: purpose, messages: compiled.messages, tools: compiled.tools),
      summaryDue: compiled.summaryDue)
  }

  /// The prompt, of which nobody is told.
  func compiled(_ context: PromptContext) throws(PromptBudgetFailure) -> CompiledPrompt {
    let (counter, margin) = environment.router.textCounter
    let compiler = PromptCompiler(
      budget: PromptBudget(
        limit: configuration.limit, reservedOutput: configuration.reservedOutput, margin: margin),
      history: environment.configuration.history)
    return try compiler.compile(
      context, template: configuration.template, masking: { environment.mask.hosts($0) },
      tokensPerMessage: Int(max(counter.tokensPerMessage, 0).rounded(.up)),
      countedBy: { counter.tokens(in: $0) })
  }
}

extension PromptContextBuilder {
  /// What stands in every prompt of a companion.
  init(_ configuration: CompanionConfiguration) {
    self.init(
      PromptContext(
        persona: configuration.persona, message: "", language: configuration.prompts.language,
        rules: configuration.prompts.rules, calendar: configuration.memory.calendar))
  }
}
