import CompanionDomain
import CompanionPorts

/// The facts of a conversation: what is stated in it, and what that supersedes.
struct FactPass {
  let work: MemoryWork
  let session: ChatSession

  /// Facts of a personal conversation are known wherever its user talks personally.
  var scope: MemoryScope { session.searchScope }

  func run() async throws(MemoryPassFailure) {
    try await work.eachBatch(of: [session], for: .facts, in: scope, withoutModel: withoutModel) {
      (batch) async throws(MemoryPassFailure) in
      try await remember(batch)
    }
  }

  /// - Returns: `false` when somebody else was there first.
  private func remember(_ batch: MemoryBatch) async throws(MemoryPassFailure) -> Bool {
    let moves = work.moves(batch, .facts)
    // A log that is read again tells of a message as it is now, and there may be facts of what it was.
    let changed = work.changed[session.id] ?? []
    guard !batch.isEmpty || !changed.isEmpty else { return try await work.commit(moves) }
    let (gone, others) = try await factsTakenBack(batch.corrections, changed)
    var changes = try await removal(of: gone)

    let read = Set(batch.lines.map(\.sequence))
    let again = (others + batch.corrections.map(\.line)).filter { !read.contains($0.sequence) }
    let lines = (again + batch.lines).filter { !$0.text.isEmpty }
    guard let found = try await extract(lines, batch) else { return false }
    let new = try await unknown(found, said: lines, except: Set(gone.map(\.id)))
    changes += new.map { .insertFact($0) }
    if !new.isEmpty, try await !work.isUnread(batch, .facts) { return false }
    let superseded = try await superseded(by: new, said: lines, except: Set(gone.map(\.id)))
    changes += superseded.map { .supersedeFact($0.old.id, by: $0.newer.id, at: $0.end) }
    guard try await work.commit(changes + moves) else { return false }

    for fact in gone { work.environment.events.emit(.factRemoved(fact.id)) }
    for fact in new { work.noteFact(fact) }
    for pair in superseded { work.noteSuperseded(pair.old.id, by: pair.newer.id) }
    return true
  }

  /// What is to be stored where no model reads a batch: what was taken back is known no more all the same.
  private func withoutModel(_ batch: MemoryBatch) async throws(MemoryPassFailure) -> [ChangeSet.Change] {
    try await removal(of: factsTakenBack(batch.corrections, work.changed[session.id] ?? []).gone)
  }

  // MARK: What was taken back

  /// Facts whose words are not in the log any more, and the lines of those of them that quote what is, and had
  /// words of what is not: they are read again.
  private func factsTakenBack(
    _ corrections: [MemoryCorrection], _ changed: Set<SequenceNumber>
  ) async throws(MemoryPassFailure) -> (gone: [Fact], again: [MemoryLine]) {
    guard !changed.isEmpty else { return ([], []) }
    var withdrawn = WithdrawnWords()
    for correction in corrections { withdrawn.add(correction.old, now: correction.line.text) }
    var gone: [Fact] = []
    var again: [SequenceNumber: MemoryLine] = [:]
    for fact in try await facts(FactFilter(session: session.id, includesSuperseded: true)) {
      guard case .message(let quote) = fact.source,
        changed.contains(quote.sequence) || withdrawn.areSaid(by: fact, quoting: quote.text)
      else { continue }
      let message = try await work.stored { () async throws(StoreFailure) in
        try await work.store.messages(in: session.id, before: quote.sequence.next, limit: 1).last
      }
      guard let message, quote.isFound(in: message) else {
        gone.append(fact)
        continue
      }
      guard !changed.contains(quote.sequence), withdrawn.areSaid(by: fact, quoting: message.text) else {
        continue
      }
      gone.append(fact)
      again[message.sequence] = line(of: message)
    }
    return (
      gone, within(work.configuration.batchTokens / 2, of: again.values.sorted { $0.sequence < $1.sequence })
    )
  }

  /// The newest of some lines, as many as have so many tokens together.
  private func within(_ limit: Int, of lines: [MemoryLine]) -> [MemoryLine] {
    var tokens = 0
    return lines.reversed().prefix { line in
      tokens += work.counter.tokens(in: line.text)
      return tokens <= limit
    }.reversed()
  }

  private func line(of message: ChatMessage) -> MemoryLine {
    MemoryLine(
      session: session.id, sequence: message.sequence, time: message.time,
      speaker: session.speaker(of: message),
      text: work.counter.cut(message.text, toTokens: work.configuration.batchTokens / 2))
  }

