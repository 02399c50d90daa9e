public import CompanionApplication
public import CompanionDomain
public import CompanionPorts
import Synchronization

// MARK: What is found again

extension Companion {
  /// Finds what was said, what is remembered, what is known, and the host's documents: whatever may be told in a
  /// conversation, best first, each with its source.
  ///
  /// Nothing of another channel is found, and nothing of a person's own conversations where others listen.
  ///
  /// - Parameters:
  ///   - query: what is asked, or said. Only its first 4,000 characters count.
  ///   - session: the conversation.
  ///   - filter: what may be found: of which kinds, from when, with which metadata.
  ///   - budget: the tokens that all texts together have at most.
  ///   - excluded: what is known already, such as the messages that are shown.
  /// - Throws: ``MemoryFailure/unknownSession(_:)``, or ``MemoryFailure/store(_:)``.
  public func recall(
    _ query: String, in session: SessionID, matching filter: RecallFilter = .all, budget: Int = 1_000,
    excluding excluded: Set<RecallSource> = []
  ) async throws(MemoryFailure) -> RecallResult {
    try await Recall(environment: environment)(
      query, in: session, matching: filter, budget: budget, excluding: excluded)
  }

  /// Finds what is in some scopes; see ``recall(_:in:matching:budget:excluding:)-(String,SessionID,_,_,_)``.
  ///
  /// - Throws: ``MemoryFailure/store(_:)``.
  public func recall(
    _ query: String, in scopes: Set<MemoryScope>, matching filter: RecallFilter = .all, budget: Int = 1_000,
    excluding excluded: Set<RecallSource> = []
  ) async throws(MemoryFailure) -> RecallResult {
    try await Recall(environment: environment)(
      query, in: scopes, matching: filter, budget: budget, excluding: excluded)
  }

  /// The memories of a scope, as they are stored; without those that have expired.
  public func memories(in scope: MemoryScope) async throws(MemoryFailure) -> [MemoryRecord] {
    try await stored { store throws(StoreFailure) in
      var memories: [MemoryRecord] = []
      for kind in scope.kinds {
        if let memory = try await store.memory(MemoryKey(scope, kind)), !memory.text.isEmpty {
          memories.append(memory)
        }
      }
      return memories
    }
  }

  /// The facts of a scope by their names, without those that were superseded.
  ///
  /// - Parameters:
  ///   - scope: where they are known.
  ///   - after: only those behind this name, to page on; `nil` for all.
  ///   - limit: the most facts; below one gives none.
  public func facts(
    in scope: MemoryScope, after: FactID? = nil, limit: Int = 100
  ) async throws(MemoryFailure) -> [Fact] {
    try await stored { store throws(StoreFailure) in
      try await store.facts(matching: FactFilter(scopes: [scope]), after: after, limit: limit)
    }
  }
}

// MARK: What is remembered

extension Companion {
  /// Remembers what a person states outright in a conversation.
  ///
  /// It is known where what is said in the conversation can be found again: that of a personal conversation
  /// wherever its user talks personally, that of any other in its channel.
  ///
  /// - Parameters:
  ///   - statement: a sentence that can be understood by itself: not empty, no NUL, at most 2,000 characters.
  ///   - session: the conversation.
  ///   - user: who states it; `nil` for the session's user.
  ///   - subject: who or what it is about; `nil` for the person who states it.
  /// - Returns: the fact, which may have been known before.
  /// - Throws: ``MemoryFailure``. Nothing was stored then, unless a `.store` failure says that this is unknown.
  @discardableResult
  public func remember(
    _ statement: String, in session: SessionID, by user: UserID? = nil, about subject: String? = nil
  ) async throws(MemoryFailure) -> RememberedFact {
    try await Remember(environment: environment)(statement, in: session, by: user, about: subject)
  }

