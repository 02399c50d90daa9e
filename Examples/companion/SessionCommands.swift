import CompanionKit
import ExampleSupport

/// The commands about conversations, as text.
struct SessionCommands {
  let companion: Companion
  let current: CurrentSession

  private var session: SessionID { current.id }

  func history() async throws -> String {
    let messages = try await companion.history(of: session, limit: 20)
    guard !messages.isEmpty else { return "Nothing has been said yet." }
    return messages.map { message in
      let mark = message.completion == .complete ? "" : " [interrupted]"
      let speaker = message.role == .user ? "you" : "companion"
      // What was said is not to look like a message of its own.
      let lines = message.text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
      let text = message.isDeleted ? "[deleted]" : lines.joined(separator: "\n    ")
      return "\(message.sequence.rawValue)  \(message.time)  \(speaker): \(text)\(mark)"
    }.joined(separator: "\n")
  }

  func list() async throws -> String {
    var lines: [String] = []
    for session in try await companion.sessions() {
      let mark = session.id == self.session ? "*" : " "
      let isClosed = try await companion.details(of: session.id).closing != nil
      lines.append(
        "\(mark) \(session.id)  \(session.updatedAt)  \(session.lastSequence.rawValue) messages"
          + (isClosed ? ", closed" : ""))
    }
    return lines.joined(separator: "\n")
  }

  // MARK: The end, and another beginning

  func close(reason: String) async throws -> String {
    let isClosed = try await companion.details(of: session).closing != nil
    let closing = try await companion.closeSession(session, reason: reason)
    let why = closing.reason.isEmpty ? "" : " (\(closing.reason.singleLine))"
    return """
      \(isClosed ? "It was closed already\(why)" : "Session \(session) is closed\(why)"): \(closing.statistics.words).
      /reopen takes messages in it again; /fork goes on in a copy.
      """
  }

  func reopen() async throws -> String {
    guard try await companion.details(of: session).closing != nil else { return "It is open." }
    try await companion.reopenSession(session)
    try await companion.useSession(session)
    return "Session \(session) takes messages again."
  }

  func fork(through number: Int64?) async throws -> String {
    let fork = try await companion.forkSession(session, through: number.map { SequenceNumber(rawValue: $0) })
    try await companion.useSession(fork.id)
    current.id = fork.id
    return "You are in session \(fork.id) now, with \(fork.lastSequence.rawValue) messages of the other one."
  }

  // MARK: What is known besides

  func context(_ change: ContextChange?) async throws -> String {
    var known = try await companion.sharedContext(of: session)
    if let change {
      if change.text == nil, known[change.key] == nil {
        throw UsageError("Nothing is known under “\(change.key)”. /context lists what is.")
      }
      let seen = known[change.key]?.version
      let update =
        change.text.map {
          ContextUpdate([change.key: $0], by: .person, source: "the terminal", seen: seen)
        } ?? ContextUpdate([:], removing: [change.key], by: .person, source: "the terminal", seen: seen)
      known = try await companion.updateContext(update, of: session)
    }
    guard !known.entries.isEmpty else { return "Nothing is known of this conversation besides its messages." }
    let rows = known.entries.map { ["\($0.key)", $0.text.singleLine, "from \($0.source)"] }
    return TextTable.lines(rows).joined(separator: "\n")
  }

  func mode(_ mode: ChatMode?) -> String {
    if let mode { companion.setMode(mode) }
    return switch companion.mode {
    case .standard: "standard: answers come from the conversation alone."
    case .enhanced: "enhanced: answers come with memory, what fits the message, tasks and files."
    }
  }
}
