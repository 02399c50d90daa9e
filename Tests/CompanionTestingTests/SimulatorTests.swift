import CompanionDomain
import CompanionPorts
import CompanionTesting
import Testing

struct SimulatorTests {
  @Test func `the same seed gives the same trace`() throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let first = try trace(seed: seed)
      let second = try trace(seed: seed)
      #expect(first.hash == second.hash)
      #expect(first.lines == second.lines)
    }
  }

  @Test func `different seeds give different orders`() throws {
    let traces = try (1...50 as ClosedRange<UInt64>).map { try trace(seed: $0) }
    #expect(Set(traces.map(\.hash)).count == 50)
    #expect(Set(traces.map(\.lines)).count > 25)
  }

  @Test func `everything that is structured stays inside`() throws {
    for seed in 1...100 as ClosedRange<UInt64> {
      let simulator = Simulator(seed: seed)
      let sum = try simulator.run { try await everyKindOfConcurrency(on: simulator.time) }
      #expect(sum == 1_111)
    }
  }

  @Test func `time jumps to the next deadline and takes none itself`() throws {
    let simulator = Simulator(seed: 1, start: .epoch)
    let woken = try simulator.run {
      try await simulator.time.sleep(for: .seconds(3_600))
      async let inner: Void = simulator.time.sleep(for: .seconds(30))
      async let outer: Void = simulator.time.sleep(for: .seconds(60))
      _ = try await (inner, outer)
      return simulator.time.now
    }
    #expect(woken == Timestamp.epoch.advanced(by: .seconds(3_660)))
    #expect(simulator.elapsed == .seconds(3_660))
  }

  @Test func `random numbers and identifiers follow from the seed`() throws {
    let drawn = [5, 5, 6].map { (seed: UInt64) in
      let simulator = Simulator(seed: seed)
      return "\(simulator.random.nextBits()) \(simulator.identifiers.next(TaskID.self))"
    }
    #expect(drawn[0] == drawn[1])
    #expect(drawn[0] != drawn[2])
  }

  @Test func `a noted line counts in the hash and is told with its time`() throws {
    let told = Notes<String>()
    func hash(noting line: String) throws -> UInt64 {
      let simulator = Simulator(seed: 1, start: .epoch) { time, line in told.note("\(time) \(line)") }
      try simulator.run {
        try await simulator.time.sleep(for: .seconds(1))
        simulator.trace(line)
      }
      return simulator.traceHash
    }
    #expect(try hash(noting: "a") != hash(noting: "b"))
    #expect(told.values == ["1970-01-01T00:00:01.000Z a", "1970-01-01T00:00:01.000Z b"])
  }

  /// Three workers that take turns on an actor, with pauses.
  private func trace(seed: UInt64) throws -> (hash: UInt64, lines: [String]) {
    let simulator = Simulator(seed: seed)
    let lines = try simulator.run {
      let log = EventLog()
      try await withThrowingTaskGroup { group in
        for worker in 1...3 {
          group.addTask {
            for round in 1...5 {
              await log.append("worker \(worker), round \(round)")
              if simulator.random.nextBits().isMultiple(of: 2) {
                try await simulator.time.sleep(for: .milliseconds(worker))
              }
            }
          }
        }
        try await group.waitForAll()
      }
      return await log.lines
    }
    return (simulator.traceHash, lines)
  }
}

/// Adds up what a task group, an `async let`, a stream and a continuation deliver: 1,111.
private func everyKindOfConcurrency(on time: any TimeSource) async throws -> Int {
  actor Sum {
    private(set) var total = 0
    func add(_ number: Int) { total += number }
  }
  let sum = Sum()
  let (numbers, continuation) = AsyncStream.makeStream(of: Int.self, bufferingPolicy: .bufferingOldest(10))
  try await withThrowingTaskGroup { group in
    group.addTask {
      for await number in numbers { await sum.add(number) }
    }
    group.addTask {
      for _ in 0..<10 {
        try await time.sleep(for: .seconds(1))
        continuation.yield(100)
      }
      continuation.finish()
    }
    for _ in 0..<100 { group.addTask { await sum.add(1) } }
    try await group.waitForAll()
  }
  async let ten = withCheckedContinuation { continuation in continuation.resume(returning: 10) }
  async let one = Task.yield()
  await one
  await sum.add(await ten + 1)
  return await sum.total
}