  /// Remembers what a person states outright outside of conversations, in a scope; see
  /// ``remember(_:in:by:about:)-(_,SessionID,_,_)``.
  @discardableResult
  public func remember(
    _ statement: String, in scope: MemoryScope, by user: UserID = .user, about subject: String? = nil
  ) async throws(MemoryFailure) -> RememberedFact {
    try await Remember(environment: environment)(statement, in: scope, by: user, about: subject)
  }

  /// Keeps a document, so that it is found where its scope is seen. It takes the place of the one of its name.
  ///
  /// - Throws: ``MemoryFailure/store(_:)``, with `StoreFailure.invalid` for text with NUL or beyond 64 MiB.
  public func putDocument(_ document: Document) async throws(MemoryFailure) {
    try await stored { store throws(StoreFailure) in _ = try await store.commit(.putDocument(document)) }
  }

  /// Removes a document, if it is there. Its bytes may stay in the store's files for a while.
  public func removeDocument(_ id: DocumentID) async throws(MemoryFailure) {
    try await stored { store throws(StoreFailure) in _ = try await store.commit(.removeDocument(id)) }
  }

  /// A document, or `nil`.
  public func document(_ id: DocumentID) async throws(MemoryFailure) -> Document? {
    try await stored { store throws(StoreFailure) in try await store.document(id) }
  }
}

// MARK: What is forgotten, and what is told of it

extension Companion {
  /// Forgets a message, a conversation, a scope or a person: what was said, what was derived from it, and the
  /// tasks that work on it. Afterwards the bytes are not in the store's files, unless the report says why.
  ///
  /// Memories that knew of it are removed, and formed anew from what stays. A chat that is open is stopped first;
  /// the next message of a conversation that has gone is refused as one of an unknown session. A task that runs
  /// is stopped, in another process within a third of a lease length. The ledger keeps what calls have cost, which
  /// is no text. Files that the host's storage of images has are the host's to remove.
  ///
  /// Forgetting the same twice changes nothing more.
  ///
  /// - Throws: ``MemoryFailure/unknownMessage(_:in:)``, or ``MemoryFailure/store(_:)``: nothing was forgotten
  ///   then, unless the failure says that this is unknown. Try again.
  @discardableResult
  public func forget(_ target: ForgetTarget) async throws(MemoryFailure) -> ForgetReport {
    try await Forget(engine: engine, chats: openChats)(target)
  }

  /// The conversations that are open here.
  var openChats: OpenChats {
    OpenChats(
      stopAnswer: { session in await self.state.withLock { $0.loops[session] }?.stopAnswer() },
      noteErasure: { self.noteErasure(of: $0) })
  }

  private func noteErasure(of session: SessionID) {
    let loop = state.withLock { state in
      if state.currentSession == session { state.currentSession = nil }
      return state.loops[session]
    }
    loop?.noteErasure()
  }

  /// Writes everything that is kept of a person as one JSON object, piece by piece.
  ///
  /// ```swift
  /// var json = ""
  /// try await companion.exportMemory(of: "aiko") { json += $0 }
  /// ```
  ///
  /// The object has `format`, which is `companion-memory`, `version`, which is 1, `user`, `exportedAt`, and the
  /// arrays `sessions`, `memories`, `facts`, `documents` and `tasks`. A person's own conversations are whole; of
  /// others there are their own messages, and what the companion made of them.
  ///
  /// - Parameters:
  ///   - user: the person.
  ///   - write: takes the next piece of the text.
  /// - Throws: ``MemoryFailure/store(_:)``, or what `write` throws. What was written then is no whole JSON.
  public func exportMemory(of user: UserID, to write: (String) async throws -> Void) async throws {
    try await ExportMemory(environment: environment)(of: user, to: write)
  }

  private func stored<Value>(
    _ body: (any CompanionStore) async throws(StoreFailure) -> Value
  ) async throws(MemoryFailure) -> Value {
    do throws(StoreFailure) { return try await body(environment.store) } catch { throw .store(error) }
  }
}
