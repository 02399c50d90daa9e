import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@Suite struct `The conformance suite of an index of vectors` {
  @Test(arguments: EmbeddingFlaw.allCases)
  func `finds what a store does wrong`(flaw: EmbeddingFlaw) async throws {
    let check = try #require(EmbeddingIndexConformance.checks.first { $0.name == flaw.check })
    await #expect(throws: ConformanceFailure.self) {
      try await check.run(on: { FlawedIndex(flaw: flaw, time: $0) })
    }
  }

  @Test func `passes the store that keeps every promise`() async throws {
    try await EmbeddingIndexConformance.run(on: { FlawedIndex(flaw: nil, time: $0) })
  }
}

/// What a store may do wrong.
enum EmbeddingFlaw: CaseIterable {
  case keepsEditedVectors, forgetsSecondSpace, keepsEditedFailures, resetsWhatIsTheSame, ignoresMoves
  case takesLateVectors, takesLateFailures, addsVectors, takesAnyVector
  case triesParkedAgain, triesFailedFirst, ignoresTimes, ignoresRequests, ignoresPages, ignoresWorkLimits
  case keepsErasedSessions, keepsRemovedDocuments
  case tearsSets, keepsUndoneVectors, keepsUndoneSpaces, ignoresClosing, listsSpacesByName, mixesSpaces
  case ignoresScopes, ignoresKinds, ignoresLimits, findsTwice, findsOnlyNear, losesOne, saysNothing
  case ignoresPeriods, includesEnds, ignoresMetadata, comparesLookalikes, filtersMessages, filtersAfterwards
  case filtersByCreation, filtersSomeOfMany, ignoresMetrics

  /// The check that finds it.
  var check: String {
    switch self {
    case .keepsEditedVectors, .forgetsSecondSpace, .keepsEditedFailures:
      "what has another text waits again in all spaces, as if it had never been tried"
    case .resetsWhatIsTheSame: "what says the same as before keeps its vectors, and its failure"
    case .ignoresMoves: "a document that moves to another scope is found only there"
    case .takesLateVectors, .takesLateFailures: "vectors of an older text are not kept"
    case .addsVectors: "vectors take the place of those before, and of a failure"
    case .takesAnyVector: "vectors that are none of their space are refused"
    case .triesParkedAgain: "what has failed for good leaves the line"
    case .triesFailedFirst: "what has failed waits behind what has not, by the times of its retries"
    case .ignoresTimes: "what has failed is not given before its time"
    case .ignoresRequests: "all that has failed in a space waits again when somebody asks for it"
    case .ignoresPages: "failures are listed by what they are of"
    case .ignoresWorkLimits: "what waits is given as it is now, up to a limit"
    case .keepsErasedSessions: "nothing of an erased session is left in any space"
    case .keepsRemovedDocuments: "nothing of a document is left in any space that was removed or archived"
    case .tearsSets, .keepsUndoneVectors, .keepsUndoneSpaces:
      "one failing change leaves all spaces as they were"
    case .ignoresClosing: "a space that was closed has nothing, and begins anew"
    case .listsSpacesByName: "spaces are listed in the order in which they were opened"
    case .mixesSpaces: "a space knows nothing of what is in another"
    case .ignoresScopes, .ignoresKinds:
      "what is near is found where it is, if it is of a kind that is asked for"
    case .ignoresLimits: "a limit leaves what is nearest"
    case .findsTwice: "what has several vectors is found once, by the nearest of them"
    case .findsOnlyNear: "what is near comes in the order of its cosine, whatever the length of its vector"
    case .losesOne: "what is near in random vectors 1 is what comparing all of them finds"
    case .saysNothing: "whatever may have to be embedded is told"
    case .ignoresPeriods, .includesEnds: "what is near is found if it is from a time that is asked for"
    case .ignoresMetadata, .comparesLookalikes, .filtersMessages:
      "documents are found by their metadata, and nothing else is"
    case .filtersAfterwards: "what a filter rejects takes no other's place"
    case .filtersByCreation: "a filter goes by what is stored now, and nothing is embedded again for it"
    case .filtersSomeOfMany: "the little that a filter accepts among thousands is found"
    case .ignoresMetrics: "what is near by its product comes in that order, however long its vector is"
    }
  }
}

/// A store that does one thing wrong.
private final class FlawedIndex: StoreAround {
  let flaw: EmbeddingFlaw?
  let store: InMemoryStore
  /// The last vectors and failures that came, whatever has become of them.
  private let seen = Mutex(Seen())

  private struct Seen {
    var vectors: [EmbeddingSpace: [RecallSource: EmbeddedSource]] = [:]
    var failures: [EmbeddingSpace: [RecallSource: FailedEmbedding]] = [:]
    /// What has gone, and is found all the same.
    var ghosts: Set<RecallSource> = []
  }

