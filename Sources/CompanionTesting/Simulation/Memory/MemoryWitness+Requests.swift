import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

extension MemoryWitness {
  // MARK: Requests

  /// Takes a request for memory as it reaches the model.
  func noteRequest(_ text: String, _ material: MemoryMaterial?, by life: Int) {
    let marks = TextMark.all(in: text)
    state.withLock { state in
      state.requests += 1
      state.runs[life]?.requests += 1
      notes.combine(text)
      checkAge(of: marks, "a request for memory", in: state)
      guard let material else {
        report(.memoryIsExact, "a request for memory cannot be read: \(text)")
        return
      }
      tell(
        "life \(life) asks for \(material.work.rawValue) of \(material.scope): \(marks.map(\.word).joined(separator: " "))"
      )
      check(marks, in: material.scope, "a request", state)
      guard scenario.isQuiet else { return }
      for mark in material.lines.flatMap({ TextMark.all(in: $0.text) }) {
        let reading = "\(material.work.rawValue) of \(material.scope): \(mark.word)"
        state.readings[reading, default: 0] += 1
        if state.readings[reading] == 2 {
          report(.memoryCostIsBounded, "\(reading) is read twice")
        }
      }
    }
  }

  /// Takes a prompt of a talk.
  ///
  /// - Returns: a mark for its answer.
  func notePrompt(_ text: String, isReminded: Bool, in talk: Int) -> TextMark {
    let mark = newMark(.companion(isReminded: isReminded), in: talk)
    state.withLock { state in
      notes.combine(text)
      let marks = TextMark.all(in: text)
      tell("a prompt of talk \(talk): \(marks.map(\.word).joined(separator: " "))")
      checkAge(of: marks, "a prompt", in: state)
      for mark in marks where mark != Self.persona && !mayBeTold(state.texts[mark.number], in: talk) {
        report(.memoriesDoNotLeak, "\(mark.word) is told in talk \(talk)")
      }
    }
    return mark
  }

  /// What was forgotten is asked about no more, but for what was on its way already.
  private func checkAge(of marks: [TextMark], _ what: String, in state: State) {
    for mark in marks where state.texts.indices.contains(mark.number) {
      guard let forgotten = state.texts[mark.number].forgottenAt,
        forgotten.duration(to: time.now) > Self.onTheWay
      else { continue }
      report(
        .forgottenStaysForgotten,
        "\(mark.word) was forgotten \(forgotten.duration(to: time.now)) ago, and is in \(what)")
    }
  }

  private static let onTheWay = Duration.seconds(30)

  /// Takes that no model takes a request. Whoever is alone in it is to be left out.
  func noteRefusal(of material: MemoryMaterial) {
    guard material.lines.count + material.corrections.count <= 1 else { return }
    let texts =
      material.lines.map(\.text) + material.corrections.flatMap { [$0.old, $0.line.text] } + material.newFacts
    state.withLock { state in
      for mark in texts.flatMap(TextMark.all) where state.texts.indices.contains(mark.number) {
        state.texts[mark.number].wasRefused = true
      }
    }
  }

  var requests: Int { state.withLock { $0.requests } }

  // MARK: Runs

  func beginLife() -> Int {
    state.withLock { state in
      state.lives += 1
      return state.lives - 1
    }
  }

  func noteRunStart(of life: Int) { state.withLock { $0.runs[life] = Run(begin: time.now) } }

  func noteRunEnd(_ run: MemoryRun, of life: Int, in process: Int) {
    tell("life \(life): its run ends: \(run.end.rawValue), \(run.calls) calls, \(run.failures) failures")
    state.withLock { state in
      guard let seen = state.runs.removeValue(forKey: life) else { return }
      let budget = scenario.processes[process].configuration.memory.callBudget
      if seen.requests > min(run.calls, budget) {
        report(
          .memoryCostIsBounded,
          "a run made \(seen.requests) calls, told of \(run.calls), and may make \(budget)")
      }
      guard run.end == .complete else { return }
      state.lastComplete[process] = seen.begin
      checkCorrections(before: seen.begin, in: state)
    }
  }

  /// When the last run began of a process that has done everything; `nil` for none.
  func lastComplete(of process: Int) -> Timestamp? { state.withLock { $0.lastComplete[process] } }

