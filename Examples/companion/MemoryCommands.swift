import CompanionKit
import ExampleSupport

/// What is to be forgotten.
enum Forgettable: Equatable {
  case message(Int64)
  case conversation
  case me
}

/// The commands about memory, as text.
struct MemoryCommands {
  let companion: Companion
  let current: CurrentSession
  let store: any CompanionStore

  private var session: SessionID { current.id }

  // MARK: What is remembered

  /// - Parameter isFormed: whether memory is formed first.
  func overview(isFormed: Bool) async throws -> String {
    let run = isFormed ? await companion.generateMemory() : companion.memoryGenerator.lastRun
    var lines: [String] = []
    if let session = try await openSession() {
      for scope in session.visibleScopes {
        for memory in try await companion.memories(in: scope) {
          lines.append("\(title(of: memory.key)), \(memory.updatedAt.clockAndDate)")
          lines += indented(memory.text)
        }
      }
      let facts = try await companion.facts(in: session.searchScope, limit: Self.facts)
      if !facts.isEmpty { lines.append("facts") }
      lines += facts.flatMap { indented($0.statement.singleLine) }
      if facts.count == Self.facts { lines.append("  These are the first \(Self.facts).") }
    }
    if lines.isEmpty { lines.append("Nothing is remembered here yet.") }
    lines.append(run.map(describe) ?? "No memory has been formed since the start.")
    if !isFormed, let run, run.end == .complete { lines.append("/memory now forms it of what is new.") }
    return lines.joined(separator: "\n")
  }

  func recall(_ query: String) async throws -> String {
    let result = try await companion.recall(query, in: session)
    guard !result.items.isEmpty else { return "Nothing was found." }
    let lines = result.items.flatMap { item in
      ["\(item.time.clockAndDate)  \(title(of: item))"] + indented(item.text)
    }
    return (lines + (result.leftOut > 0 ? ["\(result.leftOut) more were found."] : [])).joined(
      separator: "\n")
  }

  func remember(_ statement: String) async throws -> String {
    try await companion.remember(statement, in: session).isNew ? "It is remembered." : "It was known already."
  }

  // MARK: What is forgotten

  /// - Parameter isConfirmed: whether the person has been told that it cannot be undone.
  func forget(_ what: Forgettable, isConfirmed: Bool) async throws -> String {
    guard isConfirmed else { return question(about: what) }
    let open = try await openSession()
    let target: ForgetTarget =
      switch what {
      case .message(let number): .message(SequenceNumber(rawValue: number), in: session)
      case .conversation: .session(session)
      case .me: .user(open?.user ?? .user)
      }
    let report = try await companion.forget(target)
    var lines = [describe(report)]
    if let failure = report.rewriteFailure {
      lines.append("The bytes may still be in the store's files: \(failure) Forget the same again.")
    }
    if try await openSession() == nil {
      let isElsewhere = open.map { !$0.isPersonal } ?? false
      current.id = try await companion.startSession(
        at: isElsewhere ? open?.place : nil, with: open?.user ?? .user
      ).id
      lines.append("A new conversation has begun.")
    }
    return lines.joined(separator: "\n")
  }

  private func question(about what: Forgettable) -> String {
    let (words, gone) =
      switch what {
      case .message(let number): ("message \(number)", "Message \(number) goes, with its answers")
      case .conversation: ("conversation", "This conversation goes, with its background tasks")
      case .me: ("me", "All that you have said goes, and all that is known of you")
      }
    return
      "\(gone), and whatever was derived from it. This cannot be undone. To do it, enter: /forget! \(words)"
  }

  private func describe(_ report: ForgetReport) -> String {
    let gone = parts([
      (report.sessions, "conversation", "conversations"), (report.messages, "message", "messages"),
      (report.memories, "memory", "memories"), (report.facts, "fact", "facts"),
      (report.documents, "document", "documents"), (report.tasks, "task", "tasks"),
    ])
    return gone.isEmpty ? "There was nothing to forget." : "Forgotten: \(gone)."
  }

  // MARK: Words

  /// The session, as it is stored; `nil` when it has gone.
  private func openSession() async throws -> ChatSession? {
    try await store.session(session)
  }

  private static let facts = 50

  private func describe(_ run: MemoryRun) -> String {
    let done = parts([
      (run.messages, "message read", "messages read"),
      (run.memories.count, "memory stored", "memories stored"),
      (run.facts, "fact stored", "facts stored"), (run.calls, "call", "calls"),
    ])
    let end =
      switch run.end {
      case .failedPartly: "; some of it failed, and is tried again"
      case .budget: "; the budget is used up, and the next run goes on"
      case .stopped: "; it was stopped"
      default: ""
      }
    return "last run  \(run.startedAt.clockAndDate), \(done.isEmpty ? "nothing was new" : done)\(end)"
  }

  /// Counts that are not zero, in words.
  private func parts(_ counts: [(Int, String, String)]) -> String {
    counts.filter { $0.0 > 0 }.map { "\($0.0) \($0.0 == 1 ? $0.1 : $0.2)" }.joined(separator: ", ")
  }

  private func title(of key: MemoryKey) -> String {
    let about =
      switch key.scope {
      case .user: "about you"
      case .channel(let channel, _) where channel.rawValue == session.rawValue: "of this conversation"
      case .channel: "of this channel"
      case .thread: "of this thread"
      case .workspace: "of the workspace"
      }
    return "\(key.kind.rawValue) memory \(about)"
  }

  private func title(of item: Recollection) -> String {
    switch item.source {
    case .message(let session, let sequence):
      "\(item.speaker == nil ? "companion" : "you"), "
        + (session == self.session ? "message \(sequence.rawValue)" : "in another conversation")
    case .fact: "fact"
    case .memory(let key): title(of: key)
    case .document(let id): "document \(id)"
    }
  }

  private func indented(_ text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map { "    \($0)" }
  }
}
