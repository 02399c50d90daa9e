import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionTesting
import Testing

@Suite(.timeLimit(.minutes(5)))
struct BackgroundMemoryGeneratorTests {
  /// Waits for the end of so many runs.
  private func runs(_ count: Int, of scene: MemoryScene) async {
    var ended = 0
    await scene.events.first { event in
      if case .memoryRunEnded = event.kind { ended += 1 }
      return ended >= count
    }
  }

  @Test func `it runs at once, and then at its interval`() async throws {
    let scene = MemoryScene()
    let generator = BackgroundMemoryGenerator(environment: scene.environment)
    try await scene.open("one")
    try await scene.say("A", in: "one")
    #expect(!generator.isRunning)
    generator.start()
    await runs(1, of: scene)
    #expect(generator.isRunning)
    await scene.clock.sleepers(atLeast: 1)
    scene.clock.advance(by: .seconds(3_599))
    try await scene.say("B", in: "one")
    await scene.clock.sleepers(atLeast: 1)
    scene.clock.advance(by: .seconds(3_600))
    await runs(2, of: scene)
    #expect(try await scene.text(.personal("one"), .longTerm)?.contains("B") == true)
    await generator.stop()
    #expect(!generator.isRunning)
  }

  @Test func `many new messages begin a run when they have paused, and few do not`() async throws {
    let scene = MemoryScene()
    let generator = BackgroundMemoryGenerator(environment: scene.environment)
    try await scene.open("one")
    generator.start()
    await runs(1, of: scene)
    for number in 1...19 { try await scene.say("\(number)", in: "one") }
    await scene.clock.sleepers(atLeast: 1)
    scene.clock.advance(by: .seconds(31))
    await scene.clock.sleepers(atLeast: 1)
    #expect(try await scene.text(.personal("one"), .longTerm) == nil)
    try await scene.say("20", in: "one")
    while scene.events.events.count(where: { $0.kind == .memoryRunStarted }) < 2 {
      scene.clock.advance(by: .milliseconds(50))
      for _ in 1...20 { await Task.yield() }
    }
    await runs(2, of: scene)
    #expect(
      try await scene.text(.personal("one"), .longTerm) == (1...20).map { "- \($0)" }.joined(separator: "\n"))
    #expect(scene.clock.now < FakeClock().now.advanced(by: .seconds(600)))
    await generator.stop()
  }

  @Test func `stop returns at once while it waits`() async throws {
    let scene = MemoryScene()
    let generator = BackgroundMemoryGenerator(environment: scene.environment)
    generator.start()
    await runs(1, of: scene)
    await scene.clock.sleepers(atLeast: 1)
    await generator.stop()
    #expect(scene.clock.now == FakeClock().now)
    await generator.stop()
  }

  @Test func `stop lets a run finish within its grace`() async throws {
    let scene = MemoryScene(before: { _, clock in [.pause(.seconds(5), on: clock)] })
    let generator = BackgroundMemoryGenerator(environment: scene.environment)
    try await scene.open("one")
    try await scene.say("A", in: "one")
    generator.start()
    await scene.clock.sleepers(atLeast: 1)
    async let stopped: Void = generator.stop()
    // Four calls of five seconds each, of a grace of thirty.
    let begin = scene.clock.now
    while scene.events.events.last?.kind != .serviceStopped("memory") {
      scene.clock.advance(by: .milliseconds(100))
      for _ in 1...20 { await Task.yield() }
    }
    await stopped
    #expect(generator.lastRun?.end == .complete)
    #expect(scene.clock.now < begin.advanced(by: .seconds(30)))
    #expect(try await scene.text(.personal("one"), .longTerm) == "- A")
  }

  @Test func `behind its grace the call is given up, and nothing half-written remains`() async throws {
    let scene = MemoryScene(before: { material, _ in material.work == .longTerm ? [.hang] : [] })
    let generator = BackgroundMemoryGenerator(environment: scene.environment)
    try await scene.open("one")
    try await scene.say("A", in: "one")
    let begin = scene.clock.now
    generator.start()
    while scene.materials.count < 2 { await Task.yield() }
    async let stopped: Void = generator.stop()
    while scene.clock.sleeperCount < 1 { await Task.yield() }
    while scene.events.events.last?.kind != .serviceStopped("memory") {
      scene.clock.advance(by: .seconds(1))
      for _ in 1...20 { await Task.yield() }
    }
    await stopped
    #expect(scene.clock.now <= begin.advanced(by: .seconds(200)))
    #expect(generator.lastRun?.end == .stopped)
    #expect(try await scene.text(.personal("one"), .shortTerm) == "- A")
    #expect(try await scene.text(.personal("one"), .longTerm) == nil)
    #expect(try await scene.store.memoryProgress(of: "one")[.channelLongTerm] == .zero)
    #expect(try await scene.store.memoryProgress(of: "one")[.channel] == LogRevision(rawValue: 1))
  }

  @Test func `an asked-for run waits its turn, and works without the service too`() async throws {
    let scene = MemoryScene()
    let generator = BackgroundMemoryGenerator(environment: scene.environment)
    try await scene.open("one")
    try await scene.say("A", in: "one")
    #expect(await generator.generate().messages == 1)
    generator.start()
    try await scene.say("B", in: "one")
    _ = await generator.generate()
    #expect(try await scene.text(.personal("one"), .longTerm) == "- A\n- B")
    await generator.stop()
    try await scene.say("C", in: "one")
    #expect(await generator.generate().messages == 1)
  }

  @Test func `a store that fails ends no service`() async throws {
    let scene = MemoryScene(over: { FaultyStore($0, plan: StoreFaultPlan { _ in .busy }, time: FakeClock()) })
    let generator = BackgroundMemoryGenerator(environment: scene.environment)
    generator.start()
    await runs(1, of: scene)
    #expect(generator.isRunning)
    await generator.stop()
    #expect(generator.lastRun?.end == .failedPartly)
  }
}
