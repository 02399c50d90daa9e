import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Testing

@Suite struct `The conformance suites of what is remembered and found` {
  @Test(arguments: MemoryFlaw.allCases)
  func `find what a store does wrong`(flaw: MemoryFlaw) async throws {
    var count = 0
    for check in ConversationStoreConformance.checks where check.name == flaw.rawValue {
      await expectFailure { try await check.run(on: { FlawedMemory(flaw: flaw, time: $0) }) }
    }
    for check in MemoryStoreConformance.checks where check.name == flaw.rawValue {
      await expectFailure { try await check.run(on: { FlawedMemory(flaw: flaw, time: $0) }) }
    }
    for check in DocumentStoreConformance.checks where check.name == flaw.rawValue {
      await expectFailure { try await check.run(on: { FlawedMemory(flaw: flaw, time: $0) }) }
    }
    for check in TextIndexConformance.checks where check.name == flaw.rawValue {
      await expectFailure { try await check.run(on: { FlawedMemory(flaw: flaw, time: $0) }) }
    }
    #expect(count == 1)

    func expectFailure(_ body: () async throws -> Void) async {
      count += 1
      await #expect(throws: ConformanceFailure.self) { try await body() }
    }
  }

  @Test func `pass the store that keeps every promise`() async throws {
    try await MemoryStoreConformance.run(on: { FlawedMemory(flaw: nil, time: $0) })
    try await DocumentStoreConformance.run(on: { FlawedMemory(flaw: nil, time: $0) })
    try await TextIndexConformance.run(on: { FlawedMemory(flaw: nil, time: $0) })
  }
}

/// What a store may do wrong, by the check that finds it.
enum MemoryFlaw: String, CaseIterable {
  case deletesInstead = "an erased message keeps its place, without words and speaker"
  case keepsSessions = "an erased session leaves nothing"
  case ignoresParticipants = "sessions are listed by their names, by where they are and who takes part"
  case forgetsReminders = "a message that was written with memories in mind stays one"

  case storesAnyVersion = "a version of a memory comes behind the one before it"
  case forgetsPrevious = "the previous version of a memory is kept"
  case keepsMemories = "nothing is left of a memory that was removed"
  case ignoresScopes = "memories are listed by their keys, by what they are"
  case forgetsCounts = "the sources of a memory add up, one span for each conversation"
  case ignoresPages = "the sources of a memory are read page by page"
  case takesAnyQuote = "a fact quotes words that are in the log"
  case supersedesAgain = "a newer fact takes the place of an older one"
  case restoresAnything = "a fact that was superseded can hold again"
  case restoresOlder = "a removed fact leaves the others as they are"
  case listsSuperseded = "facts are listed by their names, by what they are"
  case movesAnyProgress = "what a pass has seen of a log moves from where it is"
  case remembersEverything = "a session is to be remembered while a pass is behind its log"
  case saysNothing = "whatever changes a log is told"
  case tearsMemories = "one failing change leaves nothing remembered of its set"

  case keepsUsers = "a session whose user is erased is nobody's, and stays as it was"
  case keepsDocuments = "nothing is left of a document that was removed"
  case ordersByName = "documents come in the order of their last changes"
  case ignoresOwners = "the documents of a person are listed by their names"
  case tearsDocuments = "one failing change leaves no document of its set"

  case erasesNothing = "messages are found while they say something"
  case supersedesNothing = "a fact is found while it holds"
  case archivesNothing = "a document is found until it is archived"
  case readsNeighbours = "what was found is read at once, by its name"
  case readsOnlyCurrent = "what has changed since is read as it is now"
  case countsOtherScopes = "a scope knows nothing of what is in another"
  case findsOtherKinds = "a kind is searched where it is asked for"
  case hasNoWindows = "sessions that go on at the same time have windows of their own"
  case ignoresLimits = "a limit leaves the documents that fit best"
  case losesNeighbours = "the neighbours of a document come with it, beyond the limit"
  case filtersNoNeighbours =
    "a filter leaves what is from a time that is asked for, and its neighbours from then"
  case ignoresMetadata = "a filter leaves documents with the metadata that is asked for"
  case filtersAfterwards = "a limit counts what the filter accepts"
  case filtersByCreation =
    "what has other words, another time or other metadata is filtered by those it has now"
  case tearsTexts = "one failing change leaves what is found as it was"
  case losesWords = "what is found in random log 1 is what comparing everything finds"
}

