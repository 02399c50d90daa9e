import CompanionApplication
import CompanionDomain
public import CompanionPorts

/// What every `TimeSource` promises, for those who write their own.
///
/// The clock has to go on by itself: a real one, or a simulator's. With a real clock all checks together
/// take a fraction of a second; setting the machine's clock back meanwhile fails them.
public enum TimeSourceConformance {
  /// All promises.
  public static let checks: [ConformanceCheck<any TimeSource>] = [
    ConformanceCheck("The time does not go back") { try neverGoesBack($0) },
    ConformanceCheck("A deadline that has passed needs no waiting") {
      try await returnsAtOnceFromThePast($0)
    },
    ConformanceCheck("A sleeper wakes at its deadline or after it") { try await wakesAtTheDeadline($0) },
    ConformanceCheck("Many sleep at once, each until its own deadline") { try await manySleepAtOnce($0) },
    ConformanceCheck("A task that is cancelled beforehand does not sleep") {
      try await doesNotSleepWhenCancelled($0)
    },
    ConformanceCheck("A sleeper that is cancelled throws CancellationError at once") {
      try await wakesWhenCancelled($0)
    },
  ]

  /// Checks all promises, one after another.
  ///
  /// - Parameters:
  ///   - source: the implementation.
  ///   - limit: how long each check may take.
  ///   - time: measures the limit; a source that is known to work.
  /// - Throws: ``ConformanceReport`` with every broken promise.
  public static func run(
    on source: any TimeSource, within limit: Duration = .seconds(10), measuredBy time: any TimeSource
  ) async throws {
    try await ConformanceCheck.run(checks, on: source, within: limit, measuredBy: time)
  }

  private static func neverGoesBack(_ source: any TimeSource) throws {
    var last = source.now
    for _ in 0..<1_000 {
      let now = source.now
      guard now >= last else { throw BrokenPromise(expected: "\(last) or later", found: "\(now)") }
      last = now
    }
  }

  private static func returnsAtOnceFromThePast(_ source: any TimeSource) async throws {
    let now = source.now
    try await source.sleep(until: now, tolerance: nil)
    try await source.sleep(until: now.advanced(by: .seconds(-1)), tolerance: nil)
    try await source.sleep(until: Timestamp(nanosecondsSinceEpoch: .min), tolerance: nil)
  }

  private static func wakesAtTheDeadline(_ source: any TimeSource) async throws {
    try await sleep(.milliseconds(20), on: source)
  }

  private static func manySleepAtOnce(_ source: any TimeSource) async throws {
    try await withThrowingTaskGroup { group in
      for sleeper in 1...32 {
        group.addTask { try await sleep(.milliseconds(sleeper), on: source) }
      }
      try await group.waitForAll()
    }
  }

  private static func doesNotSleepWhenCancelled(_ source: any TimeSource) async throws {
    let sleeper = Unstructured.start {
      unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
      return await wasCancelled(source)
    }
    try expectCancelled(await sleeper.value)
  }

  private static func wakesWhenCancelled(_ source: any TimeSource) async throws {
    // How far the sleeper gets in so many turns differs; wherever it is, cancelling it ends its sleep.
    for turns in 0..<10 {
      let sleeper = Unstructured.start { await wasCancelled(source) }
      for _ in 0..<turns { await Task.yield() }
      sleeper.cancel()
      try expectCancelled(await sleeper.value)
    }
  }

  private static func sleep(_ duration: Duration, on source: any TimeSource) async throws {
    let deadline = source.now.advanced(by: duration)
    try await source.sleep(until: deadline, tolerance: nil)
    let now = source.now
    guard now >= deadline else {
      throw BrokenPromise(expected: "to sleep until \(deadline)", found: "to be awake at \(now)")
    }
  }

  /// Sleeps for as long as there is time, and tells what ended it: `nil` for a cancellation as promised.
  private static func wasCancelled(_ source: any TimeSource) async -> String? {
    do {
      try await source.sleep(until: .distantFuture, tolerance: nil)
      return "no error"
    } catch is CancellationError {
      return nil
    } catch {
      return "\(error)"
    }
  }

  private static func expectCancelled(_ found: String?) throws {
    if let found { throw BrokenPromise(expected: "CancellationError", found: found) }
  }
}
