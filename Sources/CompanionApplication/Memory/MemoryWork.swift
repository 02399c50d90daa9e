import CompanionDomain
import CompanionPorts

/// What the passes of one run share: its budget, its account, and how they call the model and the store.
///
/// Not `Sendable`: it belongs to the task of the run.
final class MemoryWork {
  let environment: Environment
  let configuration: MemoryConfiguration
  private(set) var run: MemoryRun
  /// Whether no step before the one that is under way has called a model.
  private var isFirstStep = false
  /// The calls that the step that is under way has still been promised.
  private var reserved = 0
  /// The calls that a step has asked for last.
  private var wanted = 0
  /// What the passes of the present sort may use.
  private var callLimit = 0
  private var tokenLimit = 0
  private var isOverBudget = false
  /// The messages that the batch read last tells to have changed, those that came in it as well.
  private(set) var changed: [SessionID: Set<SequenceNumber>] = [:]

  init(environment: Environment) {
    self.environment = environment
    configuration = environment.configuration.memory
    run = MemoryRun(startedAt: environment.time.now)
  }

  var store: any CompanionStore { environment.store }
  var now: Timestamp { environment.time.now }
  var counter: any TokenCounter { environment.router.counter }

  /// Ends the account.
  func finished() -> MemoryRun {
    run.duration = run.startedAt.duration(to: now)
    if run.end == .complete, run.failures > 0 { run.end = .failedPartly }
    if isOverBudget, run.end != .stopped { run.end = .budget }
    return run
  }

  // MARK: The account

  /// Notes what a channel has read.
  func note(_ batch: MemoryBatch) { run.messages += batch.lines.count { $0.speaker != nil } }

  func noteFact(_ fact: Fact) {
    run.facts += 1
    environment.events.emit(.factStored(fact.id, in: fact.scope))
  }

  func noteSuperseded(_ old: FactID, by new: FactID) {
    run.supersededFacts += 1
    environment.events.emit(.factSuperseded(old, by: new))
  }

  /// Runs one scope of a pass: what fails there is told, and stops nothing else.
  ///
  /// - Returns: whether it succeeded.
  @discardableResult
  func attempt(
    _ pass: MemoryPass, _ scope: MemoryScope, _ body: () async throws(MemoryPassFailure) -> Void
  ) async -> Bool {
    do throws(MemoryPassFailure) {
      try checkEnd()
      try await body()
      return true
    } catch {
      switch error {
      case .budget: run.end = .budget
      case .stopped: run.end = .stopped
      default:
        run.failures += 1
        environment.events.emit(.memoryPassFailed(pass, scope, error))
      }
      return false
    }
  }

  /// Whether the run goes on.
  var goesOn: Bool { run.end != .budget && run.end != .stopped }

  /// - Throws: `MemoryPassFailure.stopped` when the run shall end.
  func checkEnd() throws(MemoryPassFailure) {
    guard !Task.isCancelled else { throw .stopped }
    guard goesOn else { throw run.end == .budget ? .budget : .stopped }
  }

  // MARK: The budget

  /// Begins a step: what is stored together, or not at all.
  ///
  /// The first step of a run that calls a model is finished whatever it costs. Otherwise a step that needs more than
  /// the budget would be begun by each run, and finished by none.
  func beginStep() {
    isFirstStep = run.calls == 0
    reserved = 0
  }

  /// Makes sure of the calls that a step needs, before it makes the first: what is paid for shall be kept. Tokens that
  /// run out on the way do not end it.
  ///
  /// - Throws: `MemoryPassFailure.budget`.
  func reserve(calls: Int) throws(MemoryPassFailure) {
    wanted = calls
    guard configuration.callBudget > 0, configuration.tokenBudget > 0,
      isFirstStep || (tokens < tokenLimit && calls <= callsLeft)
    else { throw .budget }
    reserved = calls
  }

  /// Whether what could not be paid for is so much that a smaller step should be tried.
  var wantedMuch: Bool { wanted > max(1, configuration.callBudget / 8) }

  /// The calls that may still be made.
  var callsLeft: Int { max(0, callLimit - run.calls) }

  /// Reserves one call more than the step was to have, where something has to be asked for again.
  ///
  /// - Returns: whether there is one.
  func reserveAnother() -> Bool {
    guard isFirstStep || callsLeft > reserved else { return false }
    reserved += 1
    return true
  }

  private var tokens: Int { run.inputTokens.saturatingSum(run.outputTokens) }

