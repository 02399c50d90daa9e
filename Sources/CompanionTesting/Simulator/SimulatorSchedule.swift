import CompanionDomain

/// Which jobs are ready, and which of them is next: a state machine, to be kept under a lock.
///
/// A job is picked by its place among the ready ones and by nothing else; the places follow from the order
/// in which jobs became ready. So the same seed and the same work give the same schedule.
struct SimulatorSchedule<Job> {
  /// What to do next.
  enum Step {
    case run(Job)
    /// No job is ready.
    case idle
    /// A job came from another thread: what happens from here on cannot be repeated.
    case escaped
    /// So many jobs have run as may.
    case exhausted
    case finished
  }

  private var ready: [Job] = []
  private var random: SplitMix64
  private var limit: Int
  private var jobsFromElsewhere = 0
  private(set) var isFinished = false
  private(set) var steps = 0
  private(set) var hash = TraceHash()

  init(seed: UInt64, limit: Int) {
    random = SplitMix64(seed: seed)
    self.limit = limit
  }

  mutating func add(_ job: Job, isFromElsewhere: Bool) {
    ready.append(job)
    if isFromElsewhere { jobsFromElsewhere += 1 }
  }

  /// Ends the work: nothing more runs, until there is more to drain.
  mutating func finish() { isFinished = true }

  /// Notes something that happened; it counts in the hash.
  mutating func note(_ line: String) { hash.combine(line) }

  /// Notes that time has passed.
  mutating func note(time: Int64) { hash.combine(time) }

  /// The next step of the work.
  mutating func next() -> Step {
    guard jobsFromElsewhere == 0 else { return .escaped }
    guard !isFinished else { return .finished }
    guard !ready.isEmpty else { return .idle }
    guard steps < limit else { return .exhausted }
    return .run(pick())
  }

  /// The next job after the work has ended; `nil` when there is none.
  mutating func nextLeftover() -> Job? { ready.isEmpty ? nil : pick() }

  private mutating func pick() -> Job {
    let index = ready.count == 1 ? 0 : random.next(below: ready.count)
    steps += 1
    hash.combine(UInt32(truncatingIfNeeded: index))
    hash.combine(UInt32(truncatingIfNeeded: ready.count))
    ready.swapAt(index, ready.count - 1)
    return ready.removeLast()
  }
}
