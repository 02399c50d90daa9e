/// A prompt that fits its budget, and what had to be cut so that it does.
public struct CompiledPrompt: Hashable, Sendable {
  /// The tools, as they were given.
  public let tools: [ToolDescription]
  /// The messages: the host's words and what goes with them, the history, and last the person's message with what was
  /// brought in for this turn before it. The last part of the last message is what the person says, and nothing else.
  public let messages: [PromptMessage]
  /// The template that it was made by.
  public let template: PromptTemplate.ID
  /// What became of each section.
  public let report: PromptReport
  /// The tokens of messages and tools as they are sent: never more than ``PromptBudget/available``.
  public let tokens: Int
  /// The messages of the context's history that are neither sent nor covered by its summary, oldest first: they are to be
  /// summarised. The prompt has at most the beginnings of them.
  public let unsummarized: [SequenceNumber]
  /// Through which message of the log the next summary is to be made, best while nobody waits for it; `nil` while the
  /// last one will do. It is told before anything has to be cut. Later prompts have the new summary, and the history
  /// behind it, once the history no longer fits behind the one before.
  public let summaryDue: SequenceNumber?
}
