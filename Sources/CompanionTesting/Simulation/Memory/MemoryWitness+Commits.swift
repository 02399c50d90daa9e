import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension MemoryWitness {
  /// A pass that has got on, or was moved back, in a log.
  private struct Move {
    let session: SessionID
    let pass: MemoryPass
    let from: LogRevision
    let to: LogRevision
  }

  /// Takes what the store has accepted.
  func note(_ changes: ChangeSet) {
    state.withLock { state in
      var puts: [MemoryKey: [SourceSpan]] = [:]
      var moves: [Move] = []
      for change in changes.changes {
        switch change {
        case .putMemory(let memory, let spans):
          puts[memory.key, default: []] += spans
          put(memory, adding: spans, in: &state)
        case .removeMemory(let key):
          tell("store: \(key.scope) \(key.kind.rawValue) is removed")
          state.memories[key] = nil
        case .moveMemoryProgress(let session, let pass, let from, let to):
          moves.append(Move(session: session, pass: pass, from: from, to: to))
          move(moves[moves.count - 1], in: &state)
        case .insertFact(let fact): insert(fact, in: &state)
        case .removeFact(let id): state.facts[id] = nil
        default: noteLog(change, in: &state)
        }
      }
      checkSources(puts, moves, in: &state)
    }
  }

  // MARK: Logs

  private func noteLog(_ change: ChangeSet.Change, in state: inout State) {
    switch change {
    case .insertSession(let session): state.logs[session.id] = Log()
    case .append(let messages, let id, _):
      for message in messages { append(message, to: id, in: &state) }
    case .amend(let sequence, let amendment, let id, let time):
      guard let said = state.logs[id]?.messages[sequence],
        let message = said.message.amended(by: amendment, at: time)
      else { return }
      let marks = TextMark.all(in: message.text)
      for mark in said.marks where !marks.contains(mark) { takeBack(mark, in: &state) }
      for mark in marks {
        state.texts[mark.number].storedAt = state.texts[mark.number].storedAt ?? self.time.now
      }
      state.logs[id]?.messages[sequence] = Said(message: message, marks: said.marks.union(marks))
      state.logs[id]?.events.append((sequence, false))
      tell("store: message \(sequence.rawValue) of \(id) is now \(message.text.prefix(60))")
    case .eraseMessage(let sequence, let id, let time):
      guard let said = state.logs[id]?.messages[sequence] else { return }
      for mark in said.marks { takeBack(mark, in: &state) }
      if !said.message.isDeleted { state.logs[id]?.events.append((sequence, false)) }
      state.logs[id]?.messages[sequence]?.message = said.message.erased(at: time)
      tell("store: message \(sequence.rawValue) of \(id) is erased")
    case .eraseSession(let id):
      for said in (state.logs[id]?.messages ?? [:]).values {
        for mark in said.marks { takeBack(mark, in: &state) }
      }
      state.logs[id] = nil
      tell("store: \(id) is erased")
    default: break
    }
  }

  private func append(_ message: ChatMessage, to id: SessionID, in state: inout State) {
    let tool = message.toolResults.map(\.content).joined(separator: " ")
    let marks = TextMark.all(in: message.text + " " + tool)
    for mark in marks { state.texts[mark.number].storedAt = time.now }
    state.logs[id]?.messages[message.sequence] = Said(message: message, marks: Set(marks))
    state.logs[id]?.events.append((message.sequence, true))
    notes.combine(message.text)
    tell("store: \(id) #\(message.sequence.rawValue) \(message.origin): \(message.text.prefix(60))")
  }

  private func takeBack(_ mark: TextMark, in state: inout State) {
    state.texts[mark.number].staleSince = state.texts[mark.number].staleSince ?? time.now
  }

  // MARK: Memories and facts

  private func put(_ memory: MemoryRecord, adding spans: [SourceSpan], in state: inout State) {
    let name = "\(memory.key.scope) \(memory.key.kind.rawValue) v\(memory.version)"
    let old = state.memories[memory.key]
    tell("store: \(name): \(memory.text.split(separator: "\n").joined(separator: " ").prefix(160))")
    notes.combine(memory.text)
    if memory.version != (old?.record.version ?? 0) + 1 {
      report(.memoryIsExact, "\(name) is stored over v\(old?.record.version ?? 0)")
    }
    if case .workspace = memory.key.scope {
      for merged in memory.merged where !isSource(merged.key, of: memory.key) {
        report(.memoriesDoNotLeak, "\(name) is made of \(merged.key.scope)")
      }
    } else if memory.sourceCount != (old?.record.sourceCount ?? 0) + spans.reduce(0, { $0 + $1.count }) {
      report(.memoryIsExact, "\(name) counts \(memory.sourceCount) sources, and adds \(spans)")
    }
    let configuration = scenario.processes[0].configuration.memory
    let limit = memory.key.kind == .shortTerm ? configuration.shortTermTokens : configuration.longTermTokens
    let tokens = TokenEstimator().tokens(in: memory.text)
    if tokens > limit { report(.memoriesAreShort, "\(name) has \(tokens) tokens, not \(limit)") }
    let marks = TextMark.all(in: memory.text)
    check(marks, in: memory.key.scope, "the memory", state)
    checkNotForgotten(marks, name, in: state)
    var known = Known(record: memory, previous: old?.record, spans: old?.spans ?? [:])
    for span in spans { known.spans[span.session] = known.spans[span.session]?.merging(span) ?? span }
    state.memories[memory.key] = known
  }

  private func isSource(_ key: MemoryKey, of memory: MemoryKey) -> Bool {
    switch key.scope {
    case .workspace: key.scope == memory.scope
    case .channel(let channel, let workspace):
      workspace == memory.scope.workspace && scenario.sharing.includes(channel)
        && !scenario.talks.contains { $0.session.isPersonal && $0.session.place.channel == channel }
    default: false
    }
  }

  private func insert(_ fact: Fact, in state: inout State) {
    tell("store: fact \(fact.statement)")
    notes.combine(fact.statement)
    state.facts[fact.id] = fact
    let marks = TextMark.all(in: fact.statement)
    check(marks, in: fact.scope, "a fact", state)
    checkNotForgotten(marks, "fact \(fact.id)", in: state)
    switch fact.source {
    case .message(let quote):
      let said = state.logs[quote.session]?.messages[quote.sequence]
      guard let said, said.message.origin == .person, quote.isFound(in: said.message) else {
        report(.memoryIsExact, "\"\(fact.statement)\" quotes what nobody said: \(quote)")
        return
      }
      for mark in marks where !said.marks.contains(mark) {
        report(.memoryIsExact, "\"\(fact.statement)\" is not what is quoted: \(quote.text)")
      }
    case .statement:
      for mark in marks where state.texts.indices.contains(mark.number) {
        state.texts[mark.number].storedAt = time.now
      }
    }
  }

  private func checkNotForgotten(_ marks: [TextMark], _ name: String, in state: State) {
    for mark in marks
    where state.texts.indices.contains(mark.number) && state.texts[mark.number].forgottenAt != nil {
      report(.forgottenStaysForgotten, "\(mark.word) was forgotten, and comes back in \(name)")
    }
  }

  // MARK: Passes

  private func move(_ move: Move, in state: inout State) {
    let known = state.logs[move.session]?.progress[move.pass] ?? .zero
    if move.from != known {
      report(
        .memoryIsExact,
        "\(move.pass.rawValue) of \(move.session) moves from \(move.from.rawValue), and was at \(known.rawValue)"
      )
    }
    state.logs[move.session]?.progress[move.pass] = move.to
  }

  /// Each message is read once: what a pass moves over is what its memories take for their sources.
  private func checkSources(_ puts: [MemoryKey: [SourceSpan]], _ moves: [Move], in state: inout State) {
    for move in moves {
      guard let talk = scenario.talks.first(where: { $0.session.id == move.session }) else { continue }
      if move.to <= .zero {
        checkRestart(move, of: talk.session, in: state)
      } else {
        checkReading(move, of: talk.session, puts, in: &state)
      }
    }
    for (key, spans) in puts.sorted(by: { $0.key < $1.key }) {
      for span in spans
      where !moves.contains(where: { $0.session == span.session && passes(of: key).contains($0.pass) }) {
        report(.memoryIsExact, "\(key.scope) has sources in \(span.session) that nobody has read")
      }
    }
  }

  private func passes(of key: MemoryKey) -> [MemoryPass] {
    switch key.scope {
    case .workspace: []
    case .channel: key.kind == .shortTerm ? [.channel] : [.channelLongTerm]
    case .thread: [.thread]
    case .user: [.user]
    }
  }

  /// The memories that a pass makes of messages of a conversation.
  func keys(of pass: MemoryPass, _ session: ChatSession, speakers: Set<UserID>) -> [MemoryKey] {
    switch pass {
    case .channel: [MemoryKey(session.channelScope, .shortTerm)]
    case .channelLongTerm: [MemoryKey(session.channelScope, .longTerm)]
    case .thread: session.threadScope.map { [MemoryKey($0, .shortTerm)] } ?? []
    case .user:
      session.isPersonal || scenario.sharing.includes(session.place.channel)
        ? speakers.sorted().map { MemoryKey(.user($0, in: session.place.workspace), .longTerm) } : []
    case .workspace, .facts: []
    }
  }

  private func checkRestart(_ move: Move, of session: ChatSession, in state: State) {
    for (key, known) in state.memories.sorted(by: { $0.key < $1.key })
    where passes(of: key).contains(move.pass) && known.spans[session.id] != nil {
      report(
        .memoryIsExact, "\(move.pass.rawValue) reads \(session.id) again, which is in \(key.scope) already")
    }
  }

  private func checkReading(
    _ move: Move, of session: ChatSession, _ puts: [MemoryKey: [SourceSpan]], in state: inout State
  ) {
    guard let log = state.logs[session.id], move.to.rawValue <= Int64(log.events.count) else { return }
    let read = log.events[Int(max(0, move.from.rawValue))..<Int(move.to.rawValue)]
      .filter(\.isNew).compactMap { log.messages[$0.sequence] }.filter { $0.message.origin == .person }
    let speakers = Set(read.compactMap { session.speaker(of: $0.message) })
    for key in keys(of: move.pass, session, speakers: speakers) {
      var own = read
      if case .user(let user, _) = key.scope {
        own = read.filter { session.speaker(of: $0.message) == user || $0.message.isDeleted }
      }
      let stands = own.filter { said in
        !said.message.isDeleted && !said.marks.contains { state.texts[$0.number].wasRefused }
      }
      let span = puts[key]?.first { $0.session == session.id }
      let count = span?.count ?? 0
      if count == 0, key.kind == .longTerm, move.pass == .channelLongTerm,
        state.memories[MemoryKey(key.scope, .shortTerm)]?.record.text.isEmpty ?? true
      {
        // What is worth nothing now is worth nothing later.
        for mark in own.flatMap(\.marks) { state.texts[mark.number].wasRefused = true }
        continue
      }
      if count < stands.count || count > own.count {
        report(
          .memoryIsExact,
          "\(key.scope) \(key.kind.rawValue) takes \(count) of \(stands.count) to \(own.count) messages of \(session.id) behind \(move.from.rawValue) up to \(move.to.rawValue)"
        )
      }
      if let span, let first = own.first?.message.sequence, let last = own.last?.message.sequence,
        span.first < first || span.last > last
      {
        report(.memoryIsExact, "\(key.scope) takes \(span), which was not read")
      }
    }
  }
}

/// The store itself, as all processes share it: tells a witness of everything that it has accepted.
struct MemoryWitnessedStore: StoreWrapper {
  let base: any CompanionStore
  let witness: MemoryWitness

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let changed = try await base.commit(changes)
    witness.note(changes)
    return changed
  }
}