  /// What was taken back before a time is in no memory.
  private func checkCorrections(before time: Timestamp, in state: State) {
    func isStale(_ mark: TextMark) -> Bool {
      guard state.texts.indices.contains(mark.number), let since = state.texts[mark.number].staleSince else {
        return false
      }
      return since < time && !state.texts[mark.number].wasRefused
    }
    var found: [String] = []
    let margin = scenario.window - .seconds(600)
    for (key, known) in state.memories.sorted(by: { $0.key < $1.key })
    where known.record.isCurrent(at: self.time.now, window: margin) {
      for mark in TextMark.all(in: known.record.text) where isStale(mark) {
        found.append("\(mark.word) was taken back, and is in \(key.scope) \(key.kind.rawValue)")
      }
    }
    for (id, fact) in state.facts.sorted(by: { $0.key < $1.key }) {
      guard case .message = fact.source else { continue }
      for mark in TextMark.all(in: fact.statement) where isStale(mark) {
        found.append("\(mark.word) was taken back, and is in fact \(id)")
      }
    }
    for line in found { report(.correctionsReachMemory, line) }
  }

  // MARK: Forgetting

  /// The marks of what is to be forgotten, as far as it is in the store.
  func marks(of target: ForgetTarget) -> [TextMark] {
    state.withLock { state in
      state.texts.indices.filter { number in
        number > 0 && state.texts[number].storedAt != nil
          && covers(target, state.texts[number], number, state)
      }.map { TextMark(number: $0) }
    }
  }

  private func covers(_ target: ForgetTarget, _ text: Text, _ number: Int, _ state: State) -> Bool {
    guard let talk = text.talk else { return false }
    let session = scenario.talks[talk].session
    switch target {
    case .message(let sequence, let id):
      return session.id == id
        && state.logs[id]?.messages[sequence]?.marks.contains(TextMark(number: number)) ?? false
    case .session(let id): return session.id == id
    case .scope(.user(let user, let workspace)):
      return session.place.workspace == workspace && isOf(user, text, session)
    case .scope(let scope):
      return scope.contains(session.threadScope ?? session.channelScope)
    case .user(let user): return isOf(user, text, session)
    @unknown default: return false
    }
  }

  private func isOf(_ user: UserID, _ text: Text, _ session: ChatSession) -> Bool {
    if session.isPersonal, session.user == user { return true }
    return text.origin == .person(user) || text.origin == .statement(user)
  }

  /// Takes that something was acknowledged to be forgotten.
  func acknowledgeForgotten(_ marks: [TextMark]) {
    state.withLock { state in
      for mark in marks {
        state.texts[mark.number].forgottenAt = state.texts[mark.number].forgottenAt ?? time.now
      }
    }
  }

  /// Looks for what was forgotten in everything that the store tells.
  func checkForgotten(_ marks: [TextMark], in store: any CompanionStore) async {
    let told = (try? await Self.everything(in: store)) ?? []
    let gone = Set(marks)
    for (name, text) in told {
      for mark in TextMark.all(in: text) where gone.contains(mark) {
        report(.forgottenStaysForgotten, "\(mark.word) was forgotten, and is in \(name)")
      }
    }
  }

  /// Every text that any call of a store tells.
  private static func everything(in store: any CompanionStore) async throws -> [(name: String, text: String)]
  {
    var told: [(String, String)] = []
    for session in try await store.sessions(matching: SessionFilter(), after: nil, limit: 1_000) {
      let messages = try await store.messages(in: session.id, before: nil, limit: 100_000)
      told.append(("the messages of \(session.id)", messages.map { String(reflecting: $0.parts) }.joined()))
      let events = try await store.logEvents(in: session.id, after: .zero, limit: 100_000)
      told.append(("the log of \(session.id)", events.map { String(reflecting: $0.kind) }.joined()))
    }
    for memory in try await store.memories(matching: MemoryFilter(), after: nil, limit: 10_000) {
      told.append(("\(memory.key.scope)", memory.text))
      told.append(("\(memory.key.scope), before", try await store.previousMemory(memory.key)?.text ?? ""))
    }
    for fact in try await store.facts(
      matching: FactFilter(includesSuperseded: true), after: nil, limit: 100_000)
    {
      told.append(("fact \(fact.id)", fact.statement + String(reflecting: fact.source)))
    }
    return told
  }
}
