import CompanionDomain
import CompanionPorts

/// Looks for everything that goes with what is forgotten.
///
/// Whoever adds a store of text adds a step here.
struct ForgetSurvey {
  let environment: Environment
  let target: ForgetTarget
  /// Conversations that have gone already: what came for them meanwhile goes, too.
  var erased: Set<SessionID> = []

  private var store: any CompanionStore { environment.store }
  private var walk: StoreWalk { StoreWalk(store: store) }
  private static let page = 200

  /// - Returns: what goes, and the tasks of it.
  func callAsFunction() async throws(StoreFailure) -> (plan: ForgetPlan, tasks: [GenerationTask]) {
    var plan = ForgetPlan()
    try await lookForLogs(&plan)
    let tasks = try await tasks(of: plan)
    plan.tasks = Set(tasks.map(\.id))
    plan.cleared = plan.clearings(with: tasks)
    for session in plan.cleared.sorted() {
      for fate in try await WordlessStates(environment: environment)(of: session) {
        switch fate {
        case .next(let record): plan.wordless.append(record)
        case .stays(let state): plan.unchanged.append(state)
        }
      }
    }
    let facts = try await facts(of: plan)
    plan.facts = Set(facts.map(\.id))
    plan.corrections = try await corrections(after: facts)
    plan.documents = try await documents()
    plan.memories = try await memories(of: plan)
    plan.restarts = try await restarts(after: plan)
    // Whoever has a memory of a log that is read again would have what was said in it twice.
    while case let others = try await memoriesOfPeople(readAgainBy: plan), !others.isEmpty {
      plan.memories.formUnion(others)
      plan.restarts = try await restarts(after: plan)
    }
    return (plan, tasks)
  }

  // MARK: What was said

  private func lookForLogs(_ plan: inout ForgetPlan) async throws(StoreFailure) {
    switch target {
    case .message(_, let session), .session(let session):
      if let session = try await store.session(session) { try await look(at: session, &plan) }
    case .scope(let scope): try await lookForLogs(matching: SessionFilter(scope), &plan)
    case .user(let user): try await lookForLogs(matching: SessionFilter(participant: user), &plan)
    }
  }

  private func lookForLogs(
    matching filter: SessionFilter, _ plan: inout ForgetPlan
  ) async throws(StoreFailure) {
    var last: SessionID?
    repeat {
      let page = try await store.sessions(matching: filter, after: last, limit: Self.page)
      for session in page { try await look(at: session, &plan) }
      last = page.count < Self.page ? nil : page.last?.id
    } while last != nil
  }

  private func look(at session: ChatSession, _ plan: inout ForgetPlan) async throws(StoreFailure) {
    if target.erasesWhole(session) {
      plan.sessions.insert(session.id)
      return
    }
    switch target.erasure(of: session, try await walk.traces(of: session)) {
    case .none: break
    case .messages(let erasure):
      plan.logs[session.id] = erasure
      if let draft = try await store.draft(in: session.id), erasure.turns.contains(draft.turn) {
        plan.drafts.insert(session.id)
      }
    case .whole:
      plan.sessions.insert(session.id)
      return
    }
    if session.user == target.person, session.user != .forgotten { plan.disowned.insert(session.id) }
  }

  // MARK: What works on it

  private func tasks(of plan: ForgetPlan) async throws(StoreFailure) -> [GenerationTask] {
    var tasks: [GenerationTask] = []
    let gone = plan.sessions.union(erased)
    for session in gone.union(plan.logs.keys).sorted() {
      let filter = TaskFilter(session: session)
      try await walk.forEachTask(matching: filter) { task in
        if gone.contains(session) || plan.covers(task) { tasks.append(task) }
      }
    }
    // A person may have asked for tasks under their own name, in no conversation and in no workspace.
    if case .user(let user) = target, let requester = RequesterID(rawValue: user.rawValue) {
      try await walk.forEachTask(matching: TaskFilter(requester: requester)) { tasks.append($0) }
    }
    return tasks
  }

  // MARK: What was derived from it

  private func facts(of plan: ForgetPlan) async throws(StoreFailure) -> [Fact] {
    var plan = plan
    plan.sessions.formUnion(erased)
    var facts: [Fact] = []
    switch target {
    case .message, .session:
      for session in plan.sessions.union(plan.logs.keys).sorted() {
        let filter = FactFilter(session: session, includesSuperseded: true)
        try await walk.forEachFact(matching: filter) { fact in
          if plan.covers(fact.source) { facts.append(fact) }
        }
      }
    case .scope, .user:
      try await walk.forEachFact(matching: FactFilter(includesSuperseded: true)) { [target] fact in
        if target.covers(fact) || plan.covers(fact.source) { facts.append(fact) }
      }
    }
    for (session, log) in plan.logs.sorted(by: { $0.key < $1.key }) where !log.words.isEmpty {
      facts += try await factsWithWords(of: log, in: session, except: Set(facts.map(\.id)))
    }
    return facts
  }