  init(flaw: EmbeddingFlaw?, time: any TimeSource) {
    self.flaw = flaw
    store = InMemoryStore(time: time)
  }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try changes.validate()
    var flawed: [ChangeSet.Change] = []
    for change in changes.changes { flawed += try await self.flawed(change) }
    if flaw == .tearsSets || flaw == .resetsWhatIsTheSame {
      var changed: [TaskChange] = []
      for change in flawed { changed += try await store.commit(change) }
      return changed
    }
    let changed: [TaskChange]
    do throws(StoreFailure) { changed = try await store.commit(ChangeSet(flawed)) } catch {
      await keepUndone(changes)
      throw error
    }
    for change in changes.changes { try await keep(change) }
    return changed
  }

  /// What is done in the place of a change.
  private func flawed(_ change: ChangeSet.Change) async throws(StoreFailure) -> [ChangeSet.Change] {
    switch (flaw, change) {
    case (.resetsWhatIsTheSame, .putDocument(let document)): return [.removeDocument(document.id), change]
    case (.ignoresRequests, .retryEmbeddings), (.ignoresClosing, .closeEmbeddingSpace): return []
    case (.takesLateVectors, .putEmbedding(var embedded, let space)):
      embedded.hash = try await hash(of: embedded.source) ?? embedded.hash
      return [.putEmbedding(embedded, in: space)]
    case (.takesLateFailures, .noteFailedEmbedding(var failed, let space)):
      failed.hash = try await hash(of: failed.source) ?? failed.hash
      return [.noteFailedEmbedding(failed, in: space)]
    case (.addsVectors, .putEmbedding(var embedded, let space)):
      embedded.vectors += seen.withLock { $0.vectors[space]?[embedded.source]?.vectors ?? [] }
      return [.putEmbedding(embedded, in: space)]
    case (.triesParkedAgain, .noteFailedEmbedding(var failed, let space)):
      failed.retryAt = failed.retryAt ?? .distantFuture
      return [.noteFailedEmbedding(failed, in: space)]
    case (.mixesSpaces, .noteFailedEmbedding(let failed, _)):
      return try await store.embeddingSpaces().map { .noteFailedEmbedding(failed, in: $0) }
    default: return [change]
    }
  }

  /// Keeps what has to go with a change.
  private func keep(_ change: ChangeSet.Change) async throws(StoreFailure) {
    switch change {
    case .putEmbedding(let embedded, let space):
      seen.withLock { $0.vectors[space, default: [:]][embedded.source] = embedded }
    case .noteFailedEmbedding(let failed, let space):
      seen.withLock { $0.failures[space, default: [:]][failed.source] = failed }
    case .putDocument(let document): try await embedAgain(.document(document.id))
    case .amend(let sequence, .edit, let session, _): try await embedAgain(.message(session, sequence))
    case .removeDocument(let id) where flaw == .keepsRemovedDocuments:
      _ = seen.withLock { $0.ghosts.insert(.document(id)) }
    case .eraseSession(let id) where flaw == .keepsErasedSessions:
      let spoken = seen.withLock { $0.vectors.values.flatMap(\.keys) }
      for case .message(id, let sequence) in spoken {
        _ = seen.withLock { $0.ghosts.insert(.message(id, sequence)) }
      }
    default: break
    }
  }

  /// Lets something that was changed have what it had before.
  private func embedAgain(_ source: RecallSource) async throws(StoreFailure) {
    guard let hash = try await hash(of: source) else { return }
    for (number, space) in try await store.embeddingSpaces().enumerated() {
      let (embedded, failed) = seen.withLock { seen in
        (seen.vectors[space]?[source], seen.failures[space]?[source])
      }
      let keepsVectors =
        flaw == .keepsEditedVectors || (flaw == .forgetsSecondSpace && number == 1)
        || (flaw == .ignoresMoves && hash == embedded?.hash)
      if keepsVectors, var embedded {
        embedded.hash = hash
        try await store.commit(.putEmbedding(embedded, in: space))
      }
      if flaw == .keepsEditedFailures || (flaw == .forgetsSecondSpace && number == 1), var failed {
        failed.hash = hash
        try await store.commit(.noteFailedEmbedding(failed, in: space))
      }
    }
  }

  /// Keeps what a set that failed has to leave nothing of.
  private func keepUndone(_ changes: ChangeSet) async {
    for change in changes.changes {
      switch (flaw, change) {
      case (.keepsUndoneVectors, .putEmbedding), (.keepsUndoneSpaces, .openEmbeddingSpace):
        // What cannot be kept is undone as it should be.
        _ = try? await store.commit(change)
      default: break
      }
    }
  }

  private func hash(of source: RecallSource) async throws(StoreFailure) -> ContentHash? {
    try await store.records(of: [source])[source].flatMap { EmbeddingText($0)?.hash }
  }
}

