/// Builds the context of each turn of a session: what stays the same is given once, so that prompts begin alike.
public struct PromptContextBuilder: Hashable, Sendable {
  /// What stays the same: persona, rules, tools, profile, language, calendar. Its message is replaced.
  public var base: PromptContext

  /// A builder for contexts that begin like this one.
  public init(_ base: PromptContext) { self.base = base }

  /// The context of a turn.
  ///
  /// - Parameters:
  ///   - message: what is to be answered.
  ///   - window: the newest messages of the conversation, such as ``Conversation/hot``, without a gap behind the
  ///     summary. Whether it has the message already does not matter: it stands in the prompt once.
  ///   - recalled: what fits the message, the best first.
  ///   - tasks: the background tasks to tell of, the most important first.
  public func context(
    answering message: ChatMessage, window: some Sequence<ChatMessage>, summary: ConversationSummary? = nil,
    recalled: [Recollection] = [], tasks: [GenerationTask] = [], files: [PromptExcerpt] = [],
    time: Timestamp? = nil, failure: PromptFailure? = nil
  ) -> PromptContext {
    var context = base
    context.message = message.text
    context.history = window.filter { $0.sequence != message.sequence }
    context.summary = summary
    context.recalled = recalled.map { PromptExcerpt($0, in: base.calendar) }
    context.tasks = tasks.map { PromptExcerpt($0) }
    context.files = files
    context.time = time
    context.failure = failure
    return context
  }
}
