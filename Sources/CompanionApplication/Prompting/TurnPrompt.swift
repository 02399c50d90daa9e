import CompanionDomain
import CompanionPorts

/// Makes the prompt of an answer: the conversation, and in enhanced mode what is remembered, what fits the message, the
/// background tasks and the files that it names.
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
    let plain = await plain(subject)
    if (subject.options.mode ?? environment.mode.current) == .enhanced {
      do {
        let enhanced = try await enhanced(plain, subject)
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

  private func enhanced(
    _ plain: PromptContext, _ subject: Subject
  ) async throws(MemoryFailure) -> PromptContext {
    var context = plain
    let id = subject.conversation.id
    let known = Set((context.history + [subject.message]).map { RecallSource.message(id, $0.sequence) })
    if subject.options.recall ?? true {
      let reminder = try await Remind(environment: environment)(
        of: subject.message.text, in: id, excluding: known)
      context.profile = reminder.profile
      context.recalled = reminder.recalled
    }
    do throws(StoreFailure) {
      let shared: Versioned<SharedContext>? = try await environment.store.value(.sharedContext(of: id))
      context.situation = shared?.value.excerpts ?? []
      context.tasks = try await tasks(of: id)
    } catch {
      throw .store(error)
    }
    context.files = await files(subject.intent.files)
    context.time = environment.time.now
    return context
  }

  private static let maximumTasks = 8

  /// How the background tasks of a conversation stand that have not ended, the newest first.
  private func tasks(of session: SessionID) async throws(StoreFailure) -> [PromptExcerpt] {
    let filter = TaskFilter(states: [.queued, .running, .waiting], session: session)
    return try await environment.store.tasks(matching: filter, limit: Self.maximumTasks)
      .map { PromptExcerpt($0) }
  }

  private func files(_ names: [String]) async -> [PromptExcerpt] {
    guard let files = environment.files else { return [] }
    var excerpts: [PromptExcerpt] = []
    let configuration = environment.configuration.prompts
    for name in names.prefix(max(configuration.maximumFiles, 0)) {
      // What cannot be read is not there: the model is not told what it cannot see.
      guard let text = try? await files.excerpt(of: name, bytes: max(configuration.maximumFileBytes, 1))
      else {
        continue
      }
      excerpts.append(PromptExcerpt(source: name, text: text))
    }
    return excerpts
  }
}

extension SharedContext {
  /// The entries as a model is shown them, those written last first.
  var excerpts: [PromptExcerpt] {
    entries.reversed().map { PromptExcerpt(source: "\($0.key), \($0.source)", text: $0.text) }
  }
}