  /// Goes through passes of one sort, which may use a part of what is left of the budget: however much there is for
  /// them to do, those behind them get on in the same run.
  ///
  /// - Parameter share: the part, 0 to 1.
  func withShare(_ share: Double, _ passes: () async -> Void) async {
    callLimit = Self.limit(run.calls, configuration.callBudget, share)
    tokenLimit = Self.limit(tokens, configuration.tokenBudget, share)
    await passes()
    if run.end == .budget {
      isOverBudget = true
      run.end = .complete
    }
  }

  private static func limit(_ used: Int, _ budget: Int, _ share: Double) -> Int {
    let left = max(0, budget - used)
    return used.saturatingSum(share < 1 ? min(left, max(1, Int(Double(left) * share))) : left)
  }

  // MARK: The model

  /// Asks for an answer.
  ///
  /// - Parameter limit: the most tokens of the answer; `nil` for the model's own limit.
  func answer(
    _ material: MemoryMaterial, format: GenerationRequest.ResponseFormat = .text, limit: Int? = nil
  ) async throws(MemoryPassFailure) -> (text: String, origin: MemoryOrigin) {
    let (response, origin) = try await self.response(to: material, format: format, limit: limit)
    return (response.text, origin)
  }

  private func response(
    to material: MemoryMaterial, format: GenerationRequest.ResponseFormat, limit: Int?
  ) async throws(MemoryPassFailure) -> (response: GenerationResponse, origin: MemoryOrigin) {
    try checkEnd()
    // Facts are stored together with what they supersede, which is asked for behind them.
    if reserved == 0 { try reserve(calls: material.work == .facts ? 2 : 1) }
    reserved -= 1
    let request = GenerationRequest(
      purpose: .memory, messages: material.masked { environment.mask($0) }.messages, format: format,
      temperature: configuration.temperature, maximumOutputTokens: limit)
    let estimate = request.messages.reduce(0) { $0 + counter.tokens(in: $1.text) }
    run.calls += 1
    do throws(ProviderFailure) {
      let (model, response) = try await environment.calls.answer(
        request, context: EventContext(), deadline: now.advanced(by: configuration.callDeadline))
      run.inputTokens = run.inputTokens.saturatingSum(max(0, response.usage?.input ?? estimate))
      run.outputTokens = run.outputTokens.saturatingSum(
        max(0, response.usage?.output ?? counter.tokens(in: response.text)))
      let origin = MemoryOrigin(
        model: model, instructions: MemoryMaterial.fingerprint(of: material.work))
      return (response, origin)
    } catch {
      if error.kind == .cancelled, Task.isCancelled { throw .stopped }
      // What was sent may be billed, whatever came back.
      if error.disposition == .ambiguous || error.disposition == .permanentForRequest {
        run.inputTokens = run.inputTokens.saturatingSum(estimate)
      }
      throw .model(error)
    }
  }

  /// Asks for the text of a memory, and makes it fit.
  func text(
    _ material: MemoryMaterial, kind: MemoryKind
  ) async throws(MemoryPassFailure) -> (text: String, origin: MemoryOrigin) {
    let counter = counter
    let limit = configuration.tokenLimit(of: kind)
    // Counts differ by up to a factor of two between tokenizers.
    let most = limit.saturatingSum(limit).saturatingSum(Self.thoughts)
    var (response, origin) = try await self.response(to: material, format: .text, limit: most)
    if response.finish == .length, counter.tokens(in: response.text) < limit,
      reserveAnother()
    {
      // It was cut before it was as long as it may be: the model has thought for longer.
      (response, origin) = try await self.response(to: material, format: .text, limit: nil)
    }
    let text = MemoryText(answer: response.text, limit: limit) { counter.tokens(in: $0) }
    return (text.text, origin)
  }

  /// The tokens that a model may use for thinking, and for words around the memory.
  static let thoughts = 1_024

  func material(
    _ work: MemoryMaterial.Work, _ scope: MemoryScope, at time: Timestamp, kind: MemoryKind = .longTerm
  ) -> MemoryMaterial {
    MemoryMaterial(
      work: work, scope: scope, now: time, calendar: configuration.calendar,
      tokenLimit: configuration.tokenLimit(of: kind))
  }

  // MARK: The store

  func stored<Value>(
    _ body: () async throws(StoreFailure) -> Value
  ) async throws(MemoryPassFailure) -> Value {
    do throws(StoreFailure) { return try await body() } catch { throw .store(error) }
  }

  /// Commits, and tells of the memories that are stored by it.
  ///
  /// - Returns: `false` when somebody else was there first: what was read has to be read again.
  func commit(_ changes: [ChangeSet.Change]) async throws(MemoryPassFailure) -> Bool {
    guard try await isCommitted(changes) else { return false }
    for case .putMemory(let memory, _) in changes {
      run.memories.append(memory.key)
      tell(memory)
    }
    return true
  }

