import CompanionApplication
import CompanionDomain
import CompanionPorts

/// One life of a simulated process that forms memory.
final class MemoryLife: Sendable {
  /// Its place among all lives.
  let index: Int
  let process: ProcessLife
  let chat = SimulatedChat()

  init(index: Int, process: ProcessLife) {
    self.index = index
    self.process = process
  }

  var hasDied: Bool { process.hasDied }
}

/// A process that lives, dies, and is started again, with a generator of memory; the first one has a conversation,
/// too.
final class MemoryProcess: SimulatedProcess {
  /// What one life consists of.
  struct Incarnation: SimulatedIncarnation {
    let life: MemoryLife
    let store: FaultyStore
    let environment: Environment
    let generator: BackgroundMemoryGenerator
    let engine: TaskEngine

    var process: ProcessLife { life.process }
  }

  let index: Int
  let plan: ProcessPlan
  private let clock: SkewedClock
  private let world: MemoryWorld
  private let lives: ProcessLives<Incarnation>

  init(index: Int, world: MemoryWorld) {
    self.index = index
    self.world = world
    plan = world.scenario.processes[index]
    clock = SkewedClock(world.time, offset: plan.offset)
    lives = ProcessLives(time: world.time, witness: world.witness)
  }

  /// What it is now; `nil` while it is down.
  var current: Incarnation? { lives.living }

  /// The time that its clock shows.
  var now: Timestamp { clock.now }

  /// Lives until it is told that all is over.
  func live() async {
    await lives.live(restartDelay: plan.restartDelay) { number in
      start(number)
    } serve: { incarnation in
      await self.serve(incarnation)
    }
  }

  private func serve(_ incarnation: Incarnation) async {
    await withDiscardingTaskGroup { group in
      if index == 0 { group.addTask { await self.chat(incarnation) } }
      await incarnation.generator.run()
      incarnation.life.chat.stop()
      group.cancelAll()
    }
  }

  /// Runs the conversation, and begins it anew when the store has failed it.
  private func chat(_ incarnation: Incarnation) async {
    let session = world.scenario.talks[MemoryScenario.chat].session.id
    while !Task.isCancelled, !incarnation.life.hasDied {
      let loop = ChatLoop(session: session, environment: incarnation.environment, onTaskCreated: {})
      guard incarnation.life.chat.begin(loop) else { return }
      do throws(ChatFailure) {
        try await loop.run()
      } catch .unknownSession {
        // Forgotten: nobody talks there any more.
        return
      } catch {}
      try? await world.time.sleep(until: world.time.now.advanced(by: .seconds(1)), tolerance: nil)
    }
  }

  // MARK: Fate

  func kill(_ why: String) { lives.kill(why) }

  /// Asks for a graceful end, and waits for it; it starts again afterwards, unless all is over.
  func stop() async {
    let bound = plan.configuration.memory.stopGrace + plan.configuration.tasks.storeTimeout * 2 + .seconds(20)
    await lives.stop(within: bound) { await $0.generator.stop() }
  }

  func calmDown() { lives.calmDown() }

  func finish() async {
    lives.finish()
    await stop()
  }

  // MARK: Beginning

  private func start(_ number: Int) -> Incarnation {
    let settings = ProcessSettings(configuration: plan.configuration.tasks)
    let life = MemoryLife(
      index: world.witness.beginLife(),
      process: ProcessLife(
        process: index, number: number, settings: settings, clock: clock, startedAt: world.time.now))
    let store = lives.store(
      world.store, .random(plan.odds, from: world.random), for: life.process, yields: true
    ) { [weak self] in self?.kill("at a call") }
    let environment = world.environment(for: life, on: store, plan.configuration)
    let incarnation = Incarnation(
      life: life, store: store, environment: environment,
      generator: BackgroundMemoryGenerator(environment: environment),
      engine: TaskEngine(environment: environment, registrations: []))
    lives.begin(incarnation)
    world.witness.tell("\(life.process): starts as life \(life.index)")
    return incarnation
  }
}
