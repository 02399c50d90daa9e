import CompanionDomain
import CompanionPorts

/// Finds what a prompt is to be given beside the conversation: the memories of where it takes place, and what fits
/// the person's message.
struct Remind: Sendable {
  let environment: Environment

  /// What a companion is reminded of.
  struct Reminder: Hashable, Sendable {
    /// What is known for good about where the conversation takes place and whom it is with; it changes seldom.
    var profile: [PromptExcerpt] = []
    /// What goes on there, and what fits the message, the best first.
    var recalled: [PromptExcerpt] = []
  }

  private var configuration: MemoryConfiguration { environment.configuration.memory }
  private var counter: any TokenCounter { environment.router.counter }

  /// - Parameters:
  ///   - text: what the person says.
  ///   - known: what the prompt has already.
  /// - Throws: `MemoryFailure.store`. There is nothing for a session that is not there.
  func callAsFunction(
    of text: String, in id: SessionID, excluding known: Set<RecallSource>
  ) async throws(MemoryFailure) -> Reminder {
    let budget = configuration.recallTokens
    guard budget > 0, let session = try await session(id) else { return Reminder() }
    let memories = try await memories(of: session, budget: budget / 5 * 3)
    let shown = memories.reduce(0) { $0 + counter.tokens(in: $1.text) + Self.frameTokens }
    let found = try await Recall(environment: environment)(
      text, in: session, budget: max(0, budget - shown),
      excluding: known.union(memories.map { .memory($0.key) }))
    func excerpt(_ memory: (key: MemoryKey, text: String)) -> PromptExcerpt {
      PromptExcerpt(source: title(of: memory.key), text: memory.text)
    }
    return Reminder(
      profile: memories.filter { $0.key.kind == .longTerm }.map(excerpt),
      recalled: memories.filter { $0.key.kind != .longTerm }.map(excerpt) + found.items.map(self.excerpt))
  }

  private func session(_ id: SessionID) async throws(MemoryFailure) -> ChatSession? {
    do throws(StoreFailure) {
      return try await environment.store.session(id)
    } catch {
      throw .store(error)
    }
  }

  /// The current memories of where a conversation takes place, the nearest first, within a budget.
  private func memories(
    of session: ChatSession, budget: Int
  ) async throws(MemoryFailure) -> [(key: MemoryKey, text: String)] {
    do throws(StoreFailure) {
      let now = environment.time.now
      var found: [(key: MemoryKey, text: String)] = []
      var left = budget
      for scope in session.visibleScopes {
        for kind in scope.kinds.reversed() {
          let key = MemoryKey(scope, kind)
          guard left > 0, let memory = try await environment.store.memory(key),
            memory.isCurrent(at: now, window: configuration.window), configuration.sharing.allows(memory)
          else { continue }
          let text = MemoryText(answer: memory.text, limit: left) { counter.tokens(in: $0) }.text
          guard !text.isEmpty else { continue }
          left -= counter.tokens(in: text)
          found.append((key, text))
        }
      }
      return found
    } catch {
      throw .store(error)
    }
  }

  /// What the source of an excerpt comes to, about.
  private static let frameTokens = 15

  private func title(of key: MemoryKey) -> String {
    let kind = key.kind == .shortTerm ? "what goes on" : "what is known"
    return switch key.scope {
    case .user(let user, _): "\(kind) about \(user)"
    case .thread: "\(kind) in this thread"
    case .channel: "\(kind) in this conversation"
    case .workspace: "\(kind) in the workspace"
    }
  }

  private func excerpt(_ item: Recollection) -> PromptExcerpt {
    if case .memory(let key) = item.source { return PromptExcerpt(source: title(of: key), text: item.text) }
    return PromptExcerpt(item, in: configuration.calendar)
  }
}
