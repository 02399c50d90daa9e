/// The prompt of a background task: the persona, the conversation it comes from, and the task.
public enum TaskPrompt {
  /// The messages of a prompt; the last one is the task.
  ///
  /// - Parameter window: the conversation as it is when the work begins.
  public static func messages(
    persona: String, window: some Sequence<ChatMessage>, instruction: String
  ) -> [PromptMessage] {
    ChatPrompt.messages(persona: persona + rules, window: window) + [PromptMessage(.user, instruction)]
  }

  private static let rules = """


    You now work in the background on the last message. Do it completely and reply with the result alone: \
    nobody can answer questions while you work, and your reply is shown to the person as it is.
    """
}
