import CompanionDomain
import CompanionPorts

/// Finds what a prompt is to be given beside the conversation: the memories of where it takes place, and what fits
/// the person's message.
struct Remind: Sendable {
  let environment: Environment

  private var configuration: MemoryConfiguration { environment.configuration.memory }
  private var counter: any TokenCounter { environment.router.counter }

  /// - Parameters:
  ///   - text: what the person says.
  ///   - window: what the prompt has already.
  /// - Returns: the block for the prompt; empty where there is nothing, or where the store fails, which an event
  ///   tells.
  func callAsFunction(
    of text: String, in id: SessionID, window: ArraySlice<ChatMessage>, context: EventContext
  ) async -> String {
    let budget = configuration.recallTokens
    guard budget > 0 else { return "" }
    do throws(MemoryFailure) {
      guard let session = try await session(id) else { return "" }
      let memories = try await memories(of: session, budget: budget / 5 * 3)
      let shown = memories.reduce(Self.frameTokens) {
        $0 + counter.tokens(in: $1.text) + Self.frameTokens / 4
      }
      let known = Set(window.map { RecallSource.message(id, $0.sequence) } + memories.map { .memory($0.key) })
      let found = try await Recall(environment: environment)(
        text, in: session, budget: max(0, budget - shown), excluding: known)
      let reminder = Reminder(
        memories: memories.map { Reminder.Item(source: title(of: $0.key), text: $0.text) },
        recalled: found.items.map(item))
      return reminder.fitted(to: budget) { counter.tokens(in: $0) }.text
    } catch {
      if case .store(let failure) = error {
        environment.events.emit(.serviceFailed("recall", failure), in: context)
      }
      return ""
    }
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

  /// What the block comes to without its texts, about.
  private static let frameTokens = 60

  private func title(of key: MemoryKey) -> String {
    let kind = key.kind == .shortTerm ? "what goes on" : "what is known"
    return switch key.scope {
    case .user(let user, _): "\(kind) about \(user)"
    case .thread: "\(kind) in this thread"
    case .channel: "\(kind) in this conversation"
    case .workspace: "\(kind) in the workspace"
    }
  }

  private func item(_ item: Recollection) -> Reminder.Item {
    let day = configuration.calendar.day(of: item.time)
    return switch item.source {
    case .message: Reminder.Item(saidOn: day, by: item.speaker, text: item.text)
    case .fact: Reminder.Item(source: "known since \(day)", text: item.text)
    case .memory(let key): Reminder.Item(source: title(of: key), text: item.text)
    case .document: Reminder.Item(source: "a document of \(day)", text: item.text)
    }
  }
}
