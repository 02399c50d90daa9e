import CompanionKit
import ExampleSupport
import Foundation

/// How fast tasks are created, claimed and completed, and how soon a worker is on a new one.
struct TasksSuite {
  let options: BenchmarkOptions
  let report: FigureReport

  private static let kind: TaskKind = "bench"
  static let payload = TaskPayload(json: #"{"what":"Write a haiku about rain on a tin roof."}"#)
  static let result = "Drops drum on thin tin: a whole sky keeps time for one who listens."

  func run() async throws {
    switch options.store {
    case .memory:
      let count = options.count ?? 200_000
      try await claims(InMemoryStore(time: .system), count: count, batch: 1)
      try await claims(InMemoryStore(time: .system), count: count, batch: options.concurrency)
      try await engine(InMemoryStore(time: .system), count: min(count, 50_000))
      try await wakeUps(InMemoryStore(time: .system))
    case .sqlite:
      let count = options.count ?? 20_000
      try await withFile { try await againstRaw(in: $0, count: count) }
      try await withStore(.normal) {
        try await claims($0, count: count, batch: options.concurrency, durability: ", normal durability")
      }
      try await withStore(.full) { try await sharedSyncs($0) }
      try await withStore(.full) {
        try await claims(
          $0, count: min(count, 2_000), batch: options.concurrency, durability: ", full durability")
      }
      try await withStore(.normal) { try await engine($0, count: min(count, 5_000)) }
      try await withStore(.full) { try await wakeUps($0) }
    }
  }

  // MARK: The store

  /// One caller creates tasks one by one; then they are claimed in batches, and each completed by a commit of
  /// its own, as many at the same time as a batch has.
  private func claims(
    _ store: some CompanionStore, count: Int, batch: Int, durability: String = ""
  ) async throws {
    let clock = ContinuousClock()
    let tasks = Self.tasks(count)
    let name = "\(label)\(durability), \(batch == 1 ? "one by one" : "\(batch) at a time")"
    let creation = try await clock.measure {
      for task in tasks { try await store.commit(.insertTask(task)) }
    }
    if batch == 1 { figure(name, "create_per_s", Double(count) / creation.seconds, "1/s") }
    let claim = TaskClaim(worker: WorkerID(bits: 1), limit: batch, leaseLength: .seconds(90))
    let work = try await clock.measure {
      var done = 0
      while done < count {
        let claimed = try await store.claim(claim).changes
        guard !claimed.isEmpty else { throw BenchmarkError(message: "only \(done) tasks were claimed") }
        try await complete(claimed.map(\.task), in: store)
        done += claimed.count
      }
    }
    guard try await store.taskStatistics().count(.completed) == count else {
      throw BenchmarkError(message: "not all tasks were completed")
    }
    figure(name, "claim_complete_per_s", Double(count) / work.seconds, "1/s")
  }

  private func complete(_ tasks: [GenerationTask], in store: some CompanionStore) async throws {
    guard tasks.count > 1, options.store == .sqlite else {
      for task in tasks { try await store.commit(Self.completion(of: task)) }
      return
    }
    try await withThrowingTaskGroup { group in
      for task in tasks { group.addTask { try await store.commit(Self.completion(of: task)) } }
      try await group.waitForAll()
    }
  }

  static func completion(of task: GenerationTask) -> ChangeSet.Change {
    .transition(task.id, .complete(task.lease, text: result, usage: nil), revision: nil)
  }

  /// Tasks that were asked for one after the other, a microsecond apart.
  static func tasks(_ count: Int) -> [GenerationTask] {
    let now = SystemTimeSource().now
    return (1...count).map { number in
      GenerationTask(
        id: TaskID(bits: UInt128(number)),
        request: TaskRequest(kind: kind, payload: payload, requester: .named(RequesterID(bits: 1))),
        createdAt: now.advanced(by: .microseconds(number - count)))
    }
  }

  /// Many create at the same time, each waiting for its own task to be on the disk.
  private func sharedSyncs(_ store: SQLiteStore) async throws {
    let creators = options.concurrency
    let rounds = 50
    let before = await store.commits
    let tasks = Self.tasks(creators * rounds)
    let time = try await ContinuousClock().measure {
      try await withThrowingTaskGroup { group in
        for creator in 0..<creators {
          group.addTask {
            for task in tasks[(creator * rounds)..<((creator + 1) * rounds)] {
              try await store.commit(.insertTask(task))
            }
          }
        }
        try await group.waitForAll()
      }
    }
    let syncs = await store.commits - before
    let name = "\(label), full durability, \(creators) creators"
    figure(name, "tasks_per_sync", Double(tasks.count) / Double(max(1, syncs)), "tasks")
    figure(name, "create_per_s", Double(tasks.count) / time.seconds, "1/s")
  }

  // MARK: The engine

  /// Tasks that do nothing, through the whole engine: handler, lease, events, result.
  private func engine(_ store: some CompanionStore, count: Int) async throws {
    let stamps = StampingHandler()
    let companion = companion(on: store, stamps)
    let tasks = Self.tasks(count)
    try await store.commit(ChangeSet(tasks.map { .insertTask($0) }))
    let time = try await ContinuousClock().measure {
      companion.start()
      var events = try await companion.taskEvents(after: .start).makeAsyncIterator()
      var done = 0
      while done < count, let event = try await events.next() {
        if event.event.kind == .completed { done += 1 }
      }
    }
    await companion.stop()
    figure("\(label), through the engine", "claim_complete_per_s", Double(count) / time.seconds, "1/s")
  }

  /// From the acknowledged creation of a task to its handler's first line, in an engine that sleeps.
  private func wakeUps(_ store: some CompanionStore) async throws {
    let stamps = StampingHandler()
    let companion = companion(on: store, stamps)
    companion.start()
    var latencies: [Double] = []
    for number in 0..<1_000 {
      let id = try await companion.createTask(
        TaskRequest(kind: Self.kind, payload: Self.payload, requester: .named(RequesterID(bits: 1))))
      let created = ContinuousClock.now
      for try await _ in companion.taskUpdates(of: id) {}
      guard let started = stamps.last else { throw BenchmarkError(message: "task \(number) was not started") }
      // A worker may be on it before its creator has been told.
      latencies.append(max(0, (started - created).milliseconds))
      // So that the engine sleeps when the next one comes.
      try await Task.sleep(for: .milliseconds(2))
    }
    await companion.stop()
    let name = "\(label), created to started"
    figure(name, "wakeup_p50_ms", latencies.percentile(0.5), "ms")
    figure(name, "wakeup_p99_ms", latencies.percentile(0.99), "ms")
  }

  private func companion(on store: some CompanionStore, _ handler: StampingHandler) -> Companion {
    Companion(model: .offline, store: store, handlers: [TaskRegistration(Self.kind, handler: handler)])
  }

  // MARK: The comparison

  /// The same statements by the C API and by the store, one by one, neither waiting for the disk.
  private func againstRaw(in folder: URL, count: Int) async throws {
    let tasks = Self.tasks(count)
    var figures: [(create: Double, work: Double)] = []
    var raws: [(create: Double, work: Double)] = []
    // In turns, so that what else the machine does meets both alike.
    for round in 1...3 {
      let store = try await Self.open(folder.appending(path: "store\(round).db").path, .normal)
      figures.append(try await oneByOne(tasks, in: store))
      await store.close()
      let path = folder.appending(path: "raw\(round).db").path
      await (try Self.open(path, .normal)).close()
      raws.append(try RawTasks.perSecond(in: path, count: count))
    }
    let create = figures.map(\.create).percentile(0.5)
    let work = figures.map(\.work).percentile(0.5)
    let rawCreate = raws.map(\.create).percentile(0.5)
    let rawWork = raws.map(\.work).percentile(0.5)
    figure("\(label), one by one", "create_per_s", create, "1/s")
    figure("comparison: the same statements by the C API", "create_per_s", rawCreate, "1/s")
    figure("\(label), one by one", "claim_complete_per_s", work, "1/s")
    figure("comparison: the same statements by the C API", "claim_complete_per_s", rawWork, "1/s")
    figure("create, one by one", "ratio_to_raw", create / rawCreate, "")
    figure("claim and complete, one by one", "ratio_to_raw", work / rawWork, "")
  }

  private func oneByOne(
    _ tasks: [GenerationTask], in store: SQLiteStore
  ) async throws -> (create: Double, work: Double) {
    let clock = ContinuousClock()
    let creation = try await clock.measure {
      for task in tasks { try await store.commit(.insertTask(task)) }
    }
    let claim = TaskClaim(worker: WorkerID(bits: 1), limit: 1, leaseLength: .seconds(90))
    let work = try await clock.measure {
      for _ in tasks {
        guard let task = try await store.claim(claim).changes.first?.task else {
          throw BenchmarkError(message: "a task was not there to be claimed")
        }
        try await store.commit(Self.completion(of: task))
      }
    }
    return (Double(tasks.count) / creation.seconds, Double(tasks.count) / work.seconds)
  }

  // MARK: Files

  private var label: String { options.store.rawValue }

  private func figure(_ name: String, _ metric: String, _ value: Double, _ unit: String) {
    report.figure("tasks", name, metric, value, unit)
  }

  private static func open(_ path: String, _ durability: SQLiteStore.Durability) async throws -> SQLiteStore {
    try await SQLiteStore(path: path, durability: durability, time: SystemTimeSource())
  }

  private func withStore(
    _ durability: SQLiteStore.Durability, _ body: (SQLiteStore) async throws -> Void
  ) async throws {
    try await withFile { folder in
      let store = try await Self.open(folder.appending(path: "tasks.db").path, durability)
      try await body(store)
      await store.close()
    }
  }

  private func withFile(_ body: (URL) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "companion-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder)
  }
}

extension Duration {
  fileprivate var seconds: Double { milliseconds / 1000 }
}
