/// Why a simulation ended before its body did.
@nonexhaustive
public enum SimulationFailure: Error, Hashable, Sendable {
  /// Where a simulation was: enough to repeat it up to there.
  public struct Moment: Hashable, Sendable {
    /// The simulator's seed.
    public var seed: UInt64
    /// How many jobs had run.
    public var steps: Int
    /// How much simulated time had passed.
    public var elapsed: Duration

    /// A moment of a simulation.
    public init(seed: UInt64, steps: Int, elapsed: Duration) {
      self.seed = seed
      self.steps = steps
      self.elapsed = elapsed
    }
  }

  /// Nothing was ready, nobody slept, and the body had not returned: a deadlock; or something waits for
  /// work that left the simulator's executor, such as a detached task.
  case stalled(Moment)
  /// A job came from another thread: something left the executor and came back, so the run cannot be
  /// repeated.
  case escaped(Moment)
  /// The next sleeper wakes only after the limit of simulated time.
  case timeLimitExceeded(Moment)
  /// More jobs ran than the limit allows.
  case stepLimitExceeded(Moment)
  /// A simulator runs once; this one has.
  case alreadyRun(Moment)
}

extension SimulationFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .stalled(let moment):
      "The simulation stalled \(moment): look for a deadlock, or for a task that left the executor."
    case .escaped(let moment):
      "A task left the simulator's executor and came back \(moment): keep it on the executor."
    case .timeLimitExceeded(let moment):
      "The simulated time ran out \(moment): look for a wait that nothing ends, or raise the limit."
    case .stepLimitExceeded(let moment):
      "The simulation ran out of steps \(moment): look for a loop that does not end, or raise the limit."
    case .alreadyRun(let moment):
      "The simulator has run already \(moment): make a new one for every run."
    }
  }
}

extension SimulationFailure.Moment: CustomStringConvertible {
  /// The moment in words, in parentheses.
  public var description: String { "(seed \(seed), after \(steps) steps and \(elapsed))" }
}
