import CompanionDomain
import CompanionPorts

/// One run: embeds what waits in a model's space, page after page, until nothing is due.
///
/// Not `Sendable`: it belongs to the task of the run.
final class EmbeddingPass {
  let environment: Environment
  private let stopping: EndSignal
  private let calls: EmbeddingCalls
  private let findings: EmbeddingFindings
  private let chunker: TextChunker
  /// The most texts of a call.
  private let batchSize: Int
  private var run: EmbeddingRun
  private var pace = EmbeddingPace()
  private var lastProgress: Timestamp?
  /// What the service seemed to be down at, though it answers other things.
  private var left: [EmbeddingItem.ID: (failure: ProviderFailure, attempts: Int)] = [:]
  /// How many batches have been left one after the other.
  private var leftInARow = 0

  init(
    environment: Environment, model: ModelIdentity, terms: EmbeddingTerms, findings: EmbeddingFindings,
    stopping: EndSignal
  ) {
    let configuration = environment.configuration.embedding
    self.environment = environment
    self.findings = findings
    self.stopping = stopping
    calls = EmbeddingCalls(environment: environment, model: model)
    chunker = TextChunker(
      limit: min(configuration.pieceTokens, terms.window ?? .max), overlap: configuration.pieceOverlap)
    batchSize = min(configuration.batchSize, terms.maximumBatch)
    run = EmbeddingRun(startedAt: environment.time.now)
  }

  var configuration: EmbeddingConfiguration { environment.configuration.embedding }
  private var storage: EmbeddingStorage { EmbeddingStorage(environment: environment) }
  private var now: Timestamp { environment.time.now }

  func callAsFunction() async -> EmbeddingRun {
    do throws(EmbeddingRunEnd) {
      var space = try await currentSpace()
      if let next = try await embedAll(in: space) {
        space = next
        // A model whose vectors are of another dimension each time makes none that compare.
        if try await embedAll(in: space) != nil { throw .service(Self.changingDimension) }
      }
      try await noteLeft(in: space)
      try await report(space, isLast: true)
      if let left = left.first { throw .service(left.value.failure) }
    } catch {
      run.end = error.end
    }
    run.calls = calls.count
    run.tokens = calls.tokens
    run.duration = run.startedAt.duration(to: now)
    return run
  }

  // MARK: The space

  /// The space of the model as it is now, as far as that is known; it is opened where it is not open.
  private func currentSpace() async throws(EmbeddingRunEnd) -> EmbeddingSpace {
    let spaces = try await openSpaces()
    if let known = findings[calls.model] { return try await open(dimension: known, unlessIn: spaces) }
    // The model may have been configured anew since that was opened: whoever serves finds out at once, and everybody
    // else when there is something to embed.
    if !findings.areAskedFor, let space = spaces.last(where: { $0.model == calls.model }) {
      run.space = space
      return space
    }
    let dimension = try await dimension()
    // The call may have taken long.
    return try await open(dimension: dimension, unlessIn: try await openSpaces())
  }

  private func openSpaces() async throws(EmbeddingRunEnd) -> [EmbeddingSpace] {
    try await storage.read { store throws(StoreFailure) in try await store.embeddingSpaces() }
  }

  /// The model's space of a dimension, which is opened unless it is among those that are. One that is open already
  /// stays as it is.
  private func open(
    dimension: Int, unlessIn spaces: [EmbeddingSpace]
  ) async throws(EmbeddingRunEnd) -> EmbeddingSpace {
    findings.note(dimension, of: calls.model)
    let space = EmbeddingSpace(model: calls.model, dimension: dimension)
    if !spaces.contains(space) {
      try await storage.commit([.openEmbeddingSpace(space)])
      environment.events.emit(.embeddingSpaceOpened(space))
    }
    run.space = space
    return space
  }

  private func dimension() async throws(EmbeddingRunEnd) -> Int {
    try checkEnd()
    do throws(ProviderFailure) { return try await calls.dimension() } catch { throw .service(error) }
  }

  // MARK: What waits

  /// Embeds what waits in a space.
  ///
  /// - Returns: another space, when the model's vectors have turned out to belong there.
  private func embedAll(in space: EmbeddingSpace) async throws(EmbeddingRunEnd) -> EmbeddingSpace? {
    var last: Set<EmbeddingItem.ID> = []
    while true {
      try checkEnd()
      let (time, limit) = (now, configuration.pageSize)
      let work = try await storage.read { store throws(StoreFailure) in
        try await store.embeddingWork(in: space, at: time, limit: limit)
      }
      let items = work.compactMap {
        EmbeddingItem($0, masking: environment.mask, by: chunker, counter: environment.router.counter)
      }
      // A store that keeps nothing would be asked for ever.
      let new = items.filter { !last.contains($0.id) }
      guard !new.isEmpty else { return nil }
      // What a run was ended at waits until a page has nothing else: whatever it does to the service, it is in nobody's
      // way.
      let inLine = new.filter { findings.end(at: $0.id) == nil }
      last = Set((inLine.isEmpty ? new : inLine).map(\.id))
      for batch in inLine.isEmpty ? oneByOne(new) : Self.batches(of: inLine, limit: batchSize) {
        try checkEnd()
        if let dimension = try await embed(batch, in: space) {
          return try await open(dimension: dimension, unlessIn: try await openSpaces())
        }
        try await report(space, isLast: false)
      }
      // They come once more in this run, each by itself.
      if !inLine.isEmpty { last.subtract(left.keys) }
    }
  }

  private static let changingDimension = ProviderFailure(
    .malformedResponse, disposition: .permanentForProvider,
    message: "its vectors have another dimension each time")

