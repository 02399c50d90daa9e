/// Everything that a prompt is made of, as it was at one moment.
///
/// What stays the same from turn to turn comes first in the prompt, so that providers can reuse what they have computed
/// for it: keep ``language``, ``tools``, ``persona``, ``rules`` and ``profile`` the same as long as it is true, and make a
/// new ``summary`` when ``CompiledPrompt/summaryDue`` says so.
public struct PromptContext: Hashable, Sendable {
  /// The language of everything that the engine itself says in the prompt.
  public var language: WrittenLanguage
  /// The tools that the model may ask for.
  public var tools: [ToolDescription]
  /// Who the companion is, in the host's words. Never masked.
  public var persona: String
  /// What it has to keep to, in the host's words. Never masked, and there in full after every summary.
  public var rules: [String]
  /// What is known for good about whom it talks with. Pinned: it is there in full, or the prompt cannot be made.
  public var profile: [PromptExcerpt]
  /// What was said before the history; `nil` where nothing was.
  public var summary: ConversationSummary?
  /// The newest messages of the conversation, oldest first, without the one that is to be answered. Those that the
  /// summary covers may be among them: they are not sent.
  public var history: [ChatMessage]
  /// What fits the message, the best first.
  public var recalled: [PromptExcerpt]
  /// What is known of the conversation besides, such as what the app shows, the most important first.
  public var situation: [PromptExcerpt] = []
  /// How background tasks stand, the most important first.
  public var tasks: [PromptExcerpt]
  /// Files that the message is about, the most important first.
  public var files: [PromptExcerpt]
  /// When it is; told to the minute. `nil` where the model shall not know.
  public var time: Timestamp?
  /// How times are told.
  public var calendar: MemoryCalendar
  /// What went wrong the last time; `nil` for nothing.
  public var failure: PromptFailure?
  /// What was done for the message already: answers that call tools, and the results. It stands behind the message.
  public var work: [ChatMessage] = []
  /// What the person says: the last words of the prompt, there once, in full.
  public var message: String

  /// A context.
  ///
  /// - Parameter language: `nil` for that of the persona, which does not change from turn to turn.
  public init(
    persona: String = "", message: String, language: WrittenLanguage? = nil, rules: [String] = [],
    tools: [ToolDescription] = [], profile: [PromptExcerpt] = [], summary: ConversationSummary? = nil,
    history: [ChatMessage] = [], recalled: [PromptExcerpt] = [], tasks: [PromptExcerpt] = [],
    files: [PromptExcerpt] = [], time: Timestamp? = nil, calendar: MemoryCalendar = MemoryCalendar(),
    failure: PromptFailure? = nil
  ) {
    self.language = language ?? WrittenLanguage(of: persona)
    self.tools = tools
    self.persona = persona
    self.rules = rules
    self.profile = profile
    self.summary = summary
    self.history = history
    self.recalled = recalled
    self.tasks = tasks
    self.files = files
    self.time = time
    self.calendar = calendar
    self.failure = failure
    self.message = message
  }
}

/// What went wrong when a message was to be answered before.
public struct PromptFailure: Hashable, Sendable {
  /// What the model is told of it.
  public var message: String
  /// How often it has been tried again: from 1 on, the prompt is one to recover from it.
  public var retries: Int

  /// A failure of these parts.
  public init(_ message: String, retries: Int) {
    self.message = message
    self.retries = retries
  }
}
