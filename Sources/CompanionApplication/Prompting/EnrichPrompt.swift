import CompanionDomain
import CompanionPorts

/// Adds to a prompt what is known beside the conversation.
struct EnrichPrompt: Sendable {
  let environment: Environment

  /// What the conversation is about, what the host says is so, the files that are named, and the time.
  ///
  /// - Throws: `MemoryFailure.store`.
  func callAsFunction(
    _ context: PromptContext, in session: SessionID?, naming files: [String]
  ) async throws(MemoryFailure) -> PromptContext {
    var context = context
    if let session {
      do throws(StoreFailure) {
        let shared: Versioned<SharedContext>? = try await environment.store.value(.sharedContext(of: session))
        let details: Versioned<SessionDetails>? = try await environment.store.value(.details(of: session))
        context.situation = (details?.value.excerpts ?? []) + (shared?.value.excerpts ?? [])
      } catch {
        throw .store(error)
      }
    }
    context.files = await excerpts(of: files)
    context.time = environment.time.now
    return context
  }

  /// What is remembered, and what fits a message.
  ///
  /// - Throws: `MemoryFailure.store`.
  func remembering(
    _ context: PromptContext, for message: ChatMessage, in session: SessionID
  ) async throws(MemoryFailure) -> PromptContext {
    var context = context
    let known = Set((context.history + [message]).map { RecallSource.message(session, $0.sequence) })
    let reminder = try await Remind(environment: environment)(of: message.text, in: session, excluding: known)
    context.profile = reminder.profile
    context.recalled = reminder.recalled
    return context
  }

  private static let maximumTasks = 8

  /// How the background tasks of a conversation stand that have not ended, the newest first.
  ///
  /// - Throws: `MemoryFailure.store`.
  func tellingOfTasks(
    _ context: PromptContext, of session: SessionID
  ) async throws(MemoryFailure) -> PromptContext {
    var context = context
    let filter = TaskFilter(states: [.queued, .running, .waiting], session: session)
    do throws(StoreFailure) {
      context.tasks = []
      for task in try await environment.store.tasks(matching: filter, limit: Self.maximumTasks) {
        context.tasks.append(PromptExcerpt(task, waitingFor: try await approval(for: task)))
      }
    } catch {
      throw .store(error)
    }
    return context
  }

  /// The call of a tool that a task waits for the permission to make; `nil` for none.
  private func approval(for task: GenerationTask) async throws(StoreFailure) -> Approval? {
    guard case .waiting(let wait) = task.state, case .approval(let name) = wait.reason,
      let id = ApprovalID(name)
    else { return nil }
    let approval: Versioned<Approval>? = try await environment.store.value(StateKey(approval: id))
    return approval?.value
  }

  /// The beginnings of files; of one that cannot be read, why.
  private func excerpts(of names: [String]) async -> [PromptExcerpt] {
    guard let files = environment.files else { return [] }
    var excerpts: [PromptExcerpt] = []
    let configuration = environment.configuration.prompts
    for name in names.prefix(max(configuration.maximumFiles, 0)) {
      do throws(ToolFailure) {
        let text = try await files.excerpt(of: name, bytes: max(configuration.maximumFileBytes, 1))
        excerpts.append(PromptExcerpt(source: name, text: text))
      } catch {
        excerpts.append(PromptExcerpt(source: name, text: "(It cannot be shown: \(error))"))
      }
    }
    return excerpts
  }
}

extension SessionDetails {
  /// What the conversation is about, as a model is shown it.
  fileprivate var excerpts: [PromptExcerpt] {
    guard let item, !item.isEmpty else { return [] }
    return [PromptExcerpt(source: "what this conversation is about", text: item)]
  }
}

extension SharedContext {
  /// The entries as a model is shown them, those written last first.
  var excerpts: [PromptExcerpt] {
    entries.reversed().map { PromptExcerpt(source: "\($0.key), \($0.source)", text: $0.text) }
  }
}
