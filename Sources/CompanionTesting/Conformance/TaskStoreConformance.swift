import CompanionDomain
public import CompanionPorts

/// The promises of `TaskStore`, for every store to be checked against.
///
/// The checks need a new, empty store each, which asks the time source it is given for the time: leases expire
/// because a check moves that clock. A store that is a `ConversationStore` too is also checked to keep a
/// message and its task together.
public enum TaskStoreConformance {
  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any TaskStore>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] =
    tasks + listings + changeSets + claims + leases

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }

  static let tasks: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a task is read as it was stored, in every state") { store, _ in
      try await tasksAreKept(store)
    },
    ConformanceCheck("a task is stored once") { store, _ in try await taskIsStoredOnce(store) },
    ConformanceCheck("a task is updated from the revision before") { store, _ in
      try await updateNamesRevision(store)
    },
    ConformanceCheck("of many updates of one revision one wins") { store, _ in
      try await oneUpdateWins(store)
    },
    ConformanceCheck("a task's text is kept scalar by scalar") { store, _ in try await textIsKept(store) },
    ConformanceCheck("a task with NUL or too much text is refused") { store, _ in
      try await badTextIsRefused(store)
    },
  ]

  /// A task in every state that there is, and in more than one where states have details.
  static func tasksInAllStates() throws -> [GenerationTask] {
    let lease = LeaseNumber(rawValue: 1)
    let claim = TaskTransition.claim(by: Make.id(5), leaseLength: .seconds(30))
    let failure = ProviderFailure(
      .rateLimited, retryAfter: .milliseconds(1500), status: 429, code: "slow_down", requestID: "r-1",
      message: "one moment")
    let histories: [[TaskTransition]] = [
      [], [claim], [claim, .cancel(reason: "changed my mind")], [claim, .complete(lease, text: "done")],
      [claim, .fail(lease, .provider(failure))], [claim, .fail(lease, .abandoned(rescues: 4))],
      [.cancel(reason: "no need")], [claim, .release(lease)],
    ]
    return try histories.enumerated().map { index, history in
      try history.reduce(Make.task(index + 1, createdAt: Make.time(index))) { task, transition in
        try task.applying(transition, at: Make.time(100 + index))
      }
    }
  }

  static func tasksAreKept(_ store: any TaskStore) async throws {
    try await expect(store.task(Make.id(1)), nil, "a task of an empty store")
    for task in try tasksInAllStates() {
      try await store.commit(.insertTask(task))
      try await expect(store.task(task.id), task, "the task")
    }
    let waiting = Make.task(50)
    try await store.insert(waiting)
    let running = try await store.update(waiting, .claim(by: Make.id(5), leaseLength: .seconds(30)))
    try await expect(store.task(waiting.id), running, "the updated task")
  }

  static func taskIsStoredOnce(_ store: any TaskStore) async throws {
    try await store.insert(Make.task(1, "first"))
    try await expectConflict(.taskExists) { () throws(StoreFailure) in
      try await store.commit(.insertTask(Make.task(1, "second")))
    }
    try await expect(store.task(Make.id(1))?.request.instruction, "first", "the instruction")
  }

  static func updateNamesRevision(_ store: any TaskStore) async throws {
    let claim = TaskTransition.claim(by: Make.id(5), leaseLength: .seconds(30))
    let waiting = Make.task()
    let running = try waiting.applying(claim, at: Make.start)
    let lease = LeaseNumber(rawValue: 1)
    let done = try running.applying(.complete(lease, text: "done"), at: Make.start)
    try await expectConflict(.taskMoved) { () throws(StoreFailure) in
      try await store.commit(.updateTask(running))
    }
    try await store.insert(waiting)
    for stale in [waiting, done] {
      try await expectConflict(.taskMoved) { () throws(StoreFailure) in
        try await store.commit(.updateTask(stale))
      }
      try await expect(store.task(waiting.id), waiting, "the task")
    }
    try await store.commit(.updateTask(running), .updateTask(done))
    try await expectConflict(.taskMoved) { () throws(StoreFailure) in
      try await store.commit(.updateTask(running))
    }
    try await expect(store.task(waiting.id), done, "the task at last")
  }

  static func oneUpdateWins(_ store: any TaskStore) async throws {
    let task = Make.task()
    try await store.insert(task)
    let outcomes = await withTaskGroup(of: Result<String, StoreFailure>.self) { group in
      for number in 0..<50 {
        group.addTask {
          do throws(StoreFailure) {
            let reason = "by \(number)"
            guard let cancelled = try? task.applying(.cancel(reason: reason), at: Make.start) else {
              return .failure(.closed)
            }
            try await store.commit(.updateTask(cancelled))
            return .success(reason)
          } catch {
            return .failure(error)
          }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    let winners = outcomes.compactMap { try? $0.get() }
    try expect(winners.count, 1, "the number of updates that won")
    try expect(outcomes.count { $0 == .failure(.conflict(.taskMoved)) }, 49, "the number of those that lost")
    try await expect(store.task(task.id)?.state, .cancelled(reason: winners[0]), "the state")
  }

  static func textIsKept(_ store: any TaskStore) async throws {
    for (index, text) in Make.texts.enumerated() {
      var task = Make.task(index + 1, text)
      try await store.insert(task)
      try await expect(store.task(task.id), task, "the task")
      task = try await store.update(task, .cancel(reason: text))
      try await expect(store.task(task.id), task, "the cancelled task")
    }
  }

  static func badTextIsRefused(_ store: any TaskStore) async throws {
    let lease = LeaseNumber(rawValue: 1)
    let text = Make.textWithNUL
    let running = try Make.task().applying(.claim(by: Make.id(5), leaseLength: .seconds(30)), at: Make.start)
    let bad = [
      Make.task(2, text),
      try running.applying(.complete(lease, text: text), at: Make.start),
      try running.applying(.cancel(reason: text), at: Make.start),
      try Make.task(3).applying(.cancel(reason: text), at: Make.start),
      Make.task(4, Make.text(bytes: ChangeSet.maximumTextBytes + 1)),
    ]
    try await store.commit(.insertTask(running))
    for task in bad {
      for change in [ChangeSet.Change.insertTask(task), .updateTask(task)] {
        try await expectInvalid { () throws(StoreFailure) in try await store.commit(change) }
      }
    }
    try await expect(store.task(running.id), running, "the task that was there")
    for number in 2...4 { try await expect(store.task(Make.id(number)), nil, "a refused task") }
  }
}
