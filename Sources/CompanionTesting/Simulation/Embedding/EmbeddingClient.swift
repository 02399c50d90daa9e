import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts

/// Does the steps of a scenario that people, their host and fate do.
struct EmbeddingClient: Sendable {
  let world: EmbeddingWorld
  let processes: [EmbeddingProcess]

  private var witness: EmbeddingWitness { world.witness }
  private var time: any TimeSource { world.time }
  private var scenario: EmbeddingScenario { world.scenario }

  func perform(_ timed: EmbeddingScenario.TimedStep) async {
    try? await time.sleep(until: witness.start.advanced(by: timed.time), tolerance: nil)
    let process = processes[timed.process]
    witness.tell("client: begins \(timed.step) at process \(timed.process)")
    defer { witness.tell("client: ends \(timed.step) at process \(timed.process)") }
    switch timed.step {
    case .kill: process.kill("killed")
    case .restart: await process.stop()
    case .reconfigure:
      world.reconfigure()
      for process in processes { await process.stop() }
    case .recall(let talk): await recall(in: scenario.talks[talk], at: process)
    case .embedAll: await embedAll(at: process)
    case .retry(let pick): await change(pick) { .retryEmbeddings(in: $0) }
    case .closeSpace(let pick): await change(pick) { .closeEmbeddingSpace($0) }
    default: await write(timed.step)
    }
  }

  private func write(_ step: EmbeddingScenario.Step) async {
    switch step {
    case .putDocuments(let sayings, let place):
      for saying in sayings { await put(newDocument(saying, in: EmbeddingScenario.places[place])) }
    case .editDocument(let pick, let saying): await changeDocument(pick) { $0.text = text(of: saying) }
    case .archive(let pick): await changeDocument(pick) { $0.status = .archived }
    case .restore(let pick): await changeDocument(pick) { $0.status = .normal }
    case .move(let pick, let place):
      await changeDocument(pick) { $0.scope = EmbeddingScenario.places[place] }
    case .remove(let pick):
      guard case .document(let id)? = self.pick(pick, of: .document) else { return }
      await commit(.removeDocument(id))
    case .say(let sayings, let talk):
      for saying in sayings { await say(saying, in: scenario.talks[talk].id) }
    case .editMessage(let pick, let saying): await amend(pick, .edit([.text(text(of: saying))]))
    case .deleteMessage(let pick): await amend(pick, .delete)
    case .eraseTalk(let talk): await commit(.eraseSession(scenario.talks[talk].id))
    case .putMemory(let place, let saying): await putMemory(in: EmbeddingScenario.places[place], saying)
    case .removeMemory(let place): await commit(.removeMemory(key(in: EmbeddingScenario.places[place])))
    case .insertFact(let place, let saying): await commit(.insertFact(newFact(saying, place: place)))
    case .supersede(let pick, let saying):
      guard case .fact(let id)? = self.pick(pick, of: .fact) else { return }
      let newer = newFact(saying, place: pick % EmbeddingScenario.places.count)
      await commit(.insertFact(newer), .supersedeFact(id, by: newer.id, at: time.now))
    case .removeFact(let pick):
      guard case .fact(let id)? = self.pick(pick, of: .fact) else { return }
      await commit(.removeFact(id))
    default: break
    }
  }

  // MARK: Texts

  private func text(of saying: EmbeddingScenario.Saying) -> String {
    switch saying {
    case .plain: "\(witness.newMark(poison: nil).word) is what grows by the garden wall"
    case .long(let count): long(witness.newMark(poison: nil), count)
    case .poison(let fault): "\(witness.newMark(poison: fault).word) is bad for whoever takes it"
    }
  }

  /// Sentences that are all different, so that it is known which of them a piece has.
  private func long(_ mark: TextMark, _ count: Int) -> String {
    (0..<count).map { "\(mark.word) goes on to place \($0) along the river." }.joined(separator: " ")
  }

  private func newDocument(_ saying: EmbeddingScenario.Saying, in scope: MemoryScope) -> Document {
    Document(id: world.identifiers.next(), scope: scope, text: text(of: saying), createdAt: time.now)
  }

  private func newFact(_ saying: EmbeddingScenario.Saying, place: Int) -> Fact {
    Fact(
      id: world.identifiers.next(), scope: EmbeddingScenario.places[place], subject: "anna",
      statement: text(of: saying), source: .statement(by: "anna", in: nil), createdAt: time.now)
  }

