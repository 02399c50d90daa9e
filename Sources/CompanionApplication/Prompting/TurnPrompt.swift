import CompanionDomain
import CompanionPorts

/// Makes the prompt of an answer: the conversation; in enhanced mode what is remembered, what fits the message, the
/// background tasks and the files that it names; in standard mode what fits the message, where the turn asks for it.
struct TurnPrompt: Sendable {
  let environment: Environment

  /// What is to be answered.
  struct Subject: Sendable {
    var message: ChatMessage
    var conversation: Conversation
    var intent: Intent
    var options: TurnOptions
    /// What went wrong when it was tried before.
    var failure: PromptFailure?
    var context: EventContext
  }

  struct Made: Sendable {
    var request: GenerationRequest
    /// Through which message the next summary is to be made; `nil` while there is time.
    var summaryDue: SequenceNumber?
    /// Whether memories stand in it: they may be repeated, so that no memory is derived from the answer.
    var isReminded: Bool
  }

  /// - Throws: `PromptBudgetFailure` when not even the message alone fits.
  func callAsFunction(_ subject: Subject) async throws(PromptBudgetFailure) -> Made {
    await environment.router.estimates.restore()
    let plain = await plain(subject)
    let isEnhanced = (subject.options.mode ?? environment.mode.current) == .enhanced
    let recalls = subject.options.recall ?? isEnhanced
    if isEnhanced || recalls {
      do {
        let enhanced = try await enriched(plain, subject, isEnhanced: isEnhanced, recalls: recalls)
        let made = try CompilePrompt(environment: environment)(
          enhanced, for: .answer, about: subject.context)
        return Made(
          request: made.request, summaryDue: made.summaryDue,
          isReminded: !(enhanced.profile.isEmpty && enhanced.recalled.isEmpty))
      } catch {
        environment.events.emit(.modeFellBack("\(error)"), in: subject.context)
      }
    }
    let made = try CompilePrompt(environment: environment)(plain, for: .answer, about: subject.context)
    return Made(request: made.request, summaryDue: made.summaryDue, isReminded: false)
  }

  /// The conversation alone, as much of it as is not in its summary.
  private func plain(_ subject: Subject) async -> PromptContext {
    let summary = await ConversationSummaries(environment: environment)
      .summary(of: subject.conversation, subject.context)
    return PromptContextBuilder(environment.configuration).context(
      answering: subject.message, window: subject.conversation.hot, summary: summary,
      failure: subject.failure)
  }

  private func enriched(
    _ plain: PromptContext, _ subject: Subject, isEnhanced: Bool, recalls: Bool
  ) async throws(MemoryFailure) -> PromptContext {
    let enrich = EnrichPrompt(environment: environment)
    let session = subject.conversation.id
    var context = plain
    if isEnhanced { context = try await enrich(context, in: session, naming: subject.intent.files) }
    if recalls { context = try await enrich.remembering(context, for: subject.message, in: session) }
    return isEnhanced ? try await enrich.tellingOfTasks(context, of: session) : context
  }

  /// Through which message the next summary is to be made, where no prompt is made that would tell.
  func summaryDue(_ subject: Subject) async -> SequenceNumber? {
    guard subject.conversation.hot.count > environment.configuration.history.sent * 3 else { return nil }
    return try? CompilePrompt(environment: environment).compiled(await plain(subject)).summaryDue
  }
}