/// A store that does one thing wrong.
private struct FlawedMemory: StoreAround {
  let flaw: MemoryFlaw?
  let store: InMemoryStore

  init(flaw: MemoryFlaw?, time: any TimeSource) {
    self.flaw = flaw
    store = InMemoryStore(time: time)
  }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    if [.tearsMemories, .tearsDocuments, .tearsTexts].contains(flaw) {
      var changed: [TaskChange] = []
      for change in changes.changes { changed += try await store.commit(change) }
      return changed
    }
    // What cannot be stored is refused as it is.
    try changes.validate()
    var flawed: [ChangeSet.Change] = []
    for change in changes.changes { flawed += try await self.flawed(change) }
    return try await store.commit(ChangeSet(flawed))
  }

  private func flawed(_ change: ChangeSet.Change) async throws(StoreFailure) -> [ChangeSet.Change] {
    switch (flaw, change) {
    case (.deletesInstead, .eraseMessage(let sequence, let session, let time)):
      return [.amend(sequence, .delete, in: session, at: time)]
    case (.keepsSessions, .eraseSession), (.keepsMemories, .removeMemory), (.keepsDocuments, .removeDocument),
      (.keepsUsers, .eraseUser),
      (.erasesNothing, .eraseMessage), (.supersedesNothing, .supersedeFact):
      return []
    case (.forgetsReminders, .append(var messages, let session, let after)):
      for index in messages.indices { messages[index].isReminded = false }
      return [.append(messages, to: session, after: after)]
    case (.storesAnyVersion, .putMemory(var memory, let spans)):
      memory.version = (try await store.memory(memory.key)?.version ?? 0) + 1
      return [.putMemory(memory, adding: spans)]
    case (.takesAnyQuote, .insertFact(var fact)):
      fact.source = .statement(by: .user, in: fact.source.session)
      return [.insertFact(fact)]
    case (.supersedesAgain, .supersedeFact(let id, _, _)):
      let isSuperseded = try await store.fact(id)?.supersededBy != nil
      return (isSuperseded ? [.restoreFact(id, validTo: nil)] : []) + [change]
    case (.restoresAnything, .restoreFact(let id, _)):
      let isSuperseded = try await store.fact(id)?.supersededBy != nil
      return isSuperseded ? [change] : []
    case (.restoresOlder, .removeFact(let id)):
      let all = try await store.facts(matching: FactFilter(includesSuperseded: true), after: nil, limit: .max)
      return all.filter { $0.supersededBy == id }.map { .restoreFact($0.id, validTo: nil) } + [change]
    case (.movesAnyProgress, .moveMemoryProgress(let session, let pass, _, let revision)):
      let seen = try await store.memoryProgress(of: session)[pass]
      return [.moveMemoryProgress(session, pass, from: seen, to: revision)]
    case (.archivesNothing, .putDocument(var document)):
      document.status = .normal
      return [.putDocument(document)]
    default: return [change]
    }
  }

  func textCandidates(
    for query: TextQuery, in scopes: Set<MemoryScope>, matching filter: RecallFilter, limit: Int
  ) async throws(StoreFailure) -> TextCandidates<RecallSource> {
    var asked = filter
    if flaw == .findsOtherKinds { asked.kinds = RecallFilter.all.kinds }
    if flaw == .ignoresMetadata { asked.metadata = [:] }
    if [.filtersNoNeighbours, .filtersAfterwards, .filtersByCreation].contains(flaw) {
      asked = RecallFilter(kinds: filter.kinds)
    }
    var found = try await store.textCandidates(
      for: query, in: scopes, matching: asked, limit: flaw == .ignoresLimits ? .max : limit)
    if asked != filter, asked == RecallFilter(kinds: filter.kinds), flaw != .ignoresMetadata {
      try await drop(from: &found, filter)
    }
    switch flaw {
    case .countsOtherScopes:
      let more = try await store.textCandidates(
        for: query, in: scopes.union([.channel("kitchen", of: "home")]), matching: filter,
        limit: limit)
      found.matches.documentStatistics = more.matches.documentStatistics
    case .hasNoWindows:
      for index in found.matches.candidates.indices {
        guard found.matches.candidates[index].window != nil else { continue }
        found.matches.candidates[index].window = found.matches.candidates[index].document
      }
    case .losesNeighbours:
      let kept = found.ids.indices.filter { index in
        found.matches.candidates[index].document.frequencies.contains { $0 > 0 }
      }
      found.ids = kept.map { found.ids[$0] }
      found.matches.candidates = kept.map { found.matches.candidates[$0] }
    case .losesWords: found.matches.sessionStatistics.totalLength -= 1
    default: break
    }
    return found
  }
}

