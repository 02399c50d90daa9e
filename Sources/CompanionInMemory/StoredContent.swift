import CompanionDomain
import CompanionPorts

/// Everything that an ``InMemoryStore`` holds.
struct StoredContent {
  private enum Undo {
    case conversations(StoredConversations.Undo)
    case tasks(StoredTasks.Undo)
    case ledger(StoredLedger.Undo)
    case memories(StoredMemories.Undo)
    case facts(StoredFacts.Undo)
    case documents(StoredDocuments.Undo)
    case states(StoredStates.Undo)
    case embeddings(StoredEmbeddings.Undo)
  }

  private(set) var conversations = StoredConversations()
  var tasks = StoredTasks()
  private(set) var states = StoredStates()
  private(set) var ledger = StoredLedger()
  private(set) var memories = StoredMemories()
  private(set) var facts = StoredFacts()
  private(set) var documents = StoredDocuments()
  /// What can be found of all that. It follows when a set has been applied, so that nothing of it is ever undone.
  var texts = InvertedIndex<RecallSource>()
  /// The same, and what is embedded of it; but for its spaces it follows too.
  var embeddings = StoredEmbeddings()

  /// Applies all changes or none.
  ///
  /// - Returns: what the inserted and changed tasks are now.
  mutating func apply(
    _ changes: [ChangeSet.Change], at now: Timestamp
  ) throws(StoreFailure) -> [TaskChange] {
    var undos: [Undo] = []
    var changed: [TaskChange] = []
    var sources: [RecallSource] = []
    var embedded: [ChangeSet.Change] = []
    do throws(StoreFailure) {
      for index in changes.indices {
        // Nothing can fail behind the last.
        let isFinal = index == changes.count - 1
        sources += self.sources(of: changes[index])
        if try isOfEmbeddings(changes[index]) { embedded.append(changes[index]) }
        if case .closeEmbeddingSpace(let space) = changes[index] {
          // It goes with the space, even if that is opened again.
          embedded.removeAll { $0.embeddingSpace == space }
        }
        if let undo = try apply(changes[index], at: now, &changed, isFinal: isFinal) { undos.append(undo) }
        if let undo = changes[index].removedOwner.flatMap({ states.removeAll(of: $0) }) {
          undos.append(.states(undo))
        }
      }
    } catch {
      for undo in undos.reversed() { revert(undo) }
      throw error
    }
    updateFinding(sources)
    for change in embedded { applyToEmbeddings(change) }
    return changed
  }

  private mutating func apply(
    _ change: ChangeSet.Change, at now: Timestamp, _ changed: inout [TaskChange], isFinal: Bool
  ) throws(StoreFailure) -> Undo? {
    switch change {
    case .insertSession(let session): return .conversations(try conversations.insert(session))
    case .append(let messages, let session, let after):
      return .conversations(try conversations.append(messages, to: session, after: after))
    case .amend(let sequence, let amendment, let session, let time):
      return .conversations(try conversations.amend(sequence, amendment, in: session, at: time))
    case .extendDraft(let draft, let session, let offset):
      return .conversations(try conversations.extendDraft(draft, of: session, offset: offset))
    case .discardDraft(let session): return .conversations(conversations.discardDraft(of: session))
    case .insertTask(let task):
      return .tasks(try tasks.insert(task, &changed))
    case .transition(let id, let transition, let revision):
      let undo = try tasks.apply(
        transition, to: id, revision: revision, at: now, &changed, isFinal: isFinal)
      return undo.map { .tasks($0) }
    case .removeTask(let id): return .tasks(try tasks.remove(id))
    case .pauseTasks(let kind): return .tasks(tasks.setPause(kind, true))
    case .resumeTasks(let kind): return .tasks(tasks.setPause(kind, false))
    case .moveSchedule(let schedule, let from, let to):
      return .tasks(try tasks.moveSchedule(schedule, from: from, to: to))
    case .enterCall(let entry): return ledger.enter(entry).map { .ledger($0) }
    case .pruneLedger(let time): return ledger.prune(before: time).map { .ledger($0) }
    case .eraseMessage(let sequence, let session, let time):
      return .conversations(try conversations.erase(sequence, in: session, at: time))
    case .eraseSession(let session): return conversations.erase(session).map { .conversations($0) }
    case .eraseUser(let session): return conversations.eraseUser(of: session).map { .conversations($0) }
    case .eraseTask(let id): return tasks.erase(id).map { .tasks($0) }
    case .putMemory, .removeMemory, .expectMemory, .moveMemoryProgress, .insertFact, .supersedeFact,
      .restoreFact,
      .removeFact, .putDocument, .removeDocument:
      return try applyToMemory(change)
    case .putState, .expectState, .removeState, .removeStates:
      return try applyToStates(change).map { .states($0) }
    case .openEmbeddingSpace(let space): return try embeddings.openSpace(space).map { .embeddings($0) }
    case .closeEmbeddingSpace(let space): return embeddings.closeSpace(space).map { .embeddings($0) }
    case .putEmbedding, .noteFailedEmbedding, .retryEmbeddings: return nil
    }
  }

