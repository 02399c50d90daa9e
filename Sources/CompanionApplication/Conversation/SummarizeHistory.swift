import CompanionDomain
import CompanionPorts

/// Makes the next summary of a conversation, beside the turns.
///
/// What cannot be summarised stays where it is, and is tried again after the next turn.
struct SummarizeHistory: Sendable {
  let environment: Environment
  let session: SessionID

  private var configuration: PromptConfiguration { environment.configuration.prompts }
  private var context: EventContext { EventContext(session: session) }

  /// How far back a summary reaches that is made anew. What was said before is found by recall.
  private static let reach: Int64 = 1000

  /// Summarises what is in no summary yet.
  ///
  /// - Parameter through: up to this message.
  func callAsFunction(through: SequenceNumber) async {
    do {
      guard try await summarize(through: through) else { return }
      environment.events.emit(.historySummarized(through: through), in: context)
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

  /// - Returns: whether there is a new summary.
  private func summarize(through: SequenceNumber) async throws -> Bool {
    let key = StateKey.summary(of: session)
    let known = try await begun(key)
    // What is forgotten meanwhile moves this.
    let progress = try await environment.store.memoryProgress(of: session)[.channel]
    var summary = known.value
    while summary.through < through {
      let first = max(summary.through.rawValue, through.rawValue - Self.reach) + 1
      let messages = fitting(try await messages(from: first, through: through))
      guard let material = SummaryMaterial(previous: summary, messages: messages.original),
        let shown = SummaryMaterial(previous: summary, messages: messages.shown)
      else { return false }
      let request = GenerationRequest(
        purpose: .summary,
        messages: shown.prompt(limit: configuration.summaryTokens, masking: { environment.mask.hosts($0) }),
        temperature: 0)
      let response = try await environment.calls.generate(request, context: context)
      // A model that says more than it was asked for would fill the prompts.
      let answer = environment.router.counter.cut(
        ModelCaller.storable(response.text), toTokens: 2 * max(configuration.summaryTokens, 50))
      guard let next = material.summary(answer: answer) else {
        throw ProviderFailure(.malformedResponse, message: "The summary is empty.")
      }
      summary = next
    }
    guard summary != known.value else { return false }
    let put = try known.putting(summary.replacing(known.value), as: key, at: environment.time.now)
    do throws(StoreFailure) {
      try await environment.store.commit(
        .moveMemoryProgress(session, .channel, from: progress, to: progress), put)
      return true
    } catch {
      // Something of it has changed: what is to be summarised is told by the next turn.
      guard error == .conflict(.stateMoved) || error == .conflict(.memoryProgressMoved) else { throw error }
      return false
    }
  }

  /// The summary as it is stored; a blank one where there was none, so that whoever changes a message from now on can
  /// say so.
  private func begun(_ key: StateKey) async throws(StoreFailure) -> Versioned<ConversationSummary> {
    if let known: Versioned<ConversationSummary> = try await environment.store.value(key) { return known }
    let none = Versioned<ConversationSummary>(value: .blank, version: 0)
    do throws(StoreFailure) {
      try await environment.store.commit(try none.putting(.blank, as: key, at: environment.time.now))
    } catch {
      guard error == .conflict(.stateMoved) else { throw error }
    }
    return try await environment.store.value(key) ?? none
  }

  private func messages(
    from first: Int64, through last: SequenceNumber
  ) async throws(StoreFailure) -> [ChatMessage] {
    let limit = Int(min(last.rawValue - first + 1, 100))
    let end = SequenceNumber(rawValue: first + Int64(limit))
    return try await environment.store.messages(in: session, before: end, limit: limit)
      .filter { $0.sequence.rawValue >= first }
  }

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
      // What is left of a secret that is cut could not be told as one.
      let short = message.masked { environment.mask($0) }.shortened(toBytes: room)
      let tokens = short.parts.reduce(20) { $0 + counter.tokens(in: $1.shownText) }
      guard tokens <= left || shown.isEmpty else { break }
      left -= tokens
      shown.append(short)
    }
    return (Array(messages.prefix(shown.count)), shown)
  }
}

extension ChatMessage {
  /// The message with the beginning and the end of what is longer. Hardly any text has more tokens than bytes.
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
