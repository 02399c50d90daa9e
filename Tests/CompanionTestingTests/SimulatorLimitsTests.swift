import CompanionApplication
import CompanionDomain
import CompanionPorts
import CompanionTesting
import Foundation
import Testing

struct SimulatorLimitsTests {
  private struct Broken: Error, Equatable {}

  @Test func `a body's error comes out as it is`() {
    #expect(throws: Broken()) { try Simulator(seed: 1).run { throw Broken() } }
  }

  @Test func `a deadlock is reported as a stall`() throws {
    let failure = #expect(throws: SimulationFailure.self) {
      try Simulator(seed: 7).run { try await Gate().wait() }
    }
    guard case .stalled(let moment) = failure else {
      Issue.record("not a stall: \(String(describing: failure))")
      return
    }
    #expect(moment.seed == 7)
    #expect(moment.elapsed == .zero)
  }

  @Test func `simulated time has a limit`() {
    let simulator = Simulator(seed: 1, limits: .init(time: .seconds(60)))
    let failure = #expect(throws: SimulationFailure.self) {
      try simulator.run { while true { try await simulator.time.sleep(for: .seconds(7)) } }
    }
    guard case .timeLimitExceeded(let moment) = failure else {
      Issue.record("not the time limit: \(String(describing: failure))")
      return
    }
    #expect(moment.elapsed == .seconds(56))
  }

  @Test func `steps have a limit, also for a loop over deadlines that have passed`() {
    let simulator = Simulator(seed: 1, limits: .init(steps: 1_000))
    let failure = #expect(throws: SimulationFailure.self) {
      try simulator.run { while true { try await simulator.time.sleep(until: .epoch, tolerance: nil) } }
    }
    guard case .stepLimitExceeded(let moment) = failure else {
      Issue.record("not the step limit: \(String(describing: failure))")
      return
    }
    #expect(moment.steps == 1_000)
  }

  @Test func `a job from another thread is reported as escaped`() {
    let failure = #expect(throws: SimulationFailure.self) {
      try Simulator(seed: 1).run {
        let gate = Gate()
        async let waiting: Void = gate.wait()
        while gate.waiterCount == 0 { await Task.yield() }
        let opened = Gate()
        Thread.detachNewThread {
          gate.open()
          opened.open()
        }
        // Always busy, so that the run is not taken for stalled before the thread has been there.
        while !opened.isOpen { await Task.yield() }
        try await waiting
      }
    }
    guard case .escaped = failure else {
      Issue.record("not an escape: \(String(describing: failure))")
      return
    }
  }

  @Test func `a simulator runs once`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {}
    #expect(throws: SimulationFailure.self) { try simulator.run {} }
  }

  @Test func `when the body has ended, what it left behind ends too`() throws {
    for seed in 1...50 as ClosedRange<UInt64> {
      let simulator = Simulator(seed: seed)
      let ended = Gate()
      let started = try simulator.run {
        let ready = Gate()
        _ = Unstructured.start {
          ready.open()
          try? await simulator.time.sleep(until: .distantFuture, tolerance: nil)
          ended.open()
        }
        try await ready.wait()
        return true
      }
      #expect(started)
      #expect(ended.isOpen)
    }
  }
}
