import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let rooms: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a claim takes of each kind what there is room for") { store, _ in
      try await roomIsKept(store)
    },
    ConformanceCheck("kinds without room do not stand in the way") { store, _ in
      try await fullKindsBlockNobody(store)
    },
    ConformanceCheck("each kind has its own limit for an attempt") { store, clock in
      try await attemptLimitsAreOfKinds(store, clock)
    },
  ]

  static let pauses: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a paused kind is not claimed") { store, _ in try await pausedIsNotClaimed(store) },
    ConformanceCheck("what is paused by itself stays so when everything is resumed") { store, _ in
      try await pausesAreApart(store)
    },
    ConformanceCheck("what runs when its kind is paused goes on") { store, _ in try await runningGoesOn(store)
    },
  ]

  /// Six tasks, of three kinds in turn: 1 and 4, 2 and 5, 3 and 6.
  private static func insertKinds(_ store: any TaskStore) async throws {
    let kinds: [TaskKind] = [.textGeneration, .imageGeneration, "own"]
    try await store.insert(
      (1...6).map { Make.task($0, createdAt: Make.time($0), kind: kinds[($0 - 1) % 3]) })
  }

  static func roomIsKept(_ store: any TaskStore) async throws {
    let cases: [(limit: Int, kinds: [TaskKind: Int], others: Int?, numbers: [Int])] = [
      (.max, [:], nil, []), (.max, [:], 0, []), (.max, [:], .min, []), (0, [:], .max, []),
      (.max, [.textGeneration: 1], nil, [1]), (.max, [.textGeneration: .max], nil, [1, 4]),
      (.max, [.textGeneration: 0, .imageGeneration: -1], .max, [3, 6]),
      (.max, [:], 1, [1, 2, 3]), (4, [:], .max, [1, 2, 3, 4]), (2, [.textGeneration: 0], 1, [2, 3]),
      (.max, [.textGeneration: 1, "own": 2], 0, [1, 3, 6]), (3, ["own": .max, "none": 9], 1, [1, 2, 3]),
      (.max, ["own": .max, "none": 9], 1, [1, 2, 3, 6]), (.max, ["none": 9], nil, []),
    ]
    try await insertKinds(store)
    for (limit, kinds, others, numbers) in cases {
      let claimed = try await store.take(
        limit, kinds: kinds.mapValues { TaskClaim.Room(limit: $0) },
        others: others.map { TaskClaim.Room(limit: $0) })
      try expect(
        claimed.numbers, numbers, "what is claimed for \(limit), \(kinds) and \(others as Int?) of others")
      for change in claimed.changes { try await store.change(change.task.id, .release(change.task.lease)) }
    }
  }

  static func fullKindsBlockNobody(_ store: any TaskStore) async throws {
    try await store.insert((1...50).map { Make.task($0, createdAt: Make.time($0), kind: .reasoning) })
    try await store.insert(Make.task(51, createdAt: Make.time(51)))
    let claimed = try await store.take(2, kinds: [.reasoning: TaskClaim.Room(limit: 1)])
    try expect(claimed.numbers, [1, 51], "what is claimed past a line for which there is no room")
    try await store.insert(Make.task(52, createdAt: Make.time(52)))
    try await store.commit(.pauseTasks(.reasoning))
    try await expect(store.take(1).numbers, [52], "what is claimed past a line that is paused")
  }

  static func attemptLimitsAreOfKinds(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await insertKinds(store)
    clock.advance(by: .seconds(100))
    let claimed = try await store.take(
      3,
      kinds: [
        .textGeneration: TaskClaim.Room(attemptLimit: .seconds(300)), .imageGeneration: TaskClaim.Room(),
      ],
      others: TaskClaim.Room(attemptLimit: .milliseconds(1500)))
    let deadlines = claimed.changes.map { change -> Timestamp? in
      if case .running(let lease) = change.task.state { lease.deadline } else { nil }
    }
    let now = clock.now
    try expect(
      deadlines, [now.advanced(by: .seconds(300)), nil, now.advanced(by: .milliseconds(1500))],
      "the deadlines of the attempts")
  }

  static func pausedIsNotClaimed(_ store: any TaskStore) async throws {
    try await expect(store.pausedTasks(), TaskPause(), "what is paused in an empty store")
    try await insertKinds(store)
    for _ in 1...2 {
      try await store.commit(.pauseTasks("own"), .pauseTasks("unknown"))
      try await expect(store.pausedTasks(), TaskPause(kinds: ["own", "unknown"]), "what is paused")
    }
    try await expect(store.take(2).numbers, [1, 2], "what is claimed beside what is paused")
    try await store.commit(.pauseTasks(nil))
    try await expect(store.pausedTasks(), TaskPause(all: true, kinds: ["own", "unknown"]), "what is paused")
    try await expect(store.take().numbers, [], "what is claimed while everything is paused")
    // Resuming once undoes any number of pauses.
    try await store.commit(.resumeTasks(nil), .resumeTasks("own"))
    try await expect(store.take().numbers, [3, 4, 5, 6], "what is claimed when it is resumed")
  }

  static func pausesAreApart(_ store: any TaskStore) async throws {
    try await insertKinds(store)
    try await store.commit(.pauseTasks("own"), .pauseTasks(nil), .resumeTasks(.textGeneration))
    try await expect(store.pausedTasks(), TaskPause(all: true, kinds: ["own"]), "what is paused")
    try await expect(store.take().numbers, [], "what is claimed while everything is paused")
    try await store.commit(.resumeTasks(nil))
    try await expect(store.pausedTasks(), TaskPause(kinds: ["own"]), "what stays paused")
    try await expect(store.take().numbers, [1, 2, 4, 5], "what is claimed beside it")
    try await store.commit(.pauseTasks(nil), .resumeTasks("own"))
    try await expect(store.pausedTasks(), TaskPause(all: true), "that everything is still paused")
  }

  static func runningGoesOn(_ store: any TaskStore) async throws {
    let task = try await store.insert(Make.task(), Make.claim())
    try await store.commit(.pauseTasks(nil), .pauseTasks(task.request.kind))
    try await store.change(task.id, .renew(task.lease, leaseLength: .seconds(90)))
    try await store.change(task.id, .complete(task.lease, text: "done", usage: nil))
    let last = try await store.insert(Make.task(2))
    try await expect(store.task(last.id), last, "a task that comes while everything is paused")
  }
}
