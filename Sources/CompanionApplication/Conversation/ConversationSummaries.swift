import CompanionDomain
import CompanionPorts

/// What a prompt has of a conversation: the summary of what was said before, and the messages since.
struct ConversationSummaries: Sendable {
  let environment: Environment

  /// - Returns: the messages from the anchor on; from further back where the summary does not reach there yet.
  func history(
    of conversation: Conversation, _ event: EventContext
  ) async -> (summary: ConversationSummary?, messages: [ChatMessage]) {
    guard conversation.anchor > SequenceNumber.zero.next else { return (nil, Array(conversation.window)) }
    do throws(StoreFailure) {
      let stored: Versioned<ConversationSummary>? = try await environment.store.value(
        .summary(of: conversation.id))
      let through = stored?.value.through ?? .zero
      return (stored?.value, Array(conversation.messages(from: min(conversation.anchor, through.next))))
    } catch {
      // Without its summary the conversation is still one.
      environment.events.emit(.serviceFailed("summary", error), in: event)
      return (nil, Array(conversation.hot))
    }
  }
}

/// Keeps the summary of a conversation up to its anchor, beside the turns.
///
/// What cannot be summarised stays where it is, and is tried again after the next turn.
struct SummarizeHistory: Sendable {
  let environment: Environment
  let session: SessionID

  private var configuration: PromptConfiguration { environment.configuration.prompts }
  private var context: EventContext { EventContext(session: session) }

  /// The most messages that one summary is made from.
  private static let batch = 100

  /// Summarises what is before the anchor and in no summary yet.
  func callAsFunction() async {
    do {
      while let through = try await step() {
        environment.events.emit(.historySummarized(through: through), in: context)
      }
    } catch  where Task.isCancelled {
      // The conversation is let go of; it is tried again when somebody opens it.
    } catch let failure as ProviderFailure {
      environment.events.emit(.historySummaryFailed(failure), in: context)
    } catch let failure as StoreFailure {
      environment.events.emit(.serviceFailed("summary", failure), in: context)
    } catch {
      // Nothing else is thrown.
    }
  }

  /// - Returns: how far the summary reaches now; `nil` when there is nothing to do.
  private func step() async throws -> SequenceNumber? {
    guard let stored = try await environment.store.session(session) else { return nil }
    let anchor = environment.configuration.history.anchor(last: stored.lastSequence)
    let key = StateKey.summary(of: session)
    let known: Versioned<ConversationSummary>? = try await environment.store.value(key)
    let first = (known?.value.through ?? .zero).next
    guard first < anchor else { return nil }
    let end = min(anchor.rawValue, first.rawValue + Int64(Self.batch))
    let page = try await environment.store.messages(
      in: session, before: SequenceNumber(rawValue: end), limit: Int(end - first.rawValue))
    let messages = fitting(page.filter { $0.sequence >= first })
    guard let material = SummaryMaterial(previous: known?.value, messages: messages.original),
      let shown = SummaryMaterial(previous: known?.value, messages: messages.shown)
    else { return nil }
    let masking = configuration.masking
    let request = GenerationRequest(
      purpose: .summary,
      messages: shown.prompt(limit: configuration.summaryTokens, masking: { masking?.masked($0) ?? $0 }),
      temperature: 0)
    let response = try await environment.calls.generate(request, context: context)
    guard let summary = material.summary(answer: ModelCaller.storable(response.text)) else {
      throw ProviderFailure(.malformedResponse, message: "The summary is empty.")
    }
    let put = try (known ?? Versioned(value: summary, version: 0))
      .putting(summary, as: key, at: environment.time.now)
    do throws(StoreFailure) {
      // Whoever has changed a message before the anchor meanwhile has put a blank summary here.
      try await environment.store.commit(put)
    } catch {
      guard error == .conflict(.stateMoved) else { throw error }
    }
    return summary.through
  }
}

extension SummarizeHistory {
  /// As many messages as fit a prompt, at least one; with what the model is shown of them: of a long one, its beginning
  /// and its end.
  private func fitting(_ messages: [ChatMessage]) -> (original: [ChatMessage], shown: [ChatMessage]) {
    let (counter, margin) = environment.router.textCounter
    let budget = PromptBudget(
      limit: configuration.limit, reservedOutput: configuration.reservedOutput, margin: margin)
    // The rest is for the instructions and the summary so far.
    let room = max(budget.available - 2 * max(configuration.summaryTokens, 0) - 500, 400)
    var shown: [ChatMessage] = []
    var left = room
    for message in messages {
      let short = message.shortened(toBytes: room)
      let tokens = short.parts.reduce(20) { $0 + counter.tokens(in: $1.shownText) }
      guard tokens <= left || shown.isEmpty else { break }
      left -= tokens
      shown.append(short)
    }
    return (Array(messages.prefix(shown.count)), shown)
  }
}

extension ChatMessage {
  /// The message with the beginning and the end of what is longer. No text has more tokens than bytes.
  fileprivate func shortened(toBytes limit: Int) -> ChatMessage {
    func short(_ text: String) -> String {
      guard text.utf8.count > limit else { return text }
      var window = OutputWindow(limit: limit)
      window.append(text.utf8)
      return window.text
    }
    var message = self
    message.parts = parts.map { part in
      switch part {
      case .text(let text): return .text(short(text))
      case .toolCall(var call):
        call.arguments = short(call.arguments)
        return .toolCall(call)
      case .toolResult(var result):
        result.content = short(result.content)
        return .toolResult(result)
      }
    }
    return message
  }
}

extension MessagePart {
  fileprivate var shownText: String {
    switch self {
    case .text(let text): text
    case .toolCall(let call): call.name + call.arguments
    case .toolResult(let result): result.content
    }
  }
}
