import CompanionKit

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
  /// What is remembered, formed anew first or not.
  case memory(isFormed: Bool)
  case recall(String)
  case remember(String)
  case forget(Forgettable, isConfirmed: Bool)
  case approvals
  case approve(ApprovalChoice)
  /// The first word names what is denied, or begins the reason.
  case deny(String?, reason: [String])
  /// The first word may name what is answered; without any, what is asked is listed.
  case answer([String])
  /// `nil` asks for the present one.
  case mode(ChatMode?)
  case close(reason: String)
  case reopen
  /// Up to a message, or all of it.
  case fork(Int64?)
  case context(ContextChange?)
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
    case ("/memory", 1): self = .memory(isFormed: false)
    case ("/memory", 2) where words[1] == "now": self = .memory(isFormed: true)
    case ("/recall", 2...): self = .recall(words.dropFirst().joined(separator: " "))
    case ("/remember", 2...): self = .remember(words.dropFirst().joined(separator: " "))
    case ("/forget", 2...), ("/forget!", 2...):
      let what = Forgettable(words.dropFirst())
      self = what.map { .forget($0, isConfirmed: words[0].hasSuffix("!")) } ?? .unknown(line)
    default: self = Self.ofApprovals(words) ?? Self.ofSession(words) ?? .unknown(line)
    }
  }

  private static func ofApprovals(_ words: [String]) -> SlashCommand? {
    switch (words.first, words.count) {
    case ("/approvals", 1): .approvals
    case ("/approve", 1): .approve(.oldest)
    case ("/approve", 2): .approve(words[1] == "all" ? .all : .named(words[1]))
    case ("/answer", 1...): .answer(Array(words.dropFirst()))
    case ("/deny", 1...): .deny(words.dropFirst().first, reason: Array(words.dropFirst(2)))
    default: nil
    }
  }

  private static func ofSession(_ words: [String]) -> SlashCommand? {
    let rest = words.dropFirst().joined(separator: " ")
    switch (words.first, words.count) {
    case ("/mode", 1): return .mode(nil)
    case ("/mode", 2): return ChatMode(rawValue: words[1]).map { .mode($0) }
    case ("/close", 1...): return .close(reason: rest)
    case ("/reopen", 1): return .reopen
    case ("/fork", 1): return .fork(nil)
    case ("/fork", 2): return Int64(words[1]).flatMap { $0 > 0 ? .fork($0) : nil }
    case ("/context", 1): return .context(nil)
    case ("/context", 2...): return ContextChange(rest).map { .context($0) }
    default: return nil
    }
  }

  static let overview = """
      /help        list the commands
      /status      how everything stands
      /approvals   what waits for your permission
      /approve ID  allow it; without an ID the first, or all
      /deny ID     do not; without an ID the first, or all; what follows is the reason
      /answer T    answer T to what a task asks; /answer ID T where several do; alone, list what is asked
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
      /close WHY   end this conversation, with what it came to
      /reopen      take messages in it again
      /fork N      go on in a copy of it, up to message N or whole
      /context     what is known of it besides; KEY=VALUE adds to it, -KEY takes away
      /mode M      answer with memory and context (enhanced), or without (standard)
      /memory      what is remembered here; /memory now remembers what is new first
      /recall Q    what was said, and is known, that fits Q
      /remember S  keep the statement S as a fact
      /forget X    forget X for good: message N, conversation, or me
      /quit        leave
    """

  /// The line of the overview about what a line begins with; `nil` when it begins as no command does.
  static func usage(for line: String) -> String? {
    guard let first = line.split(whereSeparator: \.isWhitespace).first else { return nil }
    let word = first.hasSuffix("!") ? first.dropLast() : first
    let line = overview.split(separator: "\n").first { $0.split(separator: " ").first == word }
    return line.map { $0.split(separator: "  ").map { $0.drop { $0 == " " } }.joined(separator: ": ") }
  }
}

/// A change of what is known of a conversation besides its messages.
struct ContextChange: Equatable {
  let key: String
  /// `nil` takes the key away.
  let text: String?

  /// Reads `KEY=VALUE` or `-KEY`; `nil` for anything else.
  init?(_ words: String) {
    if words.hasPrefix("-"), !words.contains("=") {
      key = String(words.dropFirst())
      text = nil
    } else {
      let parts = words.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      key = parts[0].split(separator: " ").joined(separator: " ")
      text = parts[1].split(separator: " ").joined(separator: " ")
    }
    guard !key.isEmpty, text?.isEmpty != true else { return nil }
  }
}

extension Forgettable {
  /// What the words behind `/forget` name; `nil` for nothing that can be forgotten.
  fileprivate init?(_ words: ArraySlice<String>) {
    switch (words.first, words.count) {
    case ("message", 2):
      guard let number = words.last.flatMap(Int64.init), number > 0 else { return nil }
      self = .message(number)
    case ("conversation", 1): self = .conversation
    case ("me", 1): self = .me
    default: return nil
    }
  }
}
