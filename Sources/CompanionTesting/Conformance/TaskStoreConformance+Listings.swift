import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let listings: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("tasks come newest first") { store, _ in try await tasksComeInOrder(store) },
    ConformanceCheck("tasks are listed by what they are") { store, clock in
      try await filtersHold(store, clock)
    },
    ConformanceCheck("a listing is read page by page, whatever happens meanwhile") { store, _ in
      try await pagesFollow(store)
    },
    ConformanceCheck("tasks are counted by kind and state") { store, clock in
      try await tasksAreCounted(store, clock)
    },
  ]

  static func tasksComeInOrder(_ store: any TaskStore) async throws {
    try await expect(store.allTasks(), [], "the tasks of an empty store")
    for (number, second) in [(1, 10), (2, 30), (3, 20), (4, 20), (5, -10)] {
      try await store.insert(Make.task(number, createdAt: Make.time(second)))
      if number.isMultiple(of: 2) { try await store.change(Make.id(number), .cancel(reason: "even")) }
    }
    for limit in [.min, -1, 0, 1, 2, 4, 5, 6, .max] {
      let expected = Array([2, 4, 3, 1, 5].prefix(max(0, limit)))
      let tasks = try await store.tasks(matching: TaskFilter(), limit: limit)
      try expect(Make.numbers(tasks), expected, "the tasks for limit \(limit)")
    }
  }

  static func filtersHold(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let kinds: [TaskKind] = [.textGeneration, "own"]
    let requesters: [TaskRequester] = [
      .conversation(Make.id(1), Make.id(1)), .conversation(Make.id(1), Make.id(2)),
      .conversation(Make.id(2), Make.id(1)), .named(Make.id(1)), .named(Make.id(2)),
    ]
    let scripts = TaskScript.all.prefix(45)
    for (index, script) in scripts.enumerated() {
      let request = TaskRequest(
        kind: kinds[index % 2], payload: script.task.request.payload, requester: requesters[index % 5],
        deadline: script.task.request.deadline)
      let task = GenerationTask(id: script.task.id, request: request, createdAt: Make.time(index / 3))
      clock.advance(to: Make.start)
      try await store.insert(task)
      for step in script.steps {
        clock.advance(by: .seconds(step.seconds))
        try await store.change(task.id, step.transition)
      }
    }
    let all = try await store.allTasks()
    try expect(all.count, scripts.count, "the number of tasks")
    try expect(Set(all.map(\.state.name)).count, TaskStateName.allCases.count, "the number of states")
    let states =
      TaskStateName.allCases.map { [$0] } + [
        [], TaskStateName.allCases, [.queued, .running], [.completed, .cancelled, .deadLettered],
      ]
    for states in states {
      for kind in [nil, "own", "unknown"] as [TaskKind?] {
        for session in [nil, 1, 9] as [Int?] {
          for requester in [nil, 2, 9] as [Int?] {
            for after in [nil, all[0].id, all[20].id] {
              try await check(
                TaskFilter(
                  states: Set(states), kind: kind, session: session.map { Make.id($0) },
                  requester: requester.map { Make.id($0) }, after: after),
                of: all, in: store)
            }
          }
        }
      }
    }
  }

  private static func check(
    _ filter: TaskFilter, of all: [GenerationTask], in store: any TaskStore
  ) async throws {
    let start = filter.after.flatMap { after in all.firstIndex { $0.id == after } }.map { $0 + 1 } ?? 0
    let expected = all[start...].filter { task in
      guard filter.states.contains(task.state.name) else { return false }
      if let kind = filter.kind, kind != task.request.kind { return false }
      switch task.request.requester {
      case .conversation(let session, _):
        return filter.requester == nil && (filter.session ?? session) == session
      case .named(let requester):
        return filter.session == nil && (filter.requester ?? requester) == requester
      }
    }
    for limit in [2, .max] {
      let found = try await store.tasks(matching: filter, limit: limit)
      guard found != Array(expected.prefix(limit)) else { continue }
      try expect(Make.numbers(found), Make.numbers(Array(expected.prefix(limit))), "the tasks of \(filter)")
    }
  }

  static func pagesFollow(_ store: any TaskStore) async throws {
    // Some of the same time, so that a page may end among them.
    try await store.insert((1...20).map { Make.task($0, createdAt: Make.time($0 / 4)) })
    var filter = TaskFilter(states: [.queued])
    var listed: [Int] = []
    for newer in 31...60 {
      let page = try await store.tasks(matching: filter, limit: 3)
      try expect(page.count <= 3, "no more than the limit")
      listed += Make.numbers(page)
      guard let last = page.last else { break }
      // Whoever has been listed may leave the state, and newer tasks may come: neither moves the page.
      filter.after = last.id
      try await store.change(last.id, .cancel(reason: "x"))
      try await store.insert(Make.task(newer, createdAt: Make.time(99)))
    }
    try expect(listed, Array((1...20).reversed()), "the tasks of all pages")
  }

  static func tasksAreCounted(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(store.taskStatistics(), TaskStatistics(), "the statistics of an empty store")
    for (index, script) in TaskScript.all.enumerated() {
      let kind: TaskKind = index.isMultiple(of: 3) ? "own" : .textGeneration
      let task = Make.task(
        index + 1, createdAt: Make.time(index), kind: kind, deadline: script.task.request.deadline)
      clock.advance(to: Make.start)
      try await store.insert(task)
      for step in script.steps {
        clock.advance(by: .seconds(step.seconds))
        try await store.change(task.id, step.transition)
      }
      try await expectStatistics(store)
    }
    while let change = try await store.take(3).changes.first {
      try await store.change(change.task.id, .cancel(reason: "x"))
      try await expectStatistics(store)
    }
    clock.advance(by: .seconds(1_000_000))
    _ = try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: .max)
    try await expectStatistics(store)
  }

  private static func expectStatistics(_ store: any TaskStore) async throws {
    var expected = TaskStatistics()
    for task in try await store.allTasks() {
      expected.counts[task.request.kind, default: [:]][task.state.name, default: 0] += 1
      guard case .queued(let queueing) = task.state else { continue }
      expected.oldestQueued = min(expected.oldestQueued ?? queueing.since, queueing.since)
    }
    try await expect(store.taskStatistics(), expected, "the statistics")
  }
}