  /// Items that have no more texts together than a call takes. One that has more is by itself.
  private static func batches(of items: [EmbeddingItem], limit: Int) -> [[EmbeddingItem]] {
    var batches: [[EmbeddingItem]] = []
    var room = 0
    for item in items {
      if item.pieces.count <= room {
        batches[batches.count - 1].append(item)
      } else {
        batches.append([item])
        room = limit
      }
      room -= item.pieces.count
    }
    return batches
  }

  /// What runs were ended at, each by itself, and what ended the last one last.
  private func oneByOne(_ items: [EmbeddingItem]) -> [[EmbeddingItem]] {
    items.map { (item: $0, run: findings.end(at: $0.id) ?? 0) }.sorted { $0.run < $1.run }.map { [$0.item] }
  }

  /// Embeds a batch, and stores what has come of it.
  ///
  /// - Returns: the dimension of the model's vectors, when it is not that of the space; nothing was stored then.
  private func embed(_ batch: [EmbeddingItem], in space: EmbeddingSpace) async throws(EmbeddingRunEnd) -> Int?
  {
    var parts = EmbeddingBisection(calls: calls, space: space, limit: batchSize)
    let wasLast = batch.count == 1 && findings.end(at: batch[0].id) != nil
    let failures: [EmbeddingBisection.Failure]
    do throws(EmbeddingBisection.Stop) {
      try await parts.embed(
        batch[...], chunker: chunker, counter: environment.router.counter, wasLast: wasLast)
      failures = try await parts.provenFailures()
    } catch {
      switch error {
      case .service(let failure):
        if parts.isSuspect { findings.noteEnd(at: batch.map(\.id)) }
        // What has come before is paid for.
        try await store(parts.embedded, [], in: space)
        guard parts.isSuspect, await mayGoOn(after: failure, in: space) else { throw .service(failure) }
        let done = Set(parts.embedded.map(\.source))
        for item in batch where !done.contains(item.id.source) { left[item.id] = (failure, item.attempts) }
        return nil
      case .otherDimension(let dimension): return dimension
      }
    }
    findings.noteDone(with: batch.map(\.id))
    leftInARow = 0
    for item in batch { left[item.id] = nil }
    try await store(parts.embedded, failures, in: space)
    return nil
  }

  /// Whether a service that seems to be down is well, and only the batch may have been too much for it. Where that
  /// happens again and again, it is not well.
  private func mayGoOn(after failure: ProviderFailure, in space: EmbeddingSpace) async -> Bool {
    leftInARow += 1
    guard failure.isOutage, failure.retryAfter == nil, leftInARow < Self.mostLeftInARow, !Task.isCancelled,
      !stopping.isGiven
    else { return false }
    do throws(ProviderFailure) { return try await calls.dimension() == space.dimension } catch {
      return false
    }
  }

  private static let mostLeftInARow = 3

  private func store(
    _ embedded: [EmbeddedSource], _ failures: [EmbeddingBisection.Failure], in space: EmbeddingSpace
  ) async throws(EmbeddingRunEnd) {
    guard !embedded.isEmpty || !failures.isEmpty else { return }
    let failed = failures.map { $0.failedEmbedding(at: now, configuration.retry) }
    try await storage.commit(
      embedded.map { .putEmbedding($0, in: space) } + failed.map { .noteFailedEmbedding($0, in: space) })
    run.embedded += embedded.count
    run.vectors += embedded.reduce(0) { $0 + $1.vectors.count }
    pace.note(embedded.count, at: now)
    for failed in failed {
      guard failed.retryAt == nil else {
        run.failed += 1
        continue
      }
      run.parked += 1
      environment.events.emit(.embeddingParked(failed, in: space))
    }
  }

  /// Notes what the service seemed to be down at, though everything else is done: so that somebody may see what waits,
  /// and why. Nobody says that it is for the text: however often that comes, it counts as one attempt.
  private func noteLeft(in space: EmbeddingSpace) async throws(EmbeddingRunEnd) {
    guard !left.isEmpty else { return }
    let longest = configuration.retry.backoff(afterFailures: configuration.retry.maximumRetries)
    let changes = left.sorted { $0.key.source < $1.key.source }.map { id, left -> ChangeSet.Change in
      let retryAt = now.advanced(by: max(longest, left.failure.retryAfter ?? .zero))
      let failed = FailedEmbedding(
        source: id.source, hash: id.hash, attempts: max(left.attempts, 1), reason: left.failure.description,
        retryAt: retryAt)
      return .noteFailedEmbedding(failed, in: space)
    }
    try await storage.commit(changes)
    run.failed += left.count
  }

  // MARK: The end

  private func checkEnd() throws(EmbeddingRunEnd) {
    guard !Task.isCancelled, !stopping.isGiven else { throw .stopped }
  }

  /// Tells how far the run has come, now and then and at its end.
  private func report(_ space: EmbeddingSpace, isLast: Bool) async throws(EmbeddingRunEnd) {
    let hasWorked = run.embedded + run.failed + run.parked > 0
    if let lastProgress, lastProgress.duration(to: now) < Self.progressInterval, !isLast { return }
    let coverage = try await storage.read { store throws(StoreFailure) in
      try await store.embeddingCoverage(in: space)
    }
    guard let coverage else { return }
    run.nextRetry = coverage.nextRetry
    guard hasWorked else { return }
    lastProgress = now
    environment.events.emit(
      .embeddingProgressed(
        EmbeddingProgress(
          space: space, coverage: coverage, rate: pace.rate, remaining: pace.remaining(coverage.waiting))))
  }

  private static let progressInterval = Duration.milliseconds(500)
}
