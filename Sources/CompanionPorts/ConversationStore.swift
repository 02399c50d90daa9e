public import CompanionDomain

/// Where conversations are kept.
public protocol ConversationStore: ChangeStore {
  /// A session, or `nil`.
  func session(_ id: SessionID) async throws(StoreFailure) -> ChatSession?

  /// Sessions by the time of their last message, newest first; of the same time, by identifier, highest
  /// first. A limit below one gives none.
  func sessions(limit: Int) async throws(StoreFailure) -> [ChatSession]

  /// Sessions by their names.
  ///
  /// - Parameters:
  ///   - after: only those behind this name; `nil` for all.
  ///   - limit: the most sessions; below one gives none.
  func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession]

  /// The newest messages of a log, in order, oldest first; none where there is no such session.
  ///
  /// - Parameters:
  ///   - before: only messages before this place; `nil` for the log's end.
  ///   - limit: the most messages; below one gives none.
  func messages(
    in session: SessionID, before: SequenceNumber?, limit: Int
  ) async throws(StoreFailure) -> [ChatMessage]

  /// What has happened to a log after a revision, in order; none where there is no such session.
  ///
  /// - Parameters:
  ///   - after: the last event that is known.
  ///   - limit: the most events; below one gives none.
  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent]

  /// The delivered part of an answer that was being streamed, or `nil`.
  func draft(in session: SessionID) async throws(StoreFailure) -> AnswerDraft?
}

/// Which sessions are meant; what is not given does not matter.
public struct SessionFilter: Hashable, Sendable {
  /// Only in this workspace.
  public var workspace: WorkspaceID?
  /// Only in this channel.
  public var channel: ChannelID?
  /// Only in this thread.
  public var thread: ThreadID?
  /// Only those whose user this is, or in which this person has said something.
  public var participant: UserID?

  /// A filter of these parts.
  public init(
    workspace: WorkspaceID? = nil, channel: ChannelID? = nil, thread: ThreadID? = nil,
    participant: UserID? = nil
  ) {
    self.workspace = workspace
    self.channel = channel
    self.thread = thread
    self.participant = participant
  }

  /// The sessions of a scope.
  public init(_ scope: MemoryScope) {
    self.init(workspace: scope.workspace)
    switch scope {
    case .workspace: break
    case .channel(let channel, _): self.channel = channel
    case .thread(let thread, let channel, _):
      self.channel = channel
      self.thread = thread
    case .user(let user, _): participant = user
    }
  }

  /// Whether a session is meant.
  ///
  /// - Parameter speakers: who is named as a speaker of its messages.
  public func includes(_ session: ChatSession, speakers: Set<UserID>) -> Bool {
    (workspace.map { $0 == session.place.workspace } ?? true)
      && (channel.map { $0 == session.place.channel } ?? true)
      && (thread.map { $0 == session.place.thread } ?? true)
      && (participant.map { $0 == session.user || speakers.contains($0) } ?? true)
  }
}