extension FlawedMemory {
  /// Leaves out what a rule that is nearly right rejects, when the best have been chosen.
  private func drop(
    from found: inout TextCandidates<RecallSource>, _ filter: RecallFilter
  ) async throws(StoreFailure) {
    let records = try await store.records(of: Set(found.ids))
    let kept = found.ids.indices.filter { index in
      var record = records[found.ids[index]]
      if flaw == .filtersByCreation, case .document(var document)? = record {
        document.updatedAt = document.createdAt
        record = .document(document)
      }
      let isNeighbour = found.matches.candidates[index].document.frequencies.allSatisfy { $0 == 0 }
      return record.map(filter.accepts) ?? false || (flaw == .filtersNoNeighbours && isNeighbour)
    }
    found.ids = kept.map { found.ids[$0] }
    found.matches.candidates = kept.map { found.matches.candidates[$0] }
  }

  func records(
    of sources: Set<RecallSource>
  ) async throws(StoreFailure) -> [RecallSource: RecallRecord] {
    var records = try await store.records(of: sources)
    if flaw == .readsOnlyCurrent {
      records = records.filter { _, record in
        if case .fact(let fact) = record { fact.supersededBy == nil } else { true }
      }
    }
    guard flaw == .readsNeighbours else { return records }
    for case .message(let session, let sequence) in sources where records[.message(session, sequence)] == nil
    {
      guard let last = try await store.messages(in: session, before: sequence, limit: 1).last else {
        continue
      }
      records[.message(session, sequence)] = try await store.session(session).map { .message(last, in: $0) }
    }
    return records
  }

  func sessions(
    matching filter: SessionFilter, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [ChatSession] {
    var filter = filter
    if flaw == .ignoresParticipants { filter.participant = nil }
    return try await store.sessions(matching: filter, after: after, limit: limit)
  }
}

extension FlawedMemory {
  func previousMemory(_ key: MemoryKey) async throws(StoreFailure) -> MemoryRecord? {
    flaw == .forgetsPrevious ? nil : try await store.previousMemory(key)
  }

  func memories(
    matching filter: MemoryFilter, after: MemoryKey?, limit: Int
  ) async throws(StoreFailure) -> [MemoryRecord] {
    var filter = filter
    if flaw == .ignoresScopes { filter.scopes = nil }
    return try await store.memories(matching: filter, after: after, limit: limit)
  }

  func memorySources(
    of key: MemoryKey, after: SessionID?, limit: Int
  ) async throws(StoreFailure) -> [SourceSpan] {
    var spans = try await store.memorySources(
      of: key, after: flaw == .ignoresPages ? nil : after, limit: limit)
    if flaw == .forgetsCounts { for index in spans.indices { spans[index].count = 1 } }
    return spans
  }

  func facts(
    matching filter: FactFilter, after: FactID?, limit: Int
  ) async throws(StoreFailure) -> [Fact] {
    var filter = filter
    if flaw == .listsSuperseded { filter.includesSuperseded = true }
    return try await store.facts(matching: filter, after: after, limit: limit)
  }

  func sessionsToRemember(after: SessionID?, limit: Int) async throws(StoreFailure) -> [ChatSession] {
    flaw == .remembersEverything
      ? try await store.sessions(matching: SessionFilter(), after: after, limit: limit)
      : try await store.sessionsToRemember(after: after, limit: limit)
  }

  func logChanges() -> AsyncStream<Void> {
    flaw == .saysNothing ? AsyncStream { $0.finish() } : store.logChanges()
  }

  func documents(
    changedAfter after: DocumentCursor, limit: Int
  ) async throws(StoreFailure) -> [StoredDocument] {
    let documents = try await store.documents(changedAfter: after, limit: limit)
    return flaw == .ordersByName ? documents.sorted { $0.document.id < $1.document.id } : documents
  }

  func documents(
    ownedBy owner: UserID, after: DocumentID?, limit: Int
  ) async throws(StoreFailure) -> [Document] {
    guard flaw == .ignoresOwners else {
      return try await store.documents(ownedBy: owner, after: after, limit: limit)
    }
    return try await store.documents(changedAfter: .start, limit: limit).map(\.document)
  }
}
