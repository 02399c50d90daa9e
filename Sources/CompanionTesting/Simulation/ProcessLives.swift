import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// What one life of a simulated process consists of, whatever the process does.
protocol SimulatedIncarnation: Sendable {
  var process: ProcessLife { get }
  /// The store as it reaches it.
  var store: FaultyStore { get }
}

/// The lives of a simulated process, one after the other, until all is over.
final class ProcessLives<Incarnation: SimulatedIncarnation>: Sendable {
  private struct State {
    var current: Incarnation?
    var isOver = false
    var isCalm = false
  }

  private let time: any TimeSource
  private let witness: any SimulationWitness
  private let state = Mutex(State())

  /// - Parameters:
  ///   - time: the simulator's.
  ///   - witness: told of what becomes of each life.
  init(time: any TimeSource, witness: any SimulationWitness) {
    self.time = time
    self.witness = witness
  }

  /// The present life, which may have died a moment ago; `nil` between two.
  var current: Incarnation? { state.withLock { $0.current } }

  /// The present life; `nil` while the process is down.
  var living: Incarnation? { current.flatMap { $0.process.hasDied ? nil : $0 } }

  /// Lives until it is told that all is over.
  ///
  /// - Parameters:
  ///   - restartDelay: how long it stays down between two lives; at most two seconds when nothing goes wrong any more.
  ///   - staysDown: whether a crash is its end.
  ///   - start: begins the life of a number, and says so with ``begin(_:)``.
  ///   - serve: does what it lives for. A crash ends it.
  func live(
    restartDelay: Duration, staysDown: Bool = false,
    start: (Int) async -> Incarnation, serve: @escaping @Sendable (Incarnation) async -> Void
  ) async {
    await withDiscardingTaskGroup { group in
      var number = 0
      while !state.withLock({ $0.isOver }), !Task.isCancelled {
        let incarnation = await start(number)
        group.addTask {
          await incarnation.process.whileItLives {
            await serve(incarnation)
            if !incarnation.process.hasDied { self.witness.tell("\(incarnation.process): has stopped") }
            incarnation.process.end.open()
          }
        }
        // These waits fail only when they are cancelled, which ends the loop.
        try? await incarnation.process.end.wait()
        state.withLock { $0.current = nil }
        if staysDown, incarnation.process.hasDied { break }
        let isCalm = state.withLock { $0.isCalm || $0.isOver }
        let delay = isCalm ? min(restartDelay, .seconds(2)) : restartDelay
        try? await time.sleep(until: time.now.advanced(by: delay), tolerance: nil)
        number += 1
      }
    }
  }

  /// Notes what it is from now on.
  func begin(_ incarnation: Incarnation) { state.withLock { $0.current = incarnation } }

  /// A store as a life reaches it. What goes wrong with it is told.
  ///
  /// - Parameters:
  ///   - yields: whether others may run before every call.
  ///   - onCrash: told when the present life is to die of it.
  func store(
    _ base: any CompanionStore, _ plan: StoreFaultPlan, for life: ProcessLife, yields: Bool = false,
    onCrash: @escaping @Sendable () -> Void
  ) -> FaultyStore {
    let store = FaultyStore(base, plan: plan, time: time, yields: yields) { [weak self] call, fault in
      guard let self else { return }
      witness.tell("\(life): \(fault) at call \(call.number), a \(call.kind)")
      life.disturb()
      if fault == .crashBefore || fault == .crashAfter, living?.process === life { onCrash() }
    }
    if state.withLock({ $0.isCalm }) { store.endFaults() }
    return store
  }

  /// Lets the present life die.
  ///
  /// - Returns: what has died; `nil` while the process is down.
  @discardableResult func kill(_ why: String) -> Incarnation? {
    guard let incarnation = living else { return nil }
    witness.tell("\(incarnation.process): dies, \(why)")
    incarnation.store.crash()
    incarnation.process.die()
    return incarnation
  }

  /// Asks the present life for a graceful end, and waits for it; another one begins afterwards, unless all is over.
  ///
  /// - Parameter bound: how long it may take.
  func stop(within bound: Duration, _ body: @escaping @Sendable (Incarnation) async -> Void) async {
    guard let incarnation = living else { return }
    witness.tell("\(incarnation.process): is to stop")
    await incarnation.process.stop(within: bound, on: time, witness) { await body(incarnation) }
  }

  /// From now on nothing goes wrong any more.
  func calmDown() {
    state.withLock { $0.isCalm = true }
    living?.store.endFaults()
  }

  /// The present life is the last one.
  func finish() { state.withLock { $0.isOver = true } }
}
