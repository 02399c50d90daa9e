import CompanionKit
import ExampleSupport

/// Carries out commands, as text.
struct CommandRunner {
  let companion: Companion
  let current: CurrentSession
  let store: any CompanionStore
  let storeName: String
  let board: ProviderBoard
  let keepsImages: Bool

  /// The conversation that goes on.
  var session: SessionID { current.id }

  /// The text that a command prints.
  ///
  /// - Throws: a description for a person when it could not be carried out.
  func run(_ command: SlashCommand) async throws -> String {
    switch command {
    case .help: SlashCommand.overview
    case .status: try await status()
    case .tasks: try await tasks.list()
    case .history: try await history()
    case .sessions: try await sessions()
    case .dead: try await tasks.dead()
    case .task(let id): try await tasks.story(of: id)
    case .cancel(let id): try await tasks.cancel(id)
    case .retry(let id): try await tasks.retry(id)
    case .image(let prompt): try await image(prompt)
    case .providers: providers.list()
    case .switchOver(let from, let to, let reason):
      try await providers.switchOver(from: from, to: to, reason: reason)
    case .ledger(let limit): try await providers.ledger(limit)
    case .memory(let isFormed): try await memory.overview(isFormed: isFormed)
    case .recall(let query): try await memory.recall(query)
    case .remember(let statement): try await memory.remember(statement)
    case .forget(let what, let isConfirmed): try await memory.forget(what, isConfirmed: isConfirmed)
    case .quit: ""
    case .unknown(let line):
      if let usage = SlashCommand.usage(for: line) { throw UsageError("Usage: \(usage)") }
      throw UsageError("\(line) is not a command. /help lists the commands.")
    }
  }

  private var memory: MemoryCommands { MemoryCommands(companion: companion, current: current, store: store) }

  private var tasks: TaskCommands { TaskCommands(companion: companion) }

  private var providers: ProviderCommands { ProviderCommands(companion: companion, board: board) }

  private func image(_ prompt: String) async throws -> String {
    guard keepsImages else { throw UsageError("/image needs the option --images DIR.") }
    let id = try await companion.createTask(
      TaskRequest(
        kind: .imageGeneration, payload: try TaskPayload(ImageRequest(prompt: prompt)),
        requester: .named("companion")))
    return "Task \(id) makes it."
  }

  private func status() async throws -> String {
    let status = try await companion.status()
    let indent = "\n" + String(repeating: " ", count: 10)
    return """
      model     \(status.providers.map { "\($0.model.provider) / \($0.model.model)" }.joined(separator: indent))
      store     \(storeName)
      session   \(session)
      tasks     \(status.queuedTasks) queued, \(status.runningTasks) running, \(status.waitingTasks) waiting, \
      \(status.deadLetteredTasks) failed
      """
  }

  private func history() async throws -> String {
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

  private func sessions() async throws -> String {
    let sessions = try await companion.sessions()
    return sessions.map { session in
      let mark = session.id == self.session ? "*" : " "
      return "\(mark) \(session.id)  \(session.updatedAt)  \(session.lastSequence.rawValue) messages"
    }.joined(separator: "\n")
  }
}