  /// Removes facts; what they had superseded holds again.
  private func removal(of gone: [Fact]) async throws(MemoryPassFailure) -> [ChangeSet.Change] {
    guard !gone.isEmpty else { return [] }
    let ids = Set(gone.map(\.id))
    let all = try await facts(FactFilter(scopes: [scope], includesSuperseded: true))
    let corrections = ForgetPlan.corrections(removing: ids, among: all)
    return corrections.flatMap(\.changes) + gone.map { .removeFact($0.id) }
  }

  private func facts(_ filter: FactFilter) async throws(MemoryPassFailure) -> [Fact] {
    var found: [Fact] = []
    var last: FactID?
    while true {
      let after = last
      let page = try await work.stored { () async throws(StoreFailure) in
        try await work.store.facts(matching: filter, after: after, limit: Self.page)
      }
      found += page
      guard page.count == Self.page, let end = page.last?.id else { return found }
      last = end
    }
  }

  // MARK: What is stated

  /// - Returns: what is stated in lines of a batch; `nil` when somebody else was there first.
  private func extract(
    _ lines: [MemoryLine], _ batch: MemoryBatch
  ) async throws(MemoryPassFailure) -> [Fact]? {
    guard lines.contains(where: { $0.speaker != nil }) else { return [] }
    var material = work.material(.facts, scope, at: work.now)
    material.lines = lines
    let text = lines.map(\.text).joined(separator: "\n")
    material.knownFacts = try await related(to: text, limit: Self.knownFacts).map(\.statement)
    let calendar = work.configuration.calendar
    var unreadable = MemoryAnswerFailure.noList(of: ExtractedFacts.schemaName)
    for attempt in 1...2 {
      if attempt > 1 {
        guard work.reserveAnother() else { break }
        guard try await work.isUnread(batch, .facts) else { return nil }
      }
      let (answer, origin) = try await work.answer(
        material, format: .json(schema: ExtractedFacts.schema, name: ExtractedFacts.schemaName))
      do throws(MemoryAnswerFailure) {
        // What quotes nobody is not believed.
        return try ExtractedFacts(answer: answer, calendar: calendar).anchored(in: lines).facts.map { fact in
          Fact(
            id: work.environment.identifiers.next(), scope: scope, subject: fact.subject,
            statement: fact.statement, validFrom: fact.validFrom, validTo: fact.validTo,
            confidence: fact.confidence, source: .message(fact.quote), createdAt: work.now, origin: origin)
        }
      } catch {
        unreadable = error
      }
    }
    // What no try could read would not be read by the next run either: its messages stay in the log.
    work.environment.events.emit(
      .memorySkipped(.facts, scope, messages: lines.count, .unreadable(unreadable.description)))
    return []
  }

  /// Those that are not known yet, each once, in the order in which they were said.
  private func unknown(
    _ facts: [Fact], said lines: [MemoryLine], except gone: Set<FactID>
  ) async throws(MemoryPassFailure) -> [Fact] {
    guard let first = lines.map(\.sequence).min(), let last = lines.map(\.sequence).max(), !facts.isEmpty
    else {
      return []
    }
    // A log that is read again says again what may have been superseded long since.
    let ofLines = try await self.facts(
      FactFilter(session: session.id, messages: first...last, includesSuperseded: true))
    var new: [Fact] = []
    var statements: Set<String> = []
    for fact in facts where statements.insert(fact.subject + "\n" + fact.statement).inserted {
      let wording = fact.wording
      let same = ofLines.filter { $0.source.sequence == fact.source.sequence }
      let known = try await same + related(to: fact.statement, limit: Self.similarFacts) + new
      let isKnown = known.contains { !gone.contains($0.id) && $0.wording.saysTheSame(as: wording) }
      if !isKnown { new.append(fact) }
    }
    let places = Dictionary(lines.enumerated().map { ($1.sequence, $0) }) { first, _ in first }
    func place(_ fact: Fact) -> Int { fact.source.sequence.flatMap { places[$0] } ?? lines.count }
    return new.enumerated().sorted { (place($0.element), $0.offset) < (place($1.element), $1.offset) }
      .map(\.element)
  }

  /// Facts of the scope that share words with a text, best first.
  func related(to text: String, limit: Int) async throws(MemoryPassFailure) -> [Fact] {
    let query = TextQuery(String(text.prefix(Self.queryLength)))
    return try await work.stored { () async throws(StoreFailure) in
      try await work.store.facts(for: query, in: scope, limit: limit).filter { $0.supersededBy == nil }
    }
  }

  private static let page = 200
  /// The facts that a model is told of, so that it does not find them again.
  private static let knownFacts = 15
  /// The facts that a new one is compared with.
  static let similarFacts = 20
  /// The characters of a text that are looked for: what is beyond adds few words and much time.
  private static let queryLength = 2_000
}

extension Fact {
  /// How it says what it says.
  var wording: FactWording { FactWording(subject: subject, statement: statement) }
}
