import CompanionApplication
import CompanionDomain
import CompanionPorts

/// A mistake that whoever keeps memories is known to make, to show that a simulation finds it.
@nonexhaustive
public enum PlantedMemoryFlaw: String, Hashable, Sendable, CaseIterable {
  /// What has been read is noted as read, and the memory of it is not stored.
  case loseMemory = "lose-memory"
  /// What has been read is not noted as read.
  case loseProgress = "lose-progress"
  /// A memory is stored over whatever is there, made from it or not.
  case overwrite = "overwrite"
  /// More is read than was said, and a fact whose quote nobody has said is stored as one that somebody has stated.
  case believeQuotes = "believe-quotes"
  /// What the companion said because it was reminded of it counts as any other words.
  case forgetReminders = "forget-reminders"
  /// Every channel is shared, whatever is configured.
  case shareEverything = "share-everything"
  /// A request that has been answered is made once more, unseen by anybody.
  case askTwice = "ask-twice"
  /// The number of calls that a run may make is not kept.
  case forgetBudget = "forget-call-budget"
  /// The limit on the length of memories is not kept.
  case forgetLength = "forget-length"
  /// Memories of what is forgotten stay.
  case keepDerived = "keep-derived"
  /// Whoever is forming memory of what is forgotten meanwhile is not stopped.
  case keepProgress = "keep-progress"
  /// What a message said before it was changed is not told.
  case hideCorrections = "hide-corrections"
  /// What has gone silent is not found.
  case neverExpire = "never-expire"
  /// One conversation is not told of when those are asked for that are to be remembered.
  case overlookSession = "overlook-session"
  /// A call that is told to stop does not come back for very long.
  case ignoreStop = "ignore-memory-stop"

  /// What becomes of a configuration on its way to whoever has to keep to it.
  func distorted(_ configuration: CompanionConfiguration) -> CompanionConfiguration {
    var configuration = configuration
    switch self {
    case .shareEverything: configuration.memory.sharing = .all
    case .forgetBudget: configuration.memory.callBudget = 10_000
    case .forgetLength:
      configuration.memory.shortTermTokens *= 4
      configuration.memory.longTermTokens *= 4
    default: break
    }
    return configuration
  }
}

/// A store that does not do what it is asked; see ``PlantedMemoryFlaw``.
struct FlawedMemoryStore: StoreWrapper {
  let base: any CompanionStore
  let flaw: PlantedMemoryFlaw

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    guard flaw != .believeQuotes else { return try await commitUnquoted(changes) }
    var rewritten: [ChangeSet.Change] = []
    for change in changes.changes {
      if let change = try await rewrite(change) { rewritten.append(change) }
    }
    return try await base.commit(ChangeSet(rewritten))
  }

  private func rewrite(_ change: ChangeSet.Change) async throws(StoreFailure) -> ChangeSet.Change? {
    switch (flaw, change) {
    case (.loseMemory, .putMemory(let memory, _)) where memory.version % 3 == 0: return nil
    case (.loseProgress, .moveMemoryProgress(_, _, _, let end)) where end > .zero: return nil
    case (.overwrite, .putMemory(var memory, let spans)):
      memory.version = (try await base.memory(memory.key)?.version ?? 0) + 1
      return .putMemory(memory, adding: spans)
    case (.overwrite, .moveMemoryProgress(let session, let pass, _, let end)):
      return .moveMemoryProgress(
        session, pass, from: try await base.memoryProgress(of: session)[pass], to: end)
    case (.overwrite, .expectMemory): return nil
    case (.keepDerived, .removeMemory): return nil
    case (.keepProgress, .moveMemoryProgress(_, _, _, let end)) where end <= .zero: return nil
    default: return change
    }
  }

  private func commitUnquoted(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    do throws(StoreFailure) {
      return try await base.commit(changes)
    } catch {
      guard error == .conflict(.noSuchSource) else { throw error }
      return try await base.commit(
        ChangeSet(
          changes.changes.map { change in
            guard case .insertFact(var fact) = change else { return change }
            fact.source = .statement(by: .user, in: nil)
            return .insertFact(fact)
          }))
    }
  }

  func logEvents(
    in session: SessionID, after: LogRevision, limit: Int
  ) async throws(StoreFailure) -> [LogEvent] {
    try await base.logEvents(in: session, after: after, limit: limit).map { event in
      var event = event
      if flaw == .forgetReminders { event.message.isReminded = false }
      if flaw == .hideCorrections { event.kind = event.kind.erased }
      if flaw == .believeQuotes, event.message.origin == .person, !event.message.isDeleted {
        event.message.parts.append(.text(" Or so they say."))
      }
      return event
    }
  }

  func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    if flaw == .neverExpire, filter.newestSourceBefore != nil { return [] }
    return try await base.memories(matching: filter, after: after, limit: limit)
  }

  func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    let sessions = try await base.sessionsToRemember(after: after, limit: limit)
    return flaw == .overlookSession ? sessions.filter { $0.id != SessionID(bits: 101) } : sessions
  }
}
