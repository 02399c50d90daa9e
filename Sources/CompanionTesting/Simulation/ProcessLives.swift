import CompanionDomain
import CompanionPorts
import Synchronization

/// What one life of a simulated process consists of, whatever the process does.
protocol SimulatedIncarnation: Sendable {
  var process: ProcessLife { get }
}

/// The lives of a simulated process, one after the other, until all is over.
final class ProcessLives<Incarnation: SimulatedIncarnation>: Sendable {
  private struct State {
    var current: Incarnation?
    var isOver = false
    var isCalm = false
  }

  private let state = Mutex(State())

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
    on time: any TimeSource, restartDelay: Duration, staysDown: Bool = false,
    start: (Int) async -> Incarnation, serve: @escaping @Sendable (Incarnation) async -> Void
  ) async {
    await withDiscardingTaskGroup { group in
      var number = 0
      while !state.withLock({ $0.isOver }), !Task.isCancelled {
        let incarnation = await start(number)
        group.addTask { await incarnation.process.whileItLives { await serve(incarnation) } }
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

  var isCalm: Bool { state.withLock { $0.isCalm } }

  /// From now on nothing goes wrong any more.
  func calmDown() { state.withLock { $0.isCalm = true } }

  /// The present life is the last one.
  func finish() { state.withLock { $0.isOver = true } }
}
