import CompanionDomain
import CompanionPorts

/// What does not hold any more since something else was said.
extension FactPass {
  /// A fact that gives way to another one, which was said later.
  struct Superseded {
    var old: Fact
    var newer: Fact
    /// Since when the older one does not hold.
    var end: Timestamp
  }

  /// - Parameters:
  ///   - new: the facts of a batch, in the order in which they were said.
  ///   - lines: where they were said.
  ///   - gone: known facts that go.
  /// - Returns: which facts give way to which, each once. A log that is read late may tell what has long been
  ///   superseded: which of two holds is a question of when they were said, not of when they were read.
  func superseded(
    by new: [Fact], said lines: [MemoryLine], except gone: Set<FactID>
  ) async throws(MemoryPassFailure) -> [Superseded] {
    let old = try await candidates(for: new, except: gone)
    guard !old.isEmpty else { return [] }
    var material = work.material(.supersession, scope, at: work.now)
    material.knownFacts = old.map(\.statement)
    material.newFacts = new.map(\.statement)
    let (answer, _) = try await work.answer(
      material, format: .json(schema: Supersessions.schema, name: Supersessions.schemaName))
    let pairs: [Supersessions.Pair]
    do throws(MemoryAnswerFailure) {
      pairs = try Supersessions(answer: answer, known: old.count, new: new.count).pairs
    } catch {
      // Both stand side by side then, as they would have if nobody had asked.
      work.environment.events.emit(
        .memorySkipped(.facts, scope, messages: 0, .unreadable(error.description)))
      return []
    }
    var found: [Superseded] = []
    for pair in pairs where old[pair.known].id != new[pair.new].id {
      let pair = try await ordered(old[pair.known], new[pair.new], in: new, said: lines)
      if !found.contains(where: { $0.old.id == pair.old.id }) { found.append(pair) }
    }
    return found
  }

  /// Facts that new ones may contradict: known ones, and those of the same batch that were said before.
  private func candidates(
    for new: [Fact], except gone: Set<FactID>
  ) async throws(MemoryPassFailure) -> [Fact] {
    var found: [Fact] = []
    for (place, fact) in new.enumerated() {
      let wording = fact.wording
      let known = try await related(to: fact.subject + "\n" + fact.statement, limit: Self.similarFacts)
      for candidate in known.filter({ !gone.contains($0.id) }) + new[..<place]
      where !found.contains(candidate) && candidate.wording.mayContradict(wording) {
        found.append(candidate)
      }
    }
    return found
  }

  /// Two facts that contradict each other, by when they were said; of the same time, by their order in the batch.
  private func ordered(
    _ one: Fact, _ other: Fact, in new: [Fact], said lines: [MemoryLine]
  ) async throws(MemoryPassFailure) -> Superseded {
    let times = (try await time(of: one, said: lines), try await time(of: other, said: lines))
    let places = (new.firstIndex(of: one) ?? -1, new.firstIndex(of: other) ?? -1)
    let isLater = (times.0, places.0) > (times.1, places.1)
    let (old, newer) = isLater ? (other, one) : (one, other)
    let begin = newer.validFrom ?? max(times.0, times.1)
    return Superseded(old: old, newer: newer, end: max(begin, old.validFrom ?? begin))
  }

  /// When a fact was said.
  private func time(
    of fact: Fact, said lines: [MemoryLine]
  ) async throws(MemoryPassFailure) -> Timestamp {
    guard case .message(let quote) = fact.source else { return fact.createdAt }
    if let line = lines.first(where: { $0.session == quote.session && $0.sequence == quote.sequence }) {
      return line.time
    }
    let message = try await work.stored { () async throws(StoreFailure) in
      try await work.store.messages(in: quote.session, before: quote.sequence.next, limit: 1).last
    }
    return message?.time ?? fact.createdAt
  }
}
