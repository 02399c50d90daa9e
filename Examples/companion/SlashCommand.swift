/// A line that is a command and not a message.
enum SlashCommand: Equatable {
  case help, status, tasks, history, sessions, quit
  case dead
  case task(String)
  case cancel(String)
  case retry(String)
  case image(String)
  case providers
  case switchOver(from: String, to: String, reason: String?)
  case ledger(Int)
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
    case ("/image", 2...): self = .image(words.dropFirst().joined(separator: " "))
    case ("/providers", 1): self = .providers
    case ("/switch", 3...):
      let reason = words.dropFirst(3).joined(separator: " ")
      self = .switchOver(from: words[1], to: words[2], reason: reason.isEmpty ? nil : reason)
    case ("/ledger", 1): self = .ledger(10)
    case ("/ledger", 2):
      self = Int(words[1]).flatMap { (1...1000).contains($0) ? .ledger($0) : nil } ?? .unknown(line)
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
      /image TEXT  make an image
      /providers   who answers, and how each of them stands
      /switch A B  ask provider B first, and A last; what follows is the reason
      /ledger N    the last N calls, what they took and what they cost
      /history     the end of this conversation
      /sessions    the conversations
      /quit        leave
    """

  /// The line of the overview about what a line begins with; `nil` when it begins as no command does.
  static func usage(for line: String) -> String? {
    guard let word = line.split(whereSeparator: \.isWhitespace).first else { return nil }
    let line = overview.split(separator: "\n").first { $0.split(separator: " ").first == word }
    return line.map { $0.split(separator: "  ").map { $0.drop { $0 == " " } }.joined(separator: ": ") }
  }
}
