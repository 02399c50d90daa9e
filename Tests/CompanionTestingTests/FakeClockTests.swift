import CompanionDomain
import CompanionPorts
import CompanionTesting
import Dispatch
import Testing

struct FakeClockTests {
  /// Runs jobs one by one in the order in which they became ready, so that the order in which sleepers were
  /// woken is the order in which they run.
  private final class InOrder: TaskExecutor {
    private let queue = DispatchQueue(label: "in order")

    func enqueue(_ job: consuming ExecutorJob) {
      let job = UnownedJob(job)
      queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
  }

  /// Who woke, in order, when tasks sleep for so many seconds each and all are due at once.
  private func wakingOrder(ofSleepersFor seconds: [Int]) async throws -> [Int] {
    let clock = FakeClock(now: .epoch)
    let executor = InOrder()
    let woken = Notes<Int>()
    try await withThrowingTaskGroup { group in
      for (sleeper, seconds) in seconds.enumerated() {
        group.addTask(executorPreference: executor) {
          try await clock.sleep(until: .epoch.advanced(by: .seconds(seconds)))
          woken.note(sleeper)
        }
        await clock.sleepers(atLeast: sleeper + 1)
      }
      #expect(clock.sleeperCount == seconds.count)
      #expect(clock.nextDeadline == seconds.min().map { .epoch.advanced(by: .seconds($0)) })
      // The last one sleeps when what comes behind it has run; before, it would not have to wait for its turn.
      await withTaskGroup { $0.addTask(executorPreference: executor) {} }
      clock.advance(by: .seconds(1_000))
      try await group.waitForAll()
    }
    #expect(clock.nextDeadline == nil)
    return woken.values
  }

  @Test func `two hundred sleepers wake in order of their deadlines`() async throws {
    // 7 and 200 have no common divisor: every number of seconds from 1 to 200, in a mixed order.
    let seconds = (0..<200).map { $0 * 7 % 200 + 1 }
    let woken = try await wakingOrder(ofSleepersFor: seconds)
    #expect(woken.map { seconds[$0] } == Array(1...200))
  }

  @Test func `sleepers of the same deadline wake in the order in which they fell asleep`() async throws {
    let woken = try await wakingOrder(ofSleepersFor: Array(repeating: 5, count: 20))
    #expect(woken == Array(0..<20))
  }

  @Test func `only those who are due wake`() async throws {
    let clock = FakeClock(now: .epoch)
    let early = Task { try await clock.sleep(for: .seconds(1)) }
    let late = Task { try await clock.sleep(for: .seconds(3)) }
    await clock.sleepers(atLeast: 2)
    clock.advance(by: .seconds(2))
    try await early.value
    #expect(clock.sleeperCount == 1)
    #expect(clock.nextDeadline == Timestamp.epoch.advanced(by: .seconds(3)))
    clock.advance(by: .seconds(1))
    try await late.value
    #expect(clock.now == Timestamp.epoch.advanced(by: .seconds(3)))
  }

  @Test func `a clock that is set back keeps its sleepers until their deadline`() async throws {
    let clock = FakeClock(now: .epoch)
    let sleeper = Task { try await clock.sleep(for: .seconds(10)) }
    await clock.sleepers(atLeast: 1)
    clock.advance(by: .seconds(-60))
    clock.advance(by: .seconds(69))
    #expect(clock.sleeperCount == 1)
    clock.advance(by: .seconds(1))
    try await sleeper.value
  }

  @Test func `a deadline that has passed needs no moving of the clock`() async throws {
    let clock = FakeClock(now: .epoch)
    try await clock.sleep(until: .epoch)
    try await clock.sleep(for: .seconds(-1))
    #expect(clock.sleeperCount == 0)
  }

  @Test func `a task that is cancelled beforehand does not sleep`() async {
    let clock = FakeClock(now: .epoch)
    for deadline in [Timestamp.epoch, .distantFuture] {
      let gate = Gate()
      let sleeper = Task {
        try? await gate.wait()
        try await clock.sleep(until: deadline)
      }
      sleeper.cancel()
      await #expect(throws: CancellationError.self) { try await sleeper.value }
    }
    #expect(clock.sleeperCount == 0)
  }

  @Test func `a sleeper that is cancelled wakes at once and is forgotten`() async {
    let clock = FakeClock(now: .epoch)
    let sleeper = Task { try await clock.sleep(until: .distantFuture) }
    await clock.sleepers(atLeast: 1)
    sleeper.cancel()
    await #expect(throws: CancellationError.self) { try await sleeper.value }
    #expect(clock.sleeperCount == 0)
    #expect(clock.nextDeadline == nil)
  }

  @Test func `waiting for sleepers ends when the waiting task is cancelled`() async {
    let clock = FakeClock(now: .epoch)
    let observer = Task { await clock.sleepers(atLeast: 1) }
    observer.cancel()
    await observer.value
    #expect(clock.sleeperCount == 0)
  }

  @Test func `whenever cancellation and waking meet, a sleeper resumes once`() throws {
    var wokenCounts: Set<Int> = []
    for seed in 1...500 as ClosedRange<UInt64> {
      let woken = try Simulator(seed: seed).run {
        let clock = FakeClock(now: .epoch)
        return await withTaskGroup { group in
          for second in 1...4 {
            group.addTask { (try? await clock.sleep(for: .seconds(second))) == nil ? 0 : 1 }
          }
          for _ in 1...2 {
            group.addTask {
              clock.advance(by: .seconds(2))
              return 0
            }
          }
          await Task.yield()
          group.cancelAll()
          return await group.reduce(0, +)
        }
      }
      wokenCounts.insert(woken)
    }
    // Every mixture occurs: all cancelled, some woken before, all woken.
    #expect(wokenCounts.isSuperset(of: 0...4))
  }

  @Test func `on real threads too, a sleeper resumes once`() async {
    let clock = FakeClock(now: .epoch)
    let ended = await withTaskGroup { group in
      for sleeper in 0..<1_000 {
        group.addTask {
          let task = Task { try await clock.sleep(for: .seconds(sleeper % 10)) }
          if sleeper.isMultiple(of: 2) { task.cancel() }
          clock.advance(by: .milliseconds(10))
          _ = await task.result
          return 1
        }
      }
      // Half may still sleep when the last advance has been made.
      group.addTask {
        clock.advance(to: .distantFuture)
        return 0
      }
      return await group.reduce(0, +)
    }
    #expect(ended == 1_000)
    #expect(clock.sleeperCount == 0)
  }
}
