import CompanionDomain

/// The form in which everything that is kept of a person is written, version 1.
///
/// It is one JSON object: `format` is `companion-memory`, `version` is 1, `user` and `exportedAt` say whose it is and
/// since when, and the arrays `sessions`, `memories`, `facts`, `documents` and `tasks` follow in this order. Times
/// are in ISO 8601, in UTC, to the millisecond. What is not known is left out. A later version may add members; one
/// that changes the meaning of any has another number.
///
/// A person's own conversations are whole, with what the engine keeps for them, such as summaries; their tasks have what
/// was called and found for them. Of others there are their own messages, and what the companion made of
/// them. Memories are those that can know of nobody else, with the version before and the messages that they were
/// derived from; facts include those that were superseded.
enum MemoryExport {
  /// What the object begins with.
  struct Head: Encodable {
    let format = "companion-memory"
    let version = 1
    let user: UserID
    let exportedAt: String

    init(user: UserID, exportedAt: Timestamp) {
      self.user = user
      self.exportedAt = exportedAt.description
    }
  }

  /// A conversation; the arrays `messages`, `earlierWords` and `states` follow.
  struct Session: Encodable {
    let id: SessionID
    let workspace: WorkspaceID
    let channel: ChannelID
    let thread: ThreadID?
    let user: UserID
    /// Whether all of it is here.
    let isWhole: Bool
    let createdAt: String
    let updatedAt: String

    init(_ session: ChatSession, isWhole: Bool) {
      id = session.id
      workspace = session.place.workspace
      channel = session.place.channel
      thread = session.place.thread
      user = session.user
      self.isWhole = isWhole
      createdAt = session.createdAt.description
      updatedAt = session.updatedAt.description
    }
  }

  /// A message, as it is now.
  struct Message: Encodable {
    let sequence: SequenceNumber
    let turn: TurnID
    let role: String
    let speaker: UserID?
    let time: String
    let parts: [MessagePart]
    let editedAt: String?
    let deletedAt: String?
    /// Why it is not whole.
    let interruption: String?

    init(_ message: ChatMessage, in session: ChatSession) {
      sequence = message.sequence
      turn = message.turn
      role = message.role.rawValue
      speaker = session.speaker(of: message)
      time = message.time.description
      parts = message.parts
      if case .edited(let time) = message.change { editedAt = time.description } else { editedAt = nil }
      if case .deleted(let time) = message.change { deletedAt = time.description } else { deletedAt = nil }
      if case .interrupted(let reason) = message.completion {
        interruption = reason.rawValue
      } else {
        interruption = nil
      }
    }
  }

  /// What a message said before it was edited or deleted.
  struct EarlierWords: Encodable {
    let sequence: SequenceNumber
    let parts: [MessagePart]

    init?(_ event: LogEvent) {
      switch event.kind {
      case .edited(let parts), .deleted(let parts):
        guard !parts.isEmpty else { return nil }
        self.parts = parts
      default: return nil
      }
      sequence = event.message.sequence
    }
  }

  /// A memory; the array `sources` follows.
  struct Memory: Encodable {
    let scope: MemoryScope
    let kind: MemoryKind
    let version: Int64
    let text: String
    let createdAt: String
    let updatedAt: String
    /// The memories that it was derived from.
    let merged: [Merged]
    let model: String
    let previous: Version?

    struct Merged: Encodable {
      let scope: MemoryScope
      let kind: MemoryKind
      let version: Int64
    }

    struct Version: Encodable {
      let version: Int64
      let text: String
      let updatedAt: String
    }

    init(_ memory: MemoryRecord, previous: MemoryRecord?) {
      scope = memory.key.scope
      kind = memory.key.kind
      version = memory.version
      text = memory.text
      createdAt = memory.createdAt.description
      updatedAt = memory.updatedAt.description
      merged = memory.merged.map {
        Merged(scope: $0.key.scope, kind: $0.key.kind, version: $0.version)
      }
      model = memory.origin.model.model
      self.previous = previous.map {
        Version(version: $0.version, text: $0.text, updatedAt: $0.updatedAt.description)
      }
    }
  }

  /// Messages that a memory was derived from.
  struct Source: Encodable {
    let session: SessionID
    let first: SequenceNumber
    let last: SequenceNumber
    let count: Int

    init(_ span: SourceSpan) {
      session = span.session
      first = span.first
      last = span.last
      count = span.count
    }
  }

  /// A fact.
  struct KnownFact: Encodable {
    let id: FactID
    let scope: MemoryScope
    let subject: String
    let statement: String
    let validFrom: String?
    let validTo: String?
    let confidence: Double
    let createdAt: String
    let supersededBy: FactID?
    /// Who has stated it outright.
    let statedBy: UserID?
    /// The conversation that it comes from.
    let session: SessionID?
    /// The message that it quotes, and its words.
    let sequence: SequenceNumber?
    let quote: String?

    init(_ fact: Fact) {
      id = fact.id
      scope = fact.scope
      subject = fact.subject
      statement = fact.statement
      validFrom = fact.validFrom?.description
      validTo = fact.validTo?.description
      confidence = fact.confidence
      createdAt = fact.createdAt.description
      supersededBy = fact.supersededBy
      session = fact.source.session
      switch fact.source {
      case .message(let words):
        statedBy = nil
        sequence = words.sequence
        quote = words.text
      case .statement(let user, _):
        statedBy = user
        sequence = nil
        quote = nil
      }
    }
  }

  /// A document of the host's.
  struct HostDocument: Encodable {
    let id: DocumentID
    let scope: MemoryScope
    let owner: UserID?
    let title: String
    let text: String
    let status: String
    let isPinned: Bool
    let metadata: [String: String]
    let createdAt: String
    let updatedAt: String

    init(_ document: Document) {
      id = document.id
      scope = document.scope
      owner = document.owner
      title = document.title
      text = document.text
      status = document.status.rawValue
      isPinned = document.isPinned
      metadata = document.metadata
      createdAt = document.createdAt.description
      updatedAt = document.updatedAt.description
    }
  }

  /// What the engine keeps for a conversation or a task.
  struct State: Encodable {
    let kind: StateKind
    let name: StateName
    let updatedAt: String
    /// Text that is JSON itself.
    let content: String

    init(_ state: StateRecord) {
      kind = state.key.kind
      name = state.key.name
      updatedAt = state.updatedAt.description
      content = state.json
    }
  }

  /// A background task; the array `states` follows.
  struct BackgroundTask: Encodable {
    let id: TaskID
    let kind: TaskKind
    let state: String
    let session: SessionID?
    let turn: TurnID?
    let createdAt: String
    let endedAt: String?
    /// What it was given: text that is JSON itself, in most cases.
    let payload: String
    let metadata: [String: String]
    let result: String?
    let failure: String?

    init(_ task: GenerationTask) {
      id = task.id
      kind = task.request.kind
      state = task.state.name.rawValue
      session = task.session
      turn = task.turn
      createdAt = task.createdAt.description
      endedAt = task.endedAt?.description
      payload = task.request.payload.json
      metadata = task.request.metadata
      if case .completed(let value) = task.state { result = value.text } else { result = nil }
      if case .deadLettered(let letter) = task.state {
        failure = letter.failure.description
      } else {
        failure = nil
      }
    }
  }
}
