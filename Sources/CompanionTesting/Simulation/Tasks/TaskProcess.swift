import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// A process that lives, dies, and is started again, with its own clock and its own way to the store.
final class TaskProcess: SimulatedProcess {
  /// What one life consists of.
  struct Incarnation: SimulatedIncarnation {
    let life: ProcessLife
    let store: FaultyStore
    let engine: TaskEngine

    var process: ProcessLife { life }
  }

  let index: Int
  let plan: TaskScenario.Process
  let clock: SkewedClock
  private let world: TaskWorld
  private let workerName: UInt128
  private let lives: ProcessLives<Incarnation>
  private let stopAsked = Mutex<Timestamp?>(nil)

  init(index: Int, world: TaskWorld) {
    self.index = index
    self.world = world
    plan = world.scenario.processes[index]
    clock = SkewedClock(world.time, offset: plan.offset)
    lives = ProcessLives(time: world.time, witness: world.witness)
    workerName = world.identifiers.nextBits()
  }

  /// What it is now, though it may have died a moment ago; `nil` while it is down.
  var current: Incarnation? { lives.current }

  /// Lives until it is told that all is over.
  func live() async {
    await lives.live(restartDelay: plan.restartDelay, staysDown: plan.staysDown) { number in
      start(number)
    } serve: { incarnation in
      await incarnation.engine.run()
      if !incarnation.life.hasDied { self.checkStop(of: incarnation.life) }
    }
  }

  // MARK: Fate

  func kill(_ why: String) {
    guard lives.kill(why) != nil else { return }
    // What is held up never goes on.
    clock.release()
  }

  /// Holds everything up that it does.
  func holdUp(for duration: Duration) async {
    guard let incarnation = current else { return }
    world.witness.tell("\(incarnation.life): is held up for \(duration)")
    incarnation.life.disturb()
    clock.hold()
    incarnation.store.hold()
    try? await world.time.sleep(until: world.time.now.advanced(by: duration), tolerance: nil)
    incarnation.store.release()
    clock.release()
    world.witness.tell("\(incarnation.life): goes on")
  }

  func jump(by duration: Duration) {
    world.witness.tell("process \(index): its clock jumps by \(duration)")
    clock.jump(by: duration)
  }

  func stallHeartbeats(for duration: Duration) {
    guard let life = current?.life else { return }
    world.witness.tell("\(life): its heartbeats stall for \(duration)")
    life.disturb()
    life.stallHeartbeats(until: world.time.now.advanced(by: duration))
  }

  /// Asks for a graceful end; it starts again afterwards, unless all is over.
  func stop() {
    guard let incarnation = lives.living else { return }
    world.witness.tell("\(incarnation.life): is to stop")
    stopAsked.withLock { $0 = $0 ?? world.time.now }
    incarnation.engine.stop()
  }

  func calmDown() {
    lives.calmDown()
    current?.store.release()
    clock.release()
  }

  func finish() {
    lives.finish()
    stop()
  }

  private func checkStop(of life: ProcessLife) {
    let asked = stopAsked.withLock { $0.take() }
    guard let asked, let calm = world.witness.calmSince, asked >= calm else { return }
    // A handler that listens to nobody keeps its process; nothing else does.
    let deaf = life.hasDeafHandler ? Duration.seconds(60) : .zero
    // A call that hung before all was calm is given up after its time.
    let timeout = life.settings.configuration.storeTimeout
    let lost = asked < calm.advanced(by: timeout) ? timeout : .zero
    let bound = life.settings.configuration.shutdownGrace + .seconds(3) + deaf + lost
    let took = asked.duration(to: world.time.now)
    guard took > bound else { return }
    world.witness.report(.shutdownEnds, "\(life) took \(took) to stop, not \(bound)")
  }

  // MARK: Beginning

  private func start(_ number: Int) -> Incarnation {
    let settings = plan.settings[number % plan.settings.count]
    let life = ProcessLife(
      process: index, number: number, settings: settings, clock: clock, startedAt: world.time.now)
    let store = lives.store(world.store, faults(of: life), for: life) { [weak self] in
      self?.kill("at a call")
    }
    stopAsked.withLock { $0 = nil }
    let engine = world.engine(
      for: life, on: store, worker: plan.reusesWorkerID ? workerName : nil
    ) { [weak self] in self?.kill("poisoned") }
    let incarnation = Incarnation(life: life, store: store, engine: engine)
    lives.begin(incarnation)
    world.witness.tell("\(life): starts as \(engine.worker)")
    return incarnation
  }

  private func faults(of life: ProcessLife) -> StoreFaultPlan {
    let chance = StoreFaultPlan.random(plan.odds, from: world.random)
    let time = world.time
    return StoreFaultPlan(
      fault: { call in
        if call.kind == .heartbeat, let delay = life.heartbeatDelay(at: time.now) { return .slow(delay) }
        return chance.fault(call)
      },
      newsFault: chance.newsFault)
  }
}
