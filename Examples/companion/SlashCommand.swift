/// A line that is a command and not a message.
enum SlashCommand: Equatable {
  case help, status, tasks, history, sessions, quit
  case dead
  case task(String)
  case cancel(String)
  case retry(String)
  case unknown(String)

  /// The command on a line; `nil` when the line is a message.
  init?(_ line: String) {
    guard line.hasPrefix("/") else { return nil }
    let words = line.split(whereSeparator: \.isWhitespace).map(String.init)
    switch (words.first, words.count) {
    case ("/help", 1): self = .help
    case ("/status", 1): self = .status
    case ("/tasks", 1): self = .tasks
    case ("/history", 1): self = .history
    case ("/sessions", 1): self = .sessions
    case ("/quit", 1): self = .quit
    case ("/dead", 1): self = .dead
    case ("/task", 2): self = .task(words[1])
    case ("/cancel", 2): self = .cancel(words[1])
    case ("/retry", 2): self = .retry(words[1])
    default: self = .unknown(line)
    }
  }

  static let overview = """
      /help        list the commands
      /status      how everything stands
      /tasks       the background tasks
      /task ID     a task and its whole history; the end of its ID suffices
      /cancel ID   stop a task
      /dead        the tasks that failed for good, and why
      /retry ID    take one of them back
      /history     the end of this conversation
      /sessions    the conversations
      /quit        leave
    """
}
