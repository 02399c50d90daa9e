import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct TimeSourceConformanceTests {
  @Test(arguments: TimeSourceConformance.checks)
  func `a simulator's clock keeps every promise`(check: ConformanceCheck<any TimeSource>) throws {
    for seed in 1...50 as ClosedRange<UInt64> {
      let simulator = Simulator(seed: seed)
      try simulator.run { try await check.run(on: simulator.time, measuredBy: simulator.time) }
    }
  }

  @Test(arguments: [
    (BrokenClock.Fault.wakesEarly, "A sleeper wakes at its deadline or after it"),
    (.waitsForThePast, "A deadline that has passed needs no waiting"),
    (.ignoresCancellation, "A task that is cancelled beforehand does not sleep"),
    (.returnsWhenCancelled, "A task that is cancelled beforehand does not sleep"),
    (.goesBack, "The time does not go back"),
  ])
  func `a broken clock is found`(fault: BrokenClock.Fault, check: String) throws {
    let simulator = Simulator(seed: 1)
    let clock = BrokenClock(base: simulator.time, random: simulator.random, fault: fault)
    let report = #expect(throws: ConformanceReport.self) {
      try simulator.run { try await TimeSourceConformance.run(on: clock, measuredBy: simulator.time) }
    }
    #expect(report?.failures.first?.check == check)
  }
}

/// A clock with one fault.
struct BrokenClock: TimeSource {
  enum Fault: Sendable {
    case wakesEarly, waitsForThePast, ignoresCancellation, returnsWhenCancelled, goesBack
  }

  let base: any TimeSource
  let random: any RandomSource
  let fault: Fault

  var minimumResolution: Duration { .nanoseconds(1) }

  var now: Timestamp {
    guard fault == .goesBack else { return base.now }
    return base.now.advanced(by: .nanoseconds(Int64(random.nextBits() % 1_000)))
  }

  func sleep(until deadline: Timestamp, tolerance: Duration?) async throws {
    switch fault {
    case .wakesEarly:
      try await base.sleep(until: deadline.advanced(by: .milliseconds(-1)), tolerance: nil)
    case .waitsForThePast:
      try await base.sleep(until: max(deadline, now.advanced(by: .seconds(3_600))), tolerance: nil)
    case .ignoresCancellation:
      guard Task.isCancelled else { return try await base.sleep(until: deadline, tolerance: nil) }
      await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
    case .returnsWhenCancelled:
      try? await base.sleep(until: deadline, tolerance: nil)
    case .goesBack:
      try await base.sleep(until: deadline, tolerance: nil)
    }
  }
}
