package import CompanionDomain
import CompanionPorts

/// Writes everything that is kept of a person as JSON, piece by piece, so that a long life needs little memory.
///
/// The form is that of ``MemoryExport``.
package struct ExportMemory: Sendable {
  let environment: Environment

  package init(environment: Environment) { self.environment = environment }

  private var store: any CompanionStore { environment.store }
  private var walk: StoreWalk { StoreWalk(store: store) }

  /// - Parameters:
  ///   - user: the person.
  ///   - write: takes the next piece of the text; the pieces together are the JSON.
  /// - Throws: `MemoryFailure.store`, or what `write` throws. What was written then is no whole JSON.
  package func callAsFunction(
    of user: UserID, to write: (String) async throws -> Void
  ) async throws {
    do {
      try await export(user, to: write)
    } catch let failure as StoreFailure {
      throw MemoryFailure.store(failure)
    }
  }

  private func export(_ user: UserID, to write: (String) async throws -> Void) async throws {
    var writer = ExportWriter()
    var found = ExportedSessions()
    let head = MemoryExport.Head(user: user, exportedAt: environment.time.now)
    try await write(writer.begin(head))
    try await write(writer.beginArray("sessions"))
    try await exportSessions(of: user, &writer, &found, to: write)
    try await write(writer.endArray() + writer.beginArray("memories"))
    try await exportMemories(of: user, found, &writer, to: write)
    try await write(writer.endArray() + writer.beginArray("facts"))
    try await exportFacts(of: user, found, &writer, to: write)
    try await write(writer.endArray() + writer.beginArray("documents"))
    try await exportDocuments(of: user, &writer, to: write)
    try await write(writer.endArray() + writer.beginArray("tasks"))
    try await exportTasks(of: user, found, &writer, to: write)
    try await write(writer.endArray() + writer.end())
  }

  /// What of the logs is the person's: facts and tasks go by it.
  private struct ExportedSessions {
    /// Their personal conversations.
    var whole: Set<SessionID> = []
    /// Their channels.
    var channels: Set<MemoryScope> = []
    /// Of the others, what they have said, with the companion's answers.
    var parts: [SessionID: LogErasure] = [:]
    var workspaces: Set<WorkspaceID> = []
  }

  private func exportSessions(
    of user: UserID, _ writer: inout ExportWriter, _ found: inout ExportedSessions,
    to write: (String) async throws -> Void
  ) async throws {
    var last: SessionID?
    repeat {
      let page = try await store.sessions(
        matching: SessionFilter(participant: user), after: last, limit: Self.page)
      for session in page {
        found.workspaces.insert(session.place.workspace)
        let isWhole = session.isPersonal && session.user == user
        if isWhole {
          found.whole.insert(session.id)
          found.channels.insert(session.channelScope)
        } else {
          let traces = try await walk.traces(of: session).traces(of: user)
          found.parts[session.id] = LogErasure(traces, end: session.lastSequence)
        }
        let part = found.parts[session.id]?.messages
        try await write(writer.beginElement(MemoryExport.Session(session, isWhole: isWhole)))
        try await write(writer.beginArray("messages"))
        try await exportLog(of: session, part, &writer, to: write) { event in
          event.kind == .appended ? MemoryExport.Message(event.message, in: session) : nil
        }
        try await write(writer.endArray() + writer.beginArray("earlierWords"))
        if session.revision.rawValue > session.lastSequence.rawValue {
          try await exportLog(of: session, part, &writer, to: write) { MemoryExport.EarlierWords($0) }
        }
        try await write(writer.endArray() + writer.beginArray("states"))
        if isWhole { try await exportStates(of: .session(session.id), &writer, to: write) }
        try await write(writer.endArray() + writer.end())
      }
      last = page.count < Self.page ? nil : page.last?.id
    } while last != nil
  }

  /// Writes what the engine keeps for a conversation or a task.
  private func exportStates(
    of owner: StateOwner, _ writer: inout ExportWriter, to write: (String) async throws -> Void
  ) async throws {
    for kind in StateKind.kinds(of: owner) {
      var last: StateName?
      while true {
        let page = try await store.states(of: owner, kind, after: last, limit: Self.page)
        for state in page { try await write(writer.element(MemoryExport.State(state))) }
        guard page.count == Self.page, let end = page.last else { break }
        last = end.key.name
      }
    }
  }

  /// Writes what becomes of the events of a log.
  ///
  /// - Parameter part: the messages that count; `nil` for all.
  private func exportLog<Element: Encodable>(
    of session: ChatSession, _ part: Set<SequenceNumber>?, _ writer: inout ExportWriter,
    to write: (String) async throws -> Void, _ element: (LogEvent) -> Element?
  ) async throws {
    var last = LogRevision.zero
    while true {
      let page = try await store.logEvents(in: session.id, after: last, limit: Self.page)
      for event in page where part?.contains(event.message.sequence) ?? true {
        if let element = element(event) { try await write(writer.element(element)) }
      }
      guard page.count == Self.page, let end = page.last else { return }
      last = end.revision
    }
  }

  private func exportMemories(
    of user: UserID, _ found: ExportedSessions, _ writer: inout ExportWriter,
    to write: (String) async throws -> Void
  ) async throws {
    var own: Set<WorkspaceID> = []
    for workspace in found.workspaces where try await isAlone(user, in: workspace) { own.insert(workspace) }
    var last: MemoryKey?
    repeat {
      let page = try await store.memories(matching: MemoryFilter(), after: last, limit: Self.page)
      for memory in page where isAbout(user, memory.key.scope, found, own) {
        try await export(memory, &writer, to: write)
      }
      last = page.count < Self.page ? nil : page.last?.key
    } while last != nil
  }

  /// Whether a memory knows of nobody else: that of a channel or a workspace may.
  private func isAbout(
    _ user: UserID, _ scope: MemoryScope, _ found: ExportedSessions, _ own: Set<WorkspaceID>
  ) -> Bool {
    switch scope {
    case .user(user, _): true
    case .user: false
    case .workspace(let workspace): own.contains(workspace)
    case .channel(let channel, let workspace), .thread(_, let channel, let workspace):
      own.contains(workspace) || found.channels.contains(.channel(channel, of: workspace))
    }
  }

  /// Whether all conversations of a workspace are personal ones of a person.
  private func isAlone(_ user: UserID, in workspace: WorkspaceID) async throws(StoreFailure) -> Bool {
    var last: SessionID?
    while true {
      let page = try await store.sessions(
        matching: SessionFilter(workspace: workspace), after: last, limit: Self.page)
      guard page.allSatisfy({ $0.isPersonal && $0.user == user }) else { return false }
      guard page.count == Self.page, let end = page.last?.id else { return true }
      last = end
    }
  }

  private func export(
    _ memory: MemoryRecord, _ writer: inout ExportWriter, to write: (String) async throws -> Void
  ) async throws {
    let previous = try await store.previousMemory(memory.key)
    try await write(writer.beginElement(MemoryExport.Memory(memory, previous: previous)))
    try await write(writer.beginArray("sources"))
    var last: SessionID?
    repeat {
      let page = try await store.memorySources(of: memory.key, after: last, limit: Self.page)
      for span in page { try await write(writer.element(MemoryExport.Source(span))) }
      last = page.count < Self.page ? nil : page.last?.session
    } while last != nil
    try await write(writer.endArray() + writer.end())
  }

  private func exportFacts(
    of user: UserID, _ found: ExportedSessions, _ writer: inout ExportWriter,
    to write: (String) async throws -> Void
  ) async throws {
    let filter = FactFilter(includesSuperseded: true)
    var last: FactID?
    repeat {
      let page = try await store.facts(matching: filter, after: last, limit: Self.page)
      for fact in page where isAbout(user, fact, found) {
        try await write(writer.element(MemoryExport.KnownFact(fact)))
      }
      last = page.count < Self.page ? nil : page.last?.id
    } while last != nil
  }

  private func isAbout(_ user: UserID, _ fact: Fact, _ found: ExportedSessions) -> Bool {
    if ForgetTarget.user(user).covers(fact) { return true }
    switch fact.source {
    case .statement: return false
    case .message(let quote):
      return found.whole.contains(quote.session)
        || found.parts[quote.session]?.messages.contains(quote.sequence) == true
    }
  }

  private func exportDocuments(
    of user: UserID, _ writer: inout ExportWriter, to write: (String) async throws -> Void
  ) async throws {
    var seen: Set<DocumentID> = []
    var last = DocumentCursor.start
    while true {
      let page = try await store.documents(changedAfter: last, limit: Self.pageOfDocuments)
      for stored in page where ForgetTarget.user(user).covers(stored.document) {
        // One that is changed meanwhile comes again.
        guard seen.insert(stored.document.id).inserted else { continue }
        try await write(writer.element(MemoryExport.HostDocument(stored.document)))
      }
      guard page.count == Self.pageOfDocuments, let end = page.last else { return }
      last = end.cursor
    }
  }

  private func exportTasks(
    of user: UserID, _ found: ExportedSessions, _ writer: inout ExportWriter,
    to write: (String) async throws -> Void
  ) async throws {
    for session in found.whole.union(found.parts.keys).sorted() {
      try await exportTasks(matching: TaskFilter(session: session), &writer, to: write) { task in
        guard let part = found.parts[session] else { return true }
        return task.turn.map(part.turns.contains) ?? false
      }
    }
    if let requester = RequesterID(rawValue: user.rawValue) {
      try await exportTasks(matching: TaskFilter(requester: requester), &writer, to: write) { _ in true }
    }
  }

  private func exportTasks(
    matching filter: TaskFilter, _ writer: inout ExportWriter,
    to write: (String) async throws -> Void, where isMeant: (GenerationTask) -> Bool
  ) async throws {
    var filter = filter
    while true {
      let page = try await store.tasks(matching: filter, limit: Self.page)
      for task in page where isMeant(task) {
        try await write(writer.beginElement(MemoryExport.BackgroundTask(task)))
        try await write(writer.beginArray("states"))
        try await exportStates(of: .task(task.id), &writer, to: write)
        try await write(writer.endArray() + writer.end())
      }
      guard page.count == Self.page, let last = page.last else { return }
      filter.after = last.id
    }
  }

  private static let page = 200
  private static let pageOfDocuments = 50
}