  /// Whether a change is one of vectors, which follow when a set has been applied.
  ///
  /// - Throws: `StoreConflict.noSuchEmbeddingSpace` where it says to which space, and that is not open.
  private func isOfEmbeddings(_ change: ChangeSet.Change) throws(StoreFailure) -> Bool {
    guard let space = change.embeddingSpace else { return false }
    guard embeddings[space] != nil else { throw .conflict(.noSuchEmbeddingSpace) }
    return true
  }

  private mutating func applyToEmbeddings(_ change: ChangeSet.Change) {
    switch change {
    case .putEmbedding(let embedded, let space): embeddings.put(embedded, in: space)
    case .noteFailedEmbedding(let failed, let space): embeddings.note(failed, in: space)
    case .retryEmbeddings(let space): embeddings.retry(in: space)
    default: break
    }
  }

  private mutating func applyToMemory(_ change: ChangeSet.Change) throws(StoreFailure) -> Undo? {
    if case .expectMemory(let key, let version) = change {
      guard memories.memory(key)?.version ?? 0 == version else { throw .conflict(.memoryMoved) }
    }
    return switch change {
    case .putMemory(let memory, let spans): .memories(try memories.put(memory, adding: spans))
    case .removeMemory(let key): memories.remove(key).map { .memories($0) }
    case .moveMemoryProgress(let session, let pass, let from, let to):
      .conversations(try conversations.moveProgress(of: session, pass, from: from, to: to))
    case .insertFact(let fact):
      .facts(try insert(fact))
    case .supersedeFact(let id, let newer, let time):
      .facts(try facts.supersede(id, by: newer, at: time))
    case .restoreFact(let id, let end): .facts(try facts.restore(id, validTo: end))
    case .removeFact(let id): facts.remove(id).map { .facts($0) }
    case .putDocument(let document): .documents(documents.put(document))
    case .removeDocument(let id): documents.remove(id).map { .documents($0) }
    default: nil
    }
  }

  private mutating func applyToStates(
    _ change: ChangeSet.Change
  ) throws(StoreFailure) -> StoredStates.Undo? {
    switch change {
    case .putState(let state):
      switch state.key.owner {
      case .session(let id):
        guard conversations.session(id) != nil else { throw .conflict(.noSuchSession) }
      case .task(let id): guard tasks.record(id) != nil else { throw .conflict(.noSuchTask) }
      case .companion: break
      }
      return try states.put(state)
    case .expectState(let key, let version):
      guard states.state(key)?.version ?? 0 == version else { throw .conflict(.stateMoved) }
      return nil
    case .removeState(let key): return states.remove(key)
    case .removeStates(let owner, let kinds): return states.removeAll(of: owner, except: kinds)
    default: return nil
    }
  }

  /// Removes tasks that ended long ago, with all that goes with them, at the cost of their number.
  mutating func prune(finishedFor: Duration, deadFor: Duration, limit: Int, at now: Timestamp) -> Int {
    let removed = tasks.prune(finishedFor: finishedFor, deadFor: deadFor, limit: limit, at: now)
    for task in removed { _ = states.removeAll(of: .task(task)) }
    return removed.count
  }

  private mutating func insert(_ fact: Fact) throws(StoreFailure) -> StoredFacts.Undo {
    if case .message(let quote) = fact.source {
      let message = conversations.message(quote.sequence, in: quote.session)
      guard message.map(quote.isFound) ?? false else { throw .conflict(.noSuchSource) }
    }
    return try facts.insert(fact)
  }

  private mutating func revert(_ undo: Undo) {
    switch undo {
    case .conversations(let undo): conversations.revert(undo)
    case .tasks(let undo): tasks.revert(undo)
    case .ledger(let undo): ledger.revert(undo)
    case .memories(let undo): memories.revert(undo)
    case .facts(let undo): facts.revert(undo)
    case .documents(let undo): documents.revert(undo)
    case .states(let undo): states.revert(undo)
    case .embeddings(let undo): embeddings.revert(undo)
    }
  }
}

extension ChangeSet.Change {
  /// Whoever is not there any more, and had states.
  fileprivate var removedOwner: StateOwner? {
    switch self {
    case .eraseSession(let id): .session(id)
    case .eraseTask(let id), .removeTask(let id): .task(id)
    default: nil
    }
  }

  /// The space that it says something of, which has to be open.
  fileprivate var embeddingSpace: EmbeddingSpace? {
    switch self {
    case .putEmbedding(_, let space), .noteFailedEmbedding(_, let space), .retryEmbeddings(let space): space
    default: nil
    }
  }
}
