import CUnsyncedVFS
import CompanionKit
import CompanionTesting
import ExampleSupport
import Foundation

/// A worker process: creates tasks and works on them until it is killed, or told to finish.
struct CrashWorker {
  /// The argument that makes a process a worker.
  static let word = "worker"

  let path: String
  let seed: UInt64
  let durability: SQLiteStore.Durability
  let losesUnsynced: Bool

  private let output = WorkerOutput()

  init(path: String, seed: UInt64, options: CrashOptions) {
    self.path = path
    self.seed = seed
    durability = options.durability
    losesUnsynced = options.losesUnsynced
  }

  /// - Parameter arguments: what ``arguments`` has given, without the word.
  init(arguments: [String]) throws(UsageError) {
    guard arguments.count == 4, let seed = UInt64(arguments[1]) else {
      throw UsageError("Workers are started by the crash run itself.")
    }
    path = arguments[0]
    self.seed = seed
    durability = arguments[2] == "normal" ? .normal : .full
    losesUnsynced = arguments[3] == "lose"
  }

  /// What follows the word `crash` on a worker's command line.
  var arguments: [String] {
    [
      Self.word, path, String(seed), durability == .normal ? "normal" : "full",
      losesUnsynced ? "lose" : "keep",
    ]
  }

  /// - Returns: the status to exit with.
  func run() async -> Int32 {
    do {
      // One write in eight also reaches the file before its time, as the system may do with any.
      guard !losesUnsynced || unsynced_vfs_register(8, seed) == 0 else {
        throw StoreFailure.inaccessible("the VFS that loses what is not synchronised cannot be registered")
      }
      let store = try await SQLiteStore(
        path: path, durability: durability, time: SystemTimeSource(), watcher: .system)
      try await work(on: store)
      await store.close()
      return 0
    } catch {
      output.write([.flaw("\(error)")])
      return 1
    }
  }

  private func work(on store: SQLiteStore) async throws {
    let random = SeededRandom(seed: seed)
    let companion = Companion(
      model: .offline, store: store, configuration: Self.configuration, random: SystemRandomSource(),
      handlers: [TaskRegistration(.crash, handler: CrashWorkHandler())], events: output)
    companion.start()
    let word = ParentsWord()
    await withTaskGroup(of: Void.self) { group in
      for _ in 1...2 {
        group.addTask {
          while !word.isGiven { await create(with: companion, random) }
        }
      }
      await word.wait()
    }
    try await waitForTheEnd(of: store)
    await companion.stop()
  }

  /// Short leases, so that the tasks of the killed go on within the run, and so many attempts that only three
  /// deaths in a row end a task.
  private static var configuration: CompanionConfiguration {
    var configuration = CompanionConfiguration()
    configuration.tasks.leaseLength = .seconds(1)
    configuration.tasks.retry = RetryPolicy(
      maximumRetries: 10_000, base: .milliseconds(10), cap: .milliseconds(100))
    configuration.tasks.automaticRequeues = 0
    return configuration
  }

  /// Waits until no task is left, in whatever process.
  private func waitForTheEnd(of store: SQLiteStore) async throws(StoreFailure) {
    let changes = store.taskChanges()
    if try await Self.countLive(in: store) == 0 { return }
    for await _ in changes {
      if try await Self.countLive(in: store) == 0 { return }
    }
  }

  private static func countLive(in store: SQLiteStore) async throws(StoreFailure) -> Int {
    let statistics = try await store.taskStatistics()
    return statistics.count(.queued) + statistics.count(.running) + statistics.count(.waiting)
  }

  // MARK: Creating

  /// Asks for one task or for several, and tells of them when they are stored.
  private func create(with companion: Companion, _ random: SeededRandom) async {
    do {
      let count = random.nextBits() % 3 == 0 ? 2 + Int(random.nextBits() % 7) : 1
      let requests = try (0..<count).map { _ in try request(random) }
      let ids =
        count == 1 ? [try await companion.createTask(requests[0])] : try await companion.createTasks(requests)
      output.write(zip(ids, requests).map { .acknowledged($0, key: $1.idempotencyKey) })
    } catch TaskCommandFailure.store(let failure) {
      output.write([WorkerLine(failure)])
    } catch {
      output.write([.flaw("\(error)")])
    }
    // A worker that is told to finish ends the pause as any other.
    try? await Task.sleep(for: .milliseconds(10 + Int(random.nextBits() % 30)))
  }

  /// Work with or without a key. All workers choose keys from the same few, which follow the clock, so that
  /// they ask for the same, at the same time and after a restart.
  private func request(_ random: SeededRandom) throws -> TaskRequest {
    guard random.nextBits() % 3 == 0 else { return try CrashWork(bits: random.nextBits()).request() }
    let time = UInt64(Date.now.timeIntervalSince1970 * 1000) / 100
    let number = time - random.nextBits() % 8
    return try CrashWork(bits: SeededRandom(seed: number).nextBits()).request(key: "wish-\(number)")
  }
}
