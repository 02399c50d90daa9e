import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import Synchronization

extension EmbeddingWitness {
  /// Takes what the store has accepted of a life; `nil` for what people do.
  func note(_ changes: ChangeSet, by life: Int?, in content: InMemoryStore) async {
    for change in changes.changes {
      let touched = sources(of: change)
      let records = (try? await content.records(of: Set(touched))) ?? [:]
      state.withLock { state in
        for source in touched { update(source, to: records[source], in: &state) }
        switch change {
        case .openEmbeddingSpace(let space): open(space, in: &state)
        case .closeEmbeddingSpace(let space):
          tell("store: \(space) is closed")
          state.spaces[space] = nil
          state.open.removeAll { $0 == space }
        case .putEmbedding(let embedded, let space): put(embedded, in: space, by: life, &state)
        case .noteFailedEmbedding(let failed, let space): note(failed, in: space, by: life, &state)
        case .retryEmbeddings(let space): state.spaces[space]?.failures = [:]
        default: break
        }
      }
    }
    await check(content)
  }

  // MARK: What can be found

  private func sources(of change: ChangeSet.Change) -> [RecallSource] {
    switch change {
    case .append(let messages, let id, _): messages.map { .message(id, $0.sequence) }
    case .amend(let sequence, _, let id, _), .eraseMessage(let sequence, let id, _):
      [.message(id, sequence)]
    case .eraseSession(let id), .eraseUser(let id):
      state.withLock { state in
        state.known.keys.filter { if case .message(id, _) = $0 { true } else { false } }.sorted()
      }
    case .putMemory(let memory, _): [.memory(memory.key)]
    case .removeMemory(let key): [.memory(key)]
    case .insertFact(let fact): [.fact(fact.id)]
    case .supersedeFact(let id, let newer, _): [.fact(id), .fact(newer)]
    case .restoreFact(let id, _), .removeFact(let id): [.fact(id)]
    case .putDocument(let document): [.document(document.id)]
    case .removeDocument(let id): [.document(id)]
    default: []
    }
  }

  private func update(_ source: RecallSource, to record: RecallRecord?, in state: inout State) {
    let text = record.flatMap(EmbeddingText.init)
    let old = state.known[source] ?? Known()
    var known = old
    known.text = text
    known.isThere = record != nil
    known.goneAt = text == nil ? old.goneAt ?? time.now : nil
    if text?.hash != old.text?.hash || text?.scope != old.text?.scope {
      known.generation += 1
      for space in state.open {
        state.spaces[space]?.embedded[source] = nil
        state.spaces[space]?.failures[source] = nil
      }
      tell("store: \(source) says \(text?.text.prefix(40) ?? "nothing")")
    }
    for mark in TextMark.all(in: text?.text ?? "") { state.texts[mark.number].source = source }
    state.known[source] = known
  }

  // MARK: Vectors

  private func open(_ space: EmbeddingSpace, in state: inout State) {
    guard state.spaces[space] == nil else { return }
    tell("store: \(space) is opened")
    state.spaceCount += 1
    state.spaces[space] = Space(number: state.spaceCount)
    state.open.append(space)
  }

  private func put(
    _ embedded: EmbeddedSource, in space: EmbeddingSpace, by life: Int?, _ state: inout State
  ) {
    notes.combine("\(embedded.source)")
    guard let text = state.known[embedded.source]?.text, text.hash == embedded.hash else { return }
    tell("store: \(embedded.source) has \(embedded.vectors.count) vectors in \(space)")
    checkVectors(embedded, of: text.text, in: space, state)
    state.spaces[space]?.failures[embedded.source] = nil
    state.spaces[space]?.embedded[embedded.source] = (time.now, life ?? -1)
  }

  /// Each vector is that of a piece, and the pieces are the text.
  private func checkVectors(
    _ embedded: EmbeddedSource, of text: String, in space: EmbeddingSpace, _ state: State
  ) {
    let pieces = TextMark.all(in: text).flatMap { state.texts[$0.number].pieces.sorted() }
    var isCovered = Array(repeating: false, count: text.utf8.count)
    for vector in embedded.vectors {
      let piece = pieces.first {
        RemoteEmbeddings.vector(of: $0, by: space.model, dimension: space.dimension) == vector
      }
      guard let piece, let place = text.utf8.firstRange(of: piece.utf8) else {
        report(
          .vectorsAreRight, "\(embedded.source) has a vector of \(piece ?? "no piece of it") in \(space)")
        continue
      }
      let begin = text.utf8.distance(from: text.utf8.startIndex, to: place.lowerBound)
      for byte in begin..<(begin + piece.utf8.count) { isCovered[byte] = true }
    }
    let isWhole = zip(text.utf8, isCovered).allSatisfy {
      $1 || $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n")
    }
    if !isWhole {
      report(.vectorsAreRight, "\(embedded.source) has vectors of a part of its text alone")
    }
  }

  // MARK: Failures

