import CompanionKit
import ExampleSupport

/// Carries out commands, as text.
struct CommandRunner {
  let companion: Companion
  let current: CurrentSession
  let store: any CompanionStore
  let storeName: String
  let board: ProviderBoard
  /// What a person in a terminal has been asked; `nil` where nobody reads along.
  let asked: TaskBoard?
  let workspace: Workspace?
  let keepsImages: Bool
  /// How long a command waits for tasks to come to something.
  let patience: Duration

  /// The conversation that goes on.
  var session: SessionID { current.id }

  /// The text that a command prints.
  ///
  /// - Throws: a description for a person when it could not be carried out.
  func run(_ command: SlashCommand) async throws -> String {
    switch command {
    case .help: SlashCommand.overview
    case .status: try await status.overview()
    case .tasks: try await tasks.list()
    case .history: try await sessions.history()
    case .sessions: try await sessions.list()
    case .close(let reason): try await sessions.close(reason: reason)
    case .reopen: try await sessions.reopen()
    case .fork(let number): try await sessions.fork(through: number)
    case .context(let change): try await sessions.context(change)
    case .mode(let mode): sessions.mode(mode)
    case .approvals: try await approvals.list()
    case .approve(let choice): try await approvals.approve(choice)
    case .deny(let name, let reason): try await approvals.deny(name, reason)
    case .answer(let words): try await questions.answer(words)
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

  var approvals: ApprovalCommands {
    ApprovalCommands(companion: companion, patience: patience, board: asked)
  }

  private var questions: QuestionCommands {
    QuestionCommands(companion: companion, patience: patience, board: asked)
  }

  private var sessions: SessionCommands { SessionCommands(companion: companion, current: current) }

  private var status: StatusCommand {
    StatusCommand(
      companion: companion, session: session, storeName: storeName, workspace: workspace)
  }

  private var providers: ProviderCommands { ProviderCommands(companion: companion, board: board) }

  private func image(_ prompt: String) async throws -> String {
    guard keepsImages else { throw UsageError("/image needs the option --images DIR.") }
    let id = try await companion.createTask(
      TaskRequest(
        kind: .imageGeneration, payload: try TaskPayload(ImageRequest(prompt: prompt)),
        requester: .named("companion")))
    return "Task \(id) makes it."
  }
}
