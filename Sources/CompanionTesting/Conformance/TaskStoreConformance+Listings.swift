import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let listings: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("tasks come newest first") { store, _ in try await tasksComeInOrder(store) },
    ConformanceCheck("tasks are listed by their states") { store, _ in try await tasksByState(store) },
  ]

  static let changeSets: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("one failing change leaves no task of its set") { store, clock in
      try await setIsAtomic(store, clock)
    },
    ConformanceCheck("a message and its task are stored together") { store, _ in
      try await messageAndTask(store)
    },
  ]

  static func tasksComeInOrder(_ store: any TaskStore) async throws {
    let states = Set(TaskStateName.allCases)
    try await expect(store.tasks(in: states, limit: 10), [], "the tasks of an empty store")
    for (number, second) in [(1, 10), (2, 30), (3, 20), (4, 20), (5, -10)] {
      let task = Make.task(number, createdAt: Make.time(second))
      try await store.insert(task)
      if number.isMultiple(of: 2) { try await store.update(task, .cancel(reason: "even")) }
    }
    try await expect(
      store.tasks(in: states, limit: 10).map(\.id), [2, 4, 3, 1, 5].map { Make.id($0) }, "the tasks")
    try await expect(
      store.tasks(in: states, limit: 2).map(\.id), [2, 4].map { Make.id($0) }, "the newest two")
    try await expect(store.tasks(in: states, limit: .max).count, 5, "the number of all tasks")
    for limit in [0, -1, .min] {
      try await expect(store.tasks(in: states, limit: limit), [], "the tasks for limit \(limit)")
    }
  }

  static func tasksByState(_ store: any TaskStore) async throws {
    let tasks = try tasksInAllStates()
    try await store.commit(ChangeSet(tasks.map { .insertTask($0) }))
    let all = TaskStateName.allCases
    for states in [[]] + all.map({ [$0] }) + [[.queued, .running], [.completed, .deadLettered], all] {
      let expected = tasks.filter { states.contains($0.state.name) }.sorted { $0.createdAt > $1.createdAt }
      try await expect(store.tasks(in: Set(states), limit: 100), expected, "the tasks in \(states)")
      try await expect(store.taskCount(in: Set(states)), expected.count, "the number of tasks in \(states)")
    }
    guard let waiting = tasks.first else { return }
    let ended = try await store.update(waiting, .cancel(reason: "enough"))
    let queued = try await store.tasks(in: [.queued], limit: 100)
    try expect(!queued.contains { $0.id == ended.id }, "a task to leave the list of the state it has left")
    let cancelled = try await store.tasks(in: [.cancelled], limit: 100)
    try expect(cancelled.contains(ended), "a task to join the list of the state it is in")
  }

  static func setIsAtomic(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let running = try await store.insert(
      Make.task(1), .claim(by: Make.id(5), leaseLength: .seconds(30)))
    let renewed = try running.applying(
      .renew(LeaseNumber(rawValue: 1), leaseLength: .seconds(90)), at: Make.start)
    let failing: [(StoreConflict, ChangeSet.Change)] = [
      (.taskExists, .insertTask(Make.task(1))), (.taskExists, .insertTask(Make.task(2))),
      (.taskMoved, .updateTask(renewed)), (.taskMoved, .updateTask(Make.task(3))),
    ]
    for (conflict, change) in failing {
      try await expectConflict(conflict) { () throws(StoreFailure) in
        try await store.commit(.insertTask(Make.task(2)), .updateTask(renewed), change)
      }
      try await expect(store.task(Make.id(1)), running, "the task that the failed set updates")
      try await expect(store.task(Make.id(2)), nil, "the task that the failed set adds")
      try await expect(
        store.tasks(in: Set(TaskStateName.allCases), limit: 9), [running], "all tasks")
      try await expect(store.nextLeaseExpiry(), Make.time(30), "the first expiry")
    }
    clock.advance(by: .seconds(3600))
    let claimed = try await store.claim(limit: 9, worker: Make.id(6), leaseLength: .seconds(30))
    try expect(claimed.map(\.id), [Make.id(1)], "what can be claimed")
  }

  static func messageAndTask(_ store: any TaskStore) async throws {
    guard let store = store as? any ConversationStore & TaskStore else { return }
    try await store.begin(messages: 1)
    let message = Make.message(2)
    try await store.commit(
      .append([message], to: Make.id(1), after: Make.at(1)), .insertTask(Make.task(1)))
    try await expect(store.log().last, message, "the message")
    try await expect(store.task(Make.id(1)), Make.task(1), "the task")

    try await expectConflict(.taskExists) { () throws(StoreFailure) in
      try await store.commit(
        .append([Make.message(3)], to: Make.id(1), after: Make.at(2)), .insertTask(Make.task(1)))
    }
    try await expectConflict(.logMoved) { () throws(StoreFailure) in
      try await store.commit(
        .insertTask(Make.task(2)), .append([Make.message(2)], to: Make.id(1), after: Make.at(1)))
    }
    try await expect(store.log().count, 2, "the number of messages")
    try await expect(store.task(Make.id(2)), nil, "the task of the failed set")
  }
}
