import CompanionKit
import CompanionTesting
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Keeps workers on one file, kills them at chance moments, and lets the last ones finish.
final class CrashRun: Sendable {
  /// What became of the workers.
  struct Outcome {
    var started = 0
    var killed = 0
    /// What happened that should not have.
    var complaints: [String] = []
  }

  private struct State {
    var outcome = Outcome()
    /// How many kills have been given out.
    var begun = 0
  }

  private let options: CrashOptions
  private let path: String
  private let ledger: CrashLedger
  private let random: SeededRandom
  private let state = Mutex(State())

  /// How long a worker may take to begin, and the last ones over what is left.
  private static let patience = Duration.seconds(60)

  init(options: CrashOptions, path: String, ledger: CrashLedger) {
    self.options = options
    self.path = path
    self.ledger = ledger
    random = SeededRandom(seed: options.seed)
  }

  func callAsFunction() async -> Outcome {
    let last = await withTaskGroup(of: (Int, WorkerProcess)?.self) { group in
      for _ in 0..<options.processes { group.addTask { await self.keepKilling() } }
      var last: [(Int, WorkerProcess)] = []
      for await worker in group { if let worker { last.append(worker) } }
      return last
    }
    for (_, worker) in last { worker.tellToFinish() }
    await withDiscardingTaskGroup { group in
      for (number, worker) in last { group.addTask { await self.waitForEnd(of: worker, number) } }
    }
    return state.withLock(\.outcome)
  }

  /// Kills one worker after another, until enough have been killed.
  ///
  /// - Returns: the last one, which shall finish.
  private func keepKilling() async -> (Int, WorkerProcess)? {
    while true {
      guard let (number, worker) = start() else { return nil }
      guard let kill = nextKill() else { return (number, worker) }
      await letLive(worker, number, until: kill)
      worker.kill()
      let ending = await worker.end()
      guard ending == .killed(by: SIGKILL) else {
        complain("Worker \(number) was not killed, but has \(ending.words).")
        return nil
      }
      state.withLock { $0.outcome.killed += 1 }
    }
  }

  private func start() -> (Int, WorkerProcess)? {
    let number = state.withLock { state in
      state.outcome.started += 1
      return state.outcome.started
    }
    let worker = CrashWorker(path: path, seed: random.nextBits(), options: options)
    do {
      return (
        number,
        try WorkerProcess([CrashCommand.word] + worker.arguments) { [ledger] in ledger.take($0, from: number)
        }
      )
    } catch {
      complain("A worker cannot be started: \(error).")
      return nil
    }
  }

  /// The number of a kill that is still to be made, from 0; `nil` when there is none, or when a worker has
  /// ended by itself: there is no use in going on then.
  private func nextKill() -> Int? {
    state.withLock { state in
      guard state.begun < options.kills, state.outcome.complaints.isEmpty else { return nil }
      defer { state.begun += 1 }
      return state.begun
    }
  }

  /// Lets a worker live for as long as chance has it. The first ones die while the file comes to be, and one
  /// in five of the others at its start; one in ten of those that have begun to work lives for longer than a
  /// lease.
  private func letLive(_ worker: WorkerProcess, _ number: Int, until kill: Int) async {
    let chance = random.nextBits() % 100
    let dies = (atStart: kill < max(1, options.kills / 20) || chance < 20, late: chance >= 90)
    // However slow the machine is, there is work in hand then.
    if !dies.atStart { await bounded(worker, number, "has not told of a task") { await $0.firstWord() } }
    let range: ClosedRange<UInt64> = dies.atStart ? 1...80 : dies.late ? 1000...1500 : 1...350
    let milliseconds = range.lowerBound + random.nextBits() % (range.upperBound - range.lowerBound + 1)
    try? await Task.sleep(for: .milliseconds(milliseconds))
  }

  private func waitForEnd(of worker: WorkerProcess, _ number: Int) async {
    let ending = await bounded(worker, number, "has not finished") { await $0.end() }
    if case .exited(0) = ending { return }
    complain("Worker \(number) was to finish, but has \(ending.words).")
  }

  /// Waits for something of a worker that has to come soon; kills the worker when it does not.
  private func bounded<Value: Sendable>(
    _ worker: WorkerProcess, _ number: Int, _ complaint: String,
    _ wait: @Sendable (WorkerProcess) async -> Value
  ) async -> Value {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        // Cancelled when it has come.
        guard (try? await Task.sleep(for: Self.patience)) != nil else { return }
        self.complain("Worker \(number) \(complaint) within \(Self.patience).")
        worker.kill()
      }
      let value = await wait(worker)
      group.cancelAll()
      return value
    }
  }

  private func complain(_ what: String) { state.withLock { $0.outcome.complaints.append(what) } }
}

extension WorkerProcess.Ending {
  fileprivate var words: String {
    switch self {
    case .exited(let status): "exited with status \(status)"
    case .killed(let signal): "been ended by signal \(signal)"
    }
  }
}
