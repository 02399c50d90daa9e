import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// One life of a simulated process, from a start to a crash or a stop.
final class ProcessLife: Sendable {
  private struct State {
    var hasDied = false
    var hasStopped = false
    var isDisturbed = false
    var runs: [TaskKind: Int] = [:]
    var allRuns = 0
    var modelCalls = 0
    /// How many tasks a host's own loop works on, beside the workers.
    var ownRuns = 0
    var heartbeatsStallUntil: Timestamp?
    /// Whether a handler here does not stop when it is told to.
    var hasDeafHandler = false
  }

  let process: Int
  let number: Int
  let settings: ProcessSettings
  let clock: SkewedClock
  let startedAt: Timestamp
  /// Opens when it dies.
  let death = Gate()
  /// Opens when it is over, in whatever way.
  let end = Gate()
  private let state = Mutex(State())

  init(process: Int, number: Int, settings: ProcessSettings, clock: SkewedClock, startedAt: Timestamp) {
    self.process = process
    self.number = number
    self.settings = settings
    self.clock = clock
    self.startedAt = startedAt
  }

  var hasDied: Bool { state.withLock { $0.hasDied } }

  /// Whether what it lives for has said that it has stopped.
  var hasStopped: Bool { state.withLock { $0.hasStopped } }

  /// Whether nothing has gone wrong in it.
  var isUndisturbed: Bool { state.withLock { !$0.isDisturbed } }

  func die() {
    state.withLock { $0.hasDied = true }
    death.open()
    end.open()
  }

  func disturb() { state.withLock { $0.isDisturbed = true } }

  // MARK: Handlers

  var mostRuns: Int { settings.configuration.workers + state.withLock { $0.ownRuns } }

  var hasDeafHandler: Bool { state.withLock { $0.hasDeafHandler } }

  func noteDeafHandler() { state.withLock { $0.hasDeafHandler = true } }

  /// A handler begins.
  ///
  /// - Returns: how many run now, of all kinds and of its own.
  func enter(_ kind: TaskKind) -> (all: Int, ofKind: Int) {
    state.withLock { state in
      state.allRuns += 1
      state.runs[kind, default: 0] += 1
      return (state.allRuns, state.runs[kind, default: 0])
    }
  }

  func leave(_ kind: TaskKind) {
    state.withLock { state in
      state.allRuns -= 1
      state.runs[kind, default: 0] -= 1
    }
  }

  /// A model is called.
  ///
  /// - Returns: how many calls there are now.
  func enterModel() -> Int {
    state.withLock { state in
      state.modelCalls += 1
      return state.modelCalls
    }
  }

  func leaveModel() { state.withLock { $0.modelCalls -= 1 } }

  func noteOwnRun(_ change: Int) { state.withLock { $0.ownRuns += change } }

  // MARK: Heartbeats

  func stallHeartbeats(until time: Timestamp) { state.withLock { $0.heartbeatsStallUntil = time } }

  func heartbeatDelay(at now: Timestamp) -> Duration? {
    state.withLock { state in
      state.heartbeatsStallUntil.flatMap { $0 > now ? now.duration(to: $0) : nil }
    }
  }
}

extension ProcessLife: CustomStringConvertible {
  var description: String { "process \(process).\(number)" }
}

extension ProcessLife {
  /// Does something that ends with the process, if not before.
  ///
  /// - Parameter onEnd: told when it has ended by itself.
  func whileItLives(_ body: @escaping @Sendable () async -> Void, onEnd: () -> Void = {}) async {
    await withTaskGroup { group in
      group.addTask {
        await body()
        return true
      }
      group.addTask {
        // A wait that was cancelled is over as well.
        try? await self.death.wait()
        return false
      }
      if await group.next() == true { onEnd() }
      group.cancelAll()
    }
  }

  /// Stops what it lives for, and waits for that.
  ///
  /// - Parameters:
  ///   - bound: how long it may take.
  ///   - witness: told when it takes longer.
  func stop(
    within bound: Duration, on time: any TimeSource, _ witness: any SimulationWitness,
    _ body: @escaping @Sendable () async -> Void
  ) async {
    let begin = time.now
    await whileItLives(body) {
      state.withLock { $0.hasStopped = true }
      let took = begin.duration(to: time.now)
      if took > bound { witness.report(.shutdownEnds, "\(self) took \(took) to stop, not \(bound)") }
    }
  }
}