extension FlawedIndex {
  func embeddingSpaces() async throws(StoreFailure) -> [EmbeddingSpace] {
    let spaces = try await store.embeddingSpaces()
    return flaw == .listsSpacesByName ? spaces.sorted { $0.description < $1.description } : spaces
  }

  func embeddingCoverage(in space: EmbeddingSpace) async throws(StoreFailure) -> EmbeddingCoverage? {
    try await store.embeddingCoverage(in: space)
  }

  func embeddingWork(
    in space: EmbeddingSpace, at now: Timestamp, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingWork] {
    let work = try await store.embeddingWork(
      in: space, at: flaw == .ignoresTimes ? .distantFuture : now,
      limit: flaw == .ignoresWorkLimits && limit > 0 ? limit.advanced(by: limit < .max ? 1 : 0) : limit)
    guard flaw == .triesFailedFirst else { return work }
    return work.filter { $0.attempts > 0 } + work.filter { $0.attempts == 0 }
  }

  func failedEmbeddings(
    in space: EmbeddingSpace, after: RecallSource?, limit: Int
  ) async throws(StoreFailure) -> [FailedEmbedding] {
    try await store.failedEmbeddings(in: space, after: flaw == .ignoresPages ? nil : after, limit: limit)
  }

  func nearest(
    to vector: [Float], in space: EmbeddingSpace, scopes: Set<MemoryScope>, matching filter: RecallFilter,
    by metric: VectorMetric, limit: Int
  ) async throws(StoreFailure) -> [EmbeddingMatch] {
    if flaw == .takesAnyVector, space.flaw(of: vector) != nil { return [] }
    let wider = flaw == .ignoresScopes ? scopes.union([.channel("kitchen", of: "home")]) : scopes
    let metric = flaw == .ignoresMetrics ? .cosine : metric
    var (asked, count) = (filter, flaw == .ignoresLimits ? .max : limit)
    switch flaw {
    case .ignoresKinds: asked.kinds = RecallFilter.all.kinds
    case .ignoresPeriods: asked.times = nil
    case .includesEnds:
      asked.times = filter.times.map { $0.lowerBound..<$0.upperBound.advanced(by: .nanoseconds(1)) }
    case .ignoresMetadata: asked.metadata = [:]
    case .comparesLookalikes, .filtersMessages, .filtersByCreation, .filtersAfterwards, .filtersSomeOfMany:
      asked = RecallFilter(kinds: filter.kinds)
      if flaw == .filtersSomeOfMany { count = limit < 1_000 ? 10 * limit : limit }
      if flaw != .filtersAfterwards, flaw != .filtersSomeOfMany { count = .max }
    default: break
    }
    var found = try await store.nearest(
      to: vector, in: space, scopes: wider, matching: asked, by: metric, limit: limit > 0 ? count : limit)
    if asked != filter, asked == RecallFilter(kinds: filter.kinds) {
      let records = try await store.records(of: Set(found.map(\.source)))
      found = found.filter { match in records[match.source].map { accepts($0, filter) } ?? false }
      found = Array(found.prefix(limit))
    }
    found += seen.withLock(\.ghosts).sorted().map { EmbeddingMatch(source: $0, similarity: -1) }
    switch flaw {
    case .findsTwice: if let first = found.first { found = Array(([first] + found).prefix(limit)) }
    case .findsOnlyNear: found.removeAll { $0.similarity <= 0 }
    case .losesOne: if found.count > 30 { found.remove(at: 20) }
    default: break
    }
    return found
  }

  /// What a filter accepts by a rule that is nearly right.
  private func accepts(_ record: RecallRecord, _ filter: RecallFilter) -> Bool {
    var filter = filter
    switch (flaw, record) {
    case (.ignoresPeriods, _), (.includesEnds, _), (.ignoresMetadata, _): return true
    case (.comparesLookalikes, .document(let document)):
      let alike = filter.metadata.allSatisfy { document.metadata[$0.key] == $0.value }
      filter.metadata = [:]
      return alike && filter.accepts(record)
    case (.filtersMessages, .message):
      filter.metadata = [:]
      return filter.accepts(record)
    case (.filtersByCreation, .document(var document)):
      document.updatedAt = document.createdAt
      return filter.accepts(.document(document))
    default: return filter.accepts(record)
    }
  }

  func embeddingChanges() -> AsyncStream<Void> {
    flaw == .saysNothing ? AsyncStream { $0.finish() } : store.embeddingChanges()
  }
}