  private func note(
    _ failed: FailedEmbedding, in space: EmbeddingSpace, by life: Int?, _ state: inout State
  ) {
    notes.combine(failed.reason)
    guard let text = state.known[failed.source]?.text, text.hash == failed.hash,
      let stored = state.spaces[space], stored.embedded[failed.source] == nil,
      let mark = TextMark.all(in: text.text).first
    else { return }
    tell("store: \(failed.source) has failed \(failed.attempts) times: \(failed.reason)")
    let earlier = stored.failures[failed.source]?.attempts ?? 0
    state.spaces[space]?.failures[failed.source] = failed
    state.texts[mark.number].mostAttempts = max(failed.attempts, state.texts[mark.number].mostAttempts)
    if failed.reason.allSatisfy(\.isWhitespace) {
      report(.onlyPoisonIsParked, "\(failed.source) has failed for no reason")
    }
    // Where a service is down at a text alone, that counts as one attempt, however often it comes. Another process may
    // have counted more meanwhile.
    if failed.attempts <= max(earlier, 1), isNote(failed, mark, of: life, state) {
      if earlier == 0 { state.texts[mark.number].loneFailures += 1 }
      return
    }
    let retry = scenario.embedding.retry
    if failed.attempts > retry.maximumRetries + 1
      || (failed.retryAt == nil) != (failed.attempts > retry.maximumRetries)
    {
      report(
        .onlyPoisonIsParked,
        "\(failed.source) is \(failed.retryAt == nil ? "parked" : "to be tried again") after \(failed.attempts) of \(retry.maximumRetries + 1) attempts"
      )
    }
    if failed.retryAt == nil, state.texts[mark.number].poison == nil {
      report(.onlyPoisonIsParked, "\(failed.source) is parked, and nothing is wrong with it")
    }
    guard let life else { return }
    checkCharge(failed, mark, of: life, state)
    state.lives[life].charged[failed.source] = failed
  }

  /// Whether it tells that a life has found the service down when it came to something, and well since: it is tried
  /// again after the longest wait then.
  private func isNote(_ failed: FailedEmbedding, _ mark: TextMark, of life: Int?, _ state: State) -> Bool {
    guard let life, let retryAt = failed.retryAt, let failure = state.lives[life].failures[mark],
      state.lives[life].lastSuccess > failure.call
    else { return false }
    let retry = scenario.embedding.retry
    let wait = retry.backoff(afterFailures: retry.maximumRetries)
    return retryAt >= failure.time.advanced(by: state.lives[life].clock.offset + wait)
  }

  /// Something has failed when the service failed with it alone, and has answered something else since.
  private func checkCharge(
    _ failed: FailedEmbedding, _ mark: TextMark, of life: Int, _ state: State
  ) {
    let own = state.lives[life]
    guard let lone = own.loneFailures[mark] else {
      report(
        .onlyPoisonIsParked, "\(failed.source) is charged with what life \(life) has not tried by itself")
      return
    }
    if own.lastSuccess <= lone.call {
      report(
        .onlyPoisonIsParked, "\(failed.source) is charged, and nobody knows whether the service is well")
    }
    if failed.attempts > state.texts[mark.number].loneFailures {
      report(
        .onlyPoisonIsParked,
        "\(failed.source) is charged \(failed.attempts) times, not \(state.texts[mark.number].loneFailures)")
    }
    let backoff = scenario.embedding.retry.backoff(afterFailures: failed.attempts - 1)
    if let retryAt = failed.retryAt, retryAt < lone.time.advanced(by: own.clock.offset + backoff) {
      report(.noEarlyRetry, "\(failed.source) is tried again before \(backoff) have passed")
    }
  }

  // MARK: What a process knows

  /// A life is about to store vectors; it does not know yet whether it will have done so.
  func noteAttempt(of changes: ChangeSet, by life: Int) {
    state.withLock { $0.lives[life].unsure.formUnion(changes.embeddedSources) }
  }

  /// A life knows that it has stored vectors.
  func noteSuccess(of changes: ChangeSet, by life: Int) {
    state.withLock { $0.lives[life].unsure.subtract(changes.embeddedSources) }
  }
}

extension ChangeSet {
  fileprivate var embeddedSources: [RecallSource] {
    changes.compactMap { if case .putEmbedding(let embedded, _) = $0 { embedded.source } else { nil } }
  }
}

/// The store itself, as one life of a process reaches it, or as people do: tells a witness of everything that it has
/// accepted.
struct EmbeddingWitnessedStore: StoreWrapper {
  let base: any CompanionStore
  let content: InMemoryStore
  let witness: EmbeddingWitness
  var life: Int?

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let changed = try await base.commit(changes)
    await witness.note(changes, by: life, in: content)
    return changed
  }
}

/// A store as a process sees it: tells a witness what the process knows of its own commits.
struct EmbeddingAccount: StoreWrapper {
  let base: any CompanionStore
  let witness: EmbeddingWitness
  let life: Int
  let time: any TimeSource
  /// How long the process waits for an answer.
  let patience: Duration

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let begin = time.now
    witness.noteAttempt(of: changes, by: life)
    let changed = try await base.commit(changes)
    if begin.duration(to: time.now) < patience { witness.noteSuccess(of: changes, by: life) }
    return changed
  }
}
