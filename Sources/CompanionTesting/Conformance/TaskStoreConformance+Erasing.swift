import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let erasing: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a task is erased in whatever state") { store, clock in
      try await anyTaskIsErased(store, clock)
    },
    ConformanceCheck("the erasure of a task is undone with its set") { store, _ in
      try await erasureIsUndone(store)
    },
    ConformanceCheck("the erasure of a task is told") { store, _ in try await erasureIsTold(store) },
  ]

  static func anyTaskIsErased(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let kept = try await store.insert(Make.task(1000, key: "kept"))
    let (events, statistics) = (try await store.events(), try await store.taskStatistics())
    for script in TaskScript.all {
      clock.advance(to: Make.start)
      let before = try await store.overdueTasks(limit: .max)
      let task = try await store.insert(script.task)
      try await expectErased(task)
      try await store.insert(script.task)
      for step in script.steps {
        clock.advance(by: .seconds(step.seconds))
        try await store.change(task.id, step.transition)
      }
      try await expectErased(task)
      clock.advance(to: Make.start)
      try await expect(store.overdueTasks(limit: .max), before, "what has an alarm")
    }
    // One that is not there is not missed.
    try await store.commit(.eraseTask(Make.id(9)), .eraseTask(Make.id(9)))
    try await expect(store.allTasks(), [kept], "all tasks")

    func expectErased(_ task: GenerationTask) async throws {
      let changed = try await store.commit(.eraseTask(task.id))
      try expect(changed, [], "what is returned for an erasure")
      try await expect(store.task(task.id), nil, "the erased task")
      if let key = task.request.idempotencyKey {
        try await expect(store.task(idempotencyKey: key), nil, "the task of its key")
      }
      try await expect(store.allTasks(), [kept], "all tasks")
      try await expect(store.events(), events, "all events")
      try await expect(store.taskStatistics(), statistics, "the statistics")
    }
  }

  static func erasureIsUndone(_ store: any TaskStore) async throws {
    try await store.insert(Make.task(1, key: "a wish"), Make.claim())
    try await store.insert(Make.task(2), Make.claim(), .complete(Make.lease(), text: "done", usage: nil))
    try await store.insert(Make.task(3, key: "another", deadline: Make.time(90)))
    let (tasks, events) = (try await store.allTasks(), try await store.events())
    let (statistics, alarms) = (try await store.taskStatistics(), try await store.overdueTasks(limit: .max))
    try await expectConflict(.noSuchTask) { () throws(StoreFailure) in
      try await store.commit(
        .eraseTask(Make.id(3)), .eraseTask(Make.id(1)), .insertTask(Make.task(1, "again", key: "another")),
        .eraseTask(Make.id(2)), .eraseTask(Make.id(1)), .removeTask(Make.id(9)))
    }
    try await expect(store.allTasks(), tasks, "all tasks")
    try await expect(store.events(), events, "all events")
    try await expect(store.taskStatistics(), statistics, "the statistics")
    try await expect(store.overdueTasks(limit: .max), alarms, "what has an alarm")
    try await expect(store.task(idempotencyKey: "a wish")?.id, Make.id(1), "the task of a key")
    try await store.change(Make.id(1), .complete(Make.lease(), text: "done", usage: nil))
  }

  static func erasureIsTold(_ store: any TaskStore) async throws {
    try await store.insert(Make.task(1))
    var changes = store.taskChanges().makeAsyncIterator()
    try await store.commit(.eraseTask(Make.id(1)))
    try expect(await changes.next() != nil, "a stream that goes on while its store is there")
  }
}