  /// Empties a memory that has expired.
  func expire(_ memory: MemoryRecord) async throws(MemoryPassFailure) {
    var expired = memory
    expired.version += 1
    expired.text = ""
    expired.updatedAt = now
    // Otherwise something has been said meanwhile.
    guard try await isCommitted([.putMemory(expired, adding: [])]) else { return }
    run.expired += 1
    tell(expired)
  }

  private func tell(_ memory: MemoryRecord) {
    environment.events.emit(
      .memoryStored(memory.key, version: memory.version, isEmpty: memory.text.isEmpty))
  }

  private func isCommitted(_ changes: [ChangeSet.Change]) async throws(MemoryPassFailure) -> Bool {
    guard !changes.isEmpty else { return true }
    try checkCancelled()
    do throws(StoreFailure) {
      try await store.commit(ChangeSet(changes))
    } catch {
      switch error {
      case .conflict: return false
      default: throw .store(error)
      }
    }
    return true
  }

  /// A commit that is asked for by a run that was cut off is not made: nothing half-written remains.
  private func checkCancelled() throws(MemoryPassFailure) {
    if Task.isCancelled { throw .stopped }
  }

  /// Whether a pass is still where it was when a batch was read: between two calls about one batch it may have been
  /// forgotten, and must not be asked about again.
  func isUnread(_ batch: MemoryBatch, _ pass: MemoryPass) async throws(MemoryPassFailure) -> Bool {
    for (session, range) in batch.progress.sorted(by: { $0.key < $1.key }) {
      let isThere = try await stored { () async throws(StoreFailure) in
        guard try await store.session(session) != nil else { return false }
        return try await store.memoryProgress(of: session)[pass] == range.lowerBound
      }
      guard isThere else { return false }
    }
    return true
  }

  /// Reads logs from where a pass has stopped, until a batch is full.
  ///
  /// - Parameters:
  ///   - sessions: the conversations, in their order.
  ///   - end: the pass that this one must not overtake; `nil` for the logs' ends.
  ///   - eventLimit: the most events.
  /// - Returns: the batch, its events, and how many conversations are read to their end, the first ones: once the batch
  ///   is stored, these need not be asked for again.
  func batch(
    of sessions: ArraySlice<ChatSession>, for pass: MemoryPass, notBeyond end: MemoryPass? = nil,
    eventLimit: Int = .max
  ) async throws(MemoryPassFailure) -> (batch: MemoryBatch, events: Int, finished: Int) {
    let counter = counter
    // A workspace hears of messages by way of its channels' memories, and may know them before it has read them; a
    // log that is read again has facts already.
    var batch = MemoryBatch(
      tokenLimit: configuration.batchTokens, correctsAppended: [.workspace, .facts].contains(pass)
    ) {
      text, limit in
      let tokens = counter.tokens(in: text)
      guard tokens > limit else { return (text, tokens) }
      return (counter.cut(text, toTokens: limit), limit)
    }
    var taken = 0
    var finished = 0
    changed = [:]
    for session in sessions {
      guard !batch.isFull, taken < eventLimit else { break }
      let progress = try await stored { () async throws(StoreFailure) in
        try await store.memoryProgress(of: session.id)
      }
      batch.begin(session.id, from: progress[pass])
      var last = progress[pass]
      let limit = end.map { progress[$0] }
      reading: while limit.map({ last < $0 }) ?? true {
        let page = min(Self.page, eventLimit - taken)
        guard page > 0 else { break }
        let after = last
        let events = try await stored { () async throws(StoreFailure) in
          try await store.logEvents(in: session.id, after: after, limit: page)
        }
        for event in events {
          if let limit, event.revision > limit { break reading }
          batch.take(event, of: session)
          if event.kind != .appended { changed[session.id, default: []].insert(event.message.sequence) }
          last = event.revision
          taken += 1
          if batch.isFull || taken >= eventLimit { break reading }
        }
        if events.count < page { break }
      }
      if !batch.isFull, taken < eventLimit { finished += 1 }
    }
    batch.sortLines()
    return (batch, taken, finished)
  }

  /// The changes that note how far a batch has been read.
  func moves(_ batch: MemoryBatch, _ passes: MemoryPass...) -> [ChangeSet.Change] {
    batch.progress.sorted { $0.key < $1.key }.flatMap { session, range in
      range.isEmpty
        ? []
        : passes.map { .moveMemoryProgress(session, $0, from: range.lowerBound, to: range.upperBound) }
    }
  }

  private static let page = 200
}
