import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct SkewedClockTests {
  @Test func `it shows another time`() {
    let right = FakeClock()
    let clock = SkewedClock(right, offset: .seconds(90))
    #expect(right.now.duration(to: clock.now) == .seconds(90))
    clock.jump(by: .seconds(-100))
    #expect(right.now.duration(to: clock.now) == .seconds(-10))
    #expect(clock.offset == .seconds(-10))
  }

  @Test func `a sleep takes as long as it was to take, however the clock is set`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let clock = SkewedClock(simulator.time, offset: .seconds(1000))
      let start = simulator.time.now
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask { try await clock.sleep(until: clock.now.advanced(by: .seconds(60)), tolerance: nil) }
        try await simulator.time.sleep(for: .seconds(10))
        clock.jump(by: .seconds(-7200))
      }
      #expect(start.duration(to: simulator.time.now) == .seconds(60))
    }
  }

  @Test func `whoever sleeps in a process that is held up wakes when it goes on`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let clock = SkewedClock(simulator.time)
      let start = simulator.time.now
      try await withThrowingDiscardingTaskGroup { group in
        group.addTask { try await clock.sleep(for: .seconds(5)) }
        clock.hold()
        try await simulator.time.sleep(for: .seconds(30))
        clock.release()
      }
      #expect(start.duration(to: simulator.time.now) == .seconds(30))
    }
  }
}