  /// Facts that quote what stays of a log, and say what goes of it.
  private func factsWithWords(
    of log: LogErasure, in session: SessionID, except known: Set<FactID>
  ) async throws(StoreFailure) -> [Fact] {
    var others: [Fact] = []
    let filter = FactFilter(session: session, includesSuperseded: true)
    try await walk.forEachFact(matching: filter) { if !known.contains($0.id) { others.append($0) } }
    guard !others.isEmpty else { return [] }
    var withdrawn = WithdrawnWords()
    try await walk.forEachEvent(of: session) { event in
      guard log.words.contains(event.message.sequence) else { return }
      withdrawn.add(event.message.text)
      withdrawn.add(MessagePart.text(of: event.kind.oldParts))
    }
    var facts: [Fact] = []
    for fact in others {
      guard case .message(let quote) = fact.source else { continue }
      let message = try await store.messages(in: session, before: quote.sequence.next, limit: 1).last
      if withdrawn.areSaid(by: fact, quoting: message?.text ?? quote.text) { facts.append(fact) }
    }
    return facts
  }

  /// What changes about the facts that the removed ones had superseded: those are of the same scopes.
  private func corrections(after removed: [Fact]) async throws(StoreFailure) -> [FactCorrection] {
    guard !removed.isEmpty else { return [] }
    let ids = Set(removed.map(\.id))
    var facts: [Fact] = []
    let filter = FactFilter(scopes: Set(removed.map(\.scope)), includesSuperseded: true)
    try await walk.forEachFact(matching: filter) { facts.append($0) }
    return ForgetPlan.corrections(removing: ids, among: facts)
  }

  private func documents() async throws(StoreFailure) -> Set<DocumentID> {
    switch target {
    case .message, .session: return []
    case .scope, .user: break
    }
    var documents: Set<DocumentID> = []
    try await walk.forEachDocument { [target] document in
      if target.covers(document) { documents.insert(document.id) }
    }
    return documents
  }

  private func memories(of plan: ForgetPlan) async throws(StoreFailure) -> Set<MemoryKey> {
    var seeds: Set<MemoryKey> = []
    let spoilt = plan.logs.filter { !$0.value.words.isEmpty }.keys
    for session in plan.sessions.union(erased).union(spoilt).sorted() {
      try await walk.forEachMemory(matching: MemoryFilter(session: session)) { seeds.insert($0.key) }
    }
    let coversScopes =
      switch target {
      case .message, .session: false
      case .scope, .user: true
      }
    guard coversScopes || !seeds.isEmpty else { return [] }
    var all: [(key: MemoryKey, merged: [MergedMemory])] = []
    try await walk.forEachMemory(matching: MemoryFilter()) { [target] memory in
      if target.covers(memory.key.scope) { seeds.insert(memory.key) }
      all.append((memory.key, memory.merged))
    }
    // The passes of a scope begin anew together: a memory that stays would be given the same once more.
    let scopes = Set(seeds.map(\.scope))
    for memory in all where scopes.contains(memory.key.scope) { seeds.insert(memory.key) }
    return ForgetPlan.derived(from: seeds, among: all)
  }

  /// The memories of people, other than those that go, that know of logs that are read for people again.
  private func memoriesOfPeople(readAgainBy plan: ForgetPlan) async throws(StoreFailure) -> Set<MemoryKey> {
    var memories: Set<MemoryKey> = []
    for restart in plan.restarts where restart.pass == .user {
      try await walk.forEachMemory(matching: MemoryFilter(session: restart.session)) { memory in
        if case .user = memory.key.scope, !plan.memories.contains(memory.key) { memories.insert(memory.key) }
      }
    }
    return memories
  }

  /// The passes that form anew what was removed, and those that may be about to form memory from what goes.
  private func restarts(after plan: ForgetPlan) async throws(StoreFailure) -> [PassRestart] {
    var passes: [SessionID: Set<MemoryPass>] = [:]
    for (session, log) in plan.logs where !log.words.isEmpty {
      passes[session] = Set(ForgetPlan.passesOfWords)
    }
    for scope in Set(plan.memories.map(\.scope)).sorted() {
      var last: SessionID?
      repeat {
        let page = try await store.sessions(matching: SessionFilter(scope), after: last, limit: Self.page)
        // A log without events would be read for ever.
        for session in page where !plan.sessions.contains(session.id) && session.revision > .zero {
          passes[session.id, default: []].formUnion(scope.passes)
        }
        last = page.count < Self.page ? nil : page.last?.id
      } while last != nil
    }
    let mark = environment.random.nextBits()
    var restarts: [PassRestart] = []
    for (session, passes) in passes.sorted(by: { $0.key < $1.key }) {
      let progress = try await store.memoryProgress(of: session)
      restarts += MemoryPass.allCases.filter(passes.contains).map { pass in
        PassRestart(session, pass, from: progress[pass], mark: mark)
      }
    }
    return restarts
  }
}
