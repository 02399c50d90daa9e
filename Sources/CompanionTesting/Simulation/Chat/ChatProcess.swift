import CompanionApplication
import CompanionDomain
import CompanionKit
import CompanionPorts

/// A process that lives, dies, and is started again, with a companion in it.
final class ChatProcess: SimulatedProcess {
  /// What one life consists of.
  struct Incarnation: SimulatedIncarnation {
    let process: ProcessLife
    let store: FaultyStore
    let companion: Companion
  }

  let index: Int
  let plan: ProcessPlan
  private let clock: SkewedClock
  private let world: ChatWorld
  private let lives: ProcessLives<Incarnation>

  init(index: Int, world: ChatWorld) {
    self.index = index
    self.world = world
    plan = world.scenario.processes[index]
    clock = SkewedClock(world.time, offset: plan.offset)
    lives = ProcessLives(time: world.time, witness: world.witness)
  }

  /// What it is now; `nil` while it is down.
  var current: Incarnation? { lives.living }

  /// Lives until it is told that all is over.
  func live() async {
    await lives.live(restartDelay: plan.restartDelay) { number in
      start(number)
    } serve: { incarnation in
      await withDiscardingTaskGroup { group in
        group.addTask { await self.resume(incarnation) }
        await incarnation.companion.run()
        group.cancelAll()
      }
    }
  }

  /// Answers what a crash has left without an answer, as a host does when it starts.
  private func resume(_ incarnation: Incarnation) async {
    guard incarnation.process.number > 0, world.flaw != .forgetResume else { return }
    let client = ChatClient(world: world, processes: [self])
    await withDiscardingTaskGroup { group in
      for talk in 0..<world.scenario.talks where world.scenario.home(of: talk) == index {
        group.addTask { _ = await client.resume(ChatScenario.session(talk), in: incarnation) }
      }
    }
  }

  // MARK: Fate

  func kill(_ why: String) {
    if let life = lives.kill(why)?.process { world.witness.noteDeath(of: life) }
  }

  /// Asks for a graceful end, and waits for it; it starts again afterwards, unless all is over.
  func stop() async {
    let tasks = plan.configuration.tasks
    await lives.stop(within: tasks.shutdownGrace + tasks.storeTimeout * 3 + .seconds(20)) {
      await $0.companion.stop()
    }
  }

  func calmDown() { lives.calmDown() }

  func finish() async {
    lives.finish()
    await stop()
  }

  // MARK: Beginning

  private func start(_ number: Int) -> Incarnation {
    let life = ProcessLife(
      process: index, number: number, settings: ProcessSettings(configuration: plan.configuration.tasks),
      clock: clock, startedAt: world.time.now)
    let store = lives.store(
      world.store, .random(plan.odds, from: world.random), for: life, yields: true
    ) { [weak self] in self?.kill("at a call") }
    let incarnation = Incarnation(
      process: life, store: store, companion: world.companion(for: life, on: store, plan))
    lives.begin(incarnation)
    world.witness.tell("\(life): starts")
    return incarnation
  }
}
