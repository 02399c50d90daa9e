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
    inserts + transitions + texts + changeSets + events + claims + due + rooms + pauses + schedules + leases
    + alarms + listings + retention + removal + erasing + changes

  /// Runs all checks, each on a store of its own.
  ///
  /// - Parameters:
  ///   - makeStore: makes a store for each check.
  ///   - limit: how long one check may take.
  ///   - time: measures the limit; without it a check of a store that never tells of its changes never ends.
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(
    on makeStore: @escaping MakeStore, within limit: Duration = .seconds(60),
    measuredBy time: (any TimeSource)? = nil
  ) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: limit, measuredBy: time)
  }

  static let inserts: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a new task is read as it was stored") { store, _ in try await newIsKept(store) },
    ConformanceCheck("a task is stored once") { store, _ in try await taskIsStoredOnce(store) },
    ConformanceCheck("a task that is not new is not added") { store, clock in
      try await onlyNewIsAdded(store)
    },
    ConformanceCheck("one idempotency key has one task") { store, _ in try await keyHasOneTask(store) },
    ConformanceCheck("idempotency keys differ by their bytes") { store, _ in
      try await keysDifferByBytes(store)
    },
    ConformanceCheck("of many tasks with one key one is stored") { store, _ in
      try await oneOfManyIsStored(store)
    },
  ]

  static func newIsKept(_ store: any TaskStore) async throws {
    try await expect(store.task(Make.id(1)), nil, "a task of an empty store")
    try await expect(store.task(idempotencyKey: "key-1"), nil, "the task of a key in an empty store")
    for task in TaskScript.all.map(\.task) {
      try await store.insert(task)
      try await expect(store.task(task.id), task, "the task")
      guard let key = task.request.idempotencyKey else { continue }
      try await expect(store.task(idempotencyKey: key), task, "the task of its key")
    }
  }

  static func taskIsStoredOnce(_ store: any TaskStore) async throws {
    let first = try await store.insert(Make.task(1, "first"))
    for again in [first, Make.task(1, "second", key: "key")] {
      try await expectConflict(.taskExists) { () throws(StoreFailure) in
        try await store.commit(.insertTask(again))
      }
    }
    try await expect(store.task(Make.id(1)), first, "the task that was there first")
    try await expect(store.task(idempotencyKey: "key"), nil, "the key of a task that was refused")
    try await expect(store.events().count, 1, "the number of events")
  }

  static func onlyNewIsAdded(_ store: any TaskStore) async throws {
    let claimed = try Make.task().applying(Make.claim(), at: Make.start).task
    try await expectInvalid { () throws(StoreFailure) in try await store.commit(.insertTask(claimed)) }
    try await expect(store.allTasks(), [], "the tasks")
  }

  static func keyHasOneTask(_ store: any TaskStore) async throws {
    let first = try await store.insert(Make.task(1, key: "a wish"))
    try await expectConflict(.keyTaken(first.id)) { () throws(StoreFailure) in
      try await store.commit(.insertTask(Make.task(2, key: "a wish")))
    }
    try await expect(store.task(Make.id(2)), nil, "the task that was refused")
    try await store.insert(Make.task(2, key: "another wish"))
    try await store.insert([Make.task(3), Make.task(4)])
    // Keys are kept when their tasks have ended.
    let ended = try await store.change(first.id, .cancel(reason: "enough")).task
    try await expectConflict(.keyTaken(first.id)) { () throws(StoreFailure) in
      try await store.commit(.insertTask(Make.task(5, key: "a wish")))
    }
    try await expect(store.task(idempotencyKey: "a wish"), ended, "the task of the key, as it is now")
    try await expectConflict(.keyTaken(Make.id(6))) { () throws(StoreFailure) in
      try await store.commit(.insertTask(Make.task(6, key: "new")), .insertTask(Make.task(7, key: "new")))
    }
    try await expect(store.task(idempotencyKey: "new"), nil, "the task of a key whose set failed")
  }

  static func keysDifferByBytes(_ store: any TaskStore) async throws {
    for (index, key) in ["\u{E9}", "e\u{301}", "E\u{301}", "", " "].enumerated() {
      let task = try await store.insert(Make.task(index + 1, key: key))
      try await expect(store.task(idempotencyKey: key), task, "the task of its key")
    }
  }

  static func oneOfManyIsStored(_ store: any TaskStore) async throws {
    let outcomes = await Self.outcomes(of: 30) { number throws(StoreFailure) in
      try await store.commit(.insertTask(Make.task(number, key: "a wish")))
    }
    guard let winner = try await store.task(idempotencyKey: "a wish") else {
      throw BrokenPromise(expected: "a task of the key", found: "none")
    }
    try expect(outcomes.count { $0 == nil }, 1, "the number of tasks that were stored")
    try expect(outcomes.count { $0 == .conflict(.keyTaken(winner.id)) }, 29, "the number of those refused")
    try await expect(store.allTasks(), [winner], "all tasks")
  }

  /// What many do at once, with numbers from 1: the failure of each, or `nil`.
  static func outcomes(
    of count: Int, _ body: @escaping @Sendable (Int) async throws(StoreFailure) -> Void
  ) async -> [StoreFailure?] {
    await withTaskGroup(of: StoreFailure?.self) { group in
      for number in 1...count {
        group.addTask {
          do throws(StoreFailure) {
            try await body(number)
            return nil
          } catch { return error }
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
  }
}
