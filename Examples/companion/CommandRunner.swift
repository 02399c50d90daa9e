import CompanionKit

/// Carries out commands, as text.
struct CommandRunner {
  let companion: Companion
  let session: SessionID
  let storeName: String

  /// The text that a command prints.
  ///
  /// - Throws: a description for a person when it could not be carried out.
  func run(_ command: SlashCommand) async throws -> String {
    switch command {
    case .help: SlashCommand.overview
    case .status: try await status()
    case .tasks: try await tasks()
    case .history: try await history()
    case .sessions: try await sessions()
    case .cancel(let id): try await cancel(id)
    case .quit: ""
    case .unknown(let line): throw UsageError("\(line) is not a command. /help lists the commands.")
    }
  }

  private func status() async throws -> String {
    let status = try await companion.status()
    return """
      model     \(status.model.provider) / \(status.model.model)
      store     \(storeName)
      session   \(session)
      tasks     \(status.queuedTasks) waiting, \(status.runningTasks) running, \(status.deadLetteredTasks) failed
      """
  }

  private func tasks() async throws -> String {
    let tasks = try await companion.tasks()
    guard !tasks.isEmpty else { return "There are no tasks." }
    return tasks.map { task in
      "\(task.id)  \(label(of: task.state))  \(excerpt(of: task.request.instruction))"
    }.joined(separator: "\n")
  }

  private func label(of state: TaskState) -> String {
    switch state {
    case .queued: "waiting  "
    case .running: "running  "
    case .completed: "done     "
    case .cancelled: "cancelled"
    case .deadLettered: "failed   "
    }
  }

  private func cancel(_ ending: String) async throws -> String {
    let matches = try await companion.tasks(limit: 1000).filter { $0.id.rawValue.hasSuffix(ending) }
    guard let task = matches.first else {
      throw UsageError("No task's ID ends in \(ending). /tasks lists them.")
    }
    guard matches.count == 1 else {
      throw UsageError("\(matches.count) tasks have an ID that ends in \(ending). Give more of it.")
    }
    switch try await companion.cancelTask(task.id, reason: "The person cancelled it.") {
    case .cancelled: return "Task \(task.id) is cancelled."
    case .requested: return "Task \(task.id) has been asked to stop."
    case .alreadyEnded(let state): return "Task \(task.id) had ended already: \(state.rawValue)."
    }
  }

  private func history() async throws -> String {
    let messages = try await companion.history(of: session, limit: 20)
    guard !messages.isEmpty else { return "Nothing has been said yet." }
    return messages.map { message in
      let mark = message.completion == .complete ? "" : " [interrupted]"
      let speaker = message.role == .user ? "you" : "companion"
      return "\(message.time)  \(speaker): \(message.text)\(mark)"
    }.joined(separator: "\n")
  }

  private func sessions() async throws -> String {
    let sessions = try await companion.sessions()
    return sessions.map { session in
      let mark = session.id == self.session ? "*" : " "
      return "\(mark) \(session.id)  \(session.updatedAt)  \(session.lastSequence.rawValue) messages"
    }.joined(separator: "\n")
  }

  private func excerpt(of text: String) -> String {
    let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
    return line.count > 60 ? "\(line.prefix(59))…" : line
  }
}
