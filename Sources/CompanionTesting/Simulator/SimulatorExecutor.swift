import Synchronization

/// Holds the jobs of one simulation until its thread runs them.
final class SimulatorExecutor: TaskExecutor {
  private struct State {
    var schedule: SimulatorSchedule<UnownedJob>
    /// The thread of the run, once there is one.
    var thread: ThreadIdentity?
  }

  private let state: Mutex<State>

  init(seed: UInt64, limit: Int) {
    state = Mutex(State(schedule: SimulatorSchedule(seed: seed, limit: limit)))
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let thread = ThreadIdentity.current
    state.withLock { $0.schedule.add(job, isFromElsewhere: thread != $0.thread) }
  }

  /// Makes the current thread the one that runs the jobs.
  ///
  /// - Returns: `false` when there has been a run already.
  func begin() -> Bool {
    let thread = ThreadIdentity.current
    return state.withLock { state in
      guard state.thread == nil else { return false }
      state.thread = thread
      return true
    }
  }

  /// Runs jobs for as long as the work is not done and some are ready.
  ///
  /// - Returns: why it stopped; never ``SimulatorSchedule/Step/run(_:)``.
  func runUntilIdle() -> SimulatorSchedule<UnownedJob>.Step {
    let unowned = unsafe asUnownedTaskExecutor()
    while true {
      let step = state.withLock { $0.schedule.next() }
      guard case .run(let job) = step else { return step }
      unsafe job.runSynchronously(on: unowned)
    }
  }

  /// Runs what is still ready after the work has ended, at most so many jobs.
  func drain(limit: Int) {
    let unowned = unsafe asUnownedTaskExecutor()
    for _ in 0..<limit {
      guard let job = state.withLock({ $0.schedule.nextLeftover() }) else { return }
      unsafe job.runSynchronously(on: unowned)
    }
  }

  /// Looks at the schedule, or notes something in it.
  func withSchedule<Value>(
    _ body: (inout sending SimulatorSchedule<UnownedJob>) -> sending Value
  ) -> Value {
    state.withLock { body(&$0.schedule) }
  }
}