  private func key(in scope: MemoryScope) -> MemoryKey { MemoryKey(scope, .longTerm) }

  // MARK: Writing

  private func commit(_ changes: ChangeSet.Change...) async {
    // What is gone meanwhile cannot be changed.
    _ = try? await world.store(of: nil).commit(ChangeSet(changes))
  }

  private func pick(_ pick: Int, of kind: RecallSource.Kind) -> RecallSource? {
    let sources = witness.sources(of: kind)
    return sources.isEmpty ? nil : sources[pick % sources.count]
  }

  private func put(_ document: Document) async { await commit(.putDocument(document)) }

  private func changeDocument(_ pick: Int, _ body: (inout Document) -> Void) async {
    guard case .document(let id)? = self.pick(pick, of: .document),
      var document = try? await world.content.document(id)
    else { return }
    body(&document)
    document.updatedAt = time.now
    await put(document)
  }

  private func say(_ saying: EmbeddingScenario.Saying, in id: SessionID) async {
    guard let session = try? await world.content.session(id) else { return }
    let message = ChatMessage(
      sequence: session.lastSequence.next, turn: world.identifiers.next(), role: .user,
      parts: [.text(text(of: saying))], time: time.now, origin: .person)
    await commit(.append([message], to: id, after: session.lastSequence))
  }

  private func amend(_ pick: Int, _ amendment: MessageAmendment) async {
    guard case .message(let session, let sequence)? = self.pick(pick, of: .message) else { return }
    await commit(.amend(sequence, amendment, in: session, at: time.now))
  }

  private func putMemory(in scope: MemoryScope, _ saying: EmbeddingScenario.Saying) async {
    let key = key(in: scope)
    let version = ((try? await world.content.memory(key))?.version ?? 0) + 1
    let memory = MemoryRecord(
      key: key, version: version, text: text(of: saying), sourceCount: 1, newestSource: time.now,
      createdAt: time.now, updatedAt: time.now,
      origin: MemoryOrigin(model: .scripted, instructions: "simulated"))
    await commit(.putMemory(memory, adding: []))
  }

  // MARK: The runner

  private func change(_ pick: Int, _ change: (EmbeddingSpace) -> ChangeSet.Change) async {
    let spaces = witness.openSpaces
    guard !spaces.isEmpty else { return }
    await commit(change(spaces[pick % spaces.count]))
  }

  private func embedAll(at process: EmbeddingProcess) async {
    // What is asked of one that is to stop is nobody's to stop.
    guard let incarnation = process.current, incarnation.runner.isRunning else { return }
    await incarnation.process.whileItLives { _ = await incarnation.runner.runOnce() }
  }

  private func recall(in session: ChatSession, at process: EmbeddingProcess) async {
    guard let incarnation = process.current else { return }
    let scopes = Set(session.visibleScopes + [session.searchScope])
    let begin = time.now
    await incarnation.process.whileItLives {
      let found = try? await Recall(environment: incarnation.environment)(
        "what grows by the garden wall?", in: scopes, budget: 2_000)
      witness.check(found?.items ?? [], in: scopes, since: begin)
    }
  }

  // MARK: The end

  /// Waits until everything is embedded, and until nothing is any more that goes on.
  func converge() async throws {
    let limit = time.now.advanced(by: EmbeddingScenario.patience)
    let space = world.version.space
    while time.now < limit, !witness.openSpaces.contains(space) || !witness.waiting(in: space).isEmpty {
      try await pause(for: .seconds(60))
    }
    for source in witness.waiting(in: space).prefix(3) {
      witness.report(.everythingIsEmbedded, "\(source) still waits in \(space)")
    }
    guard time.now < limit else { return }
    // Whoever works on the same, or looks once more whether all is done, comes to its end.
    try await pause(for: scenario.longestInterval * 2 + .seconds(300))
    let calls = witness.calls
    try await pause(for: scenario.longestInterval * 4 + .seconds(300))
    if witness.calls != calls {
      witness.report(.embeddedOnce, "\(witness.calls - calls) calls, and nothing was new")
    }
    await witness.checkAll(of: world.content)
  }

  private func pause(for duration: Duration) async throws {
    try await time.sleep(until: time.now.advanced(by: duration), tolerance: nil)
  }
}
