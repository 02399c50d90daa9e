import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// One life of a simulated process that forms memory.
final class MemoryLife: Sendable {
  private struct State {
    var loop: ChatLoop?
    var isStopping = false
    var hasStopped = false
  }

  /// Its place among all lives.
  let index: Int
  let process: ProcessLife
  private let state = Mutex(State())

  init(index: Int, process: ProcessLife) {
    self.index = index
    self.process = process
  }

  var hasDied: Bool { process.hasDied }

  /// Whether it has said that its generator has stopped.
  var hasStopped: Bool { state.withLock { $0.hasStopped } }

  /// The loop of the conversation with the companion; `nil` between two.
  var loop: ChatLoop? { state.withLock { $0.loop } }

  func begin(_ loop: ChatLoop) -> Bool {
    state.withLock { state in
      guard !state.isStopping else { return false }
      state.loop = loop
      return true
    }
  }

  func stopChat() {
    let loop = state.withLock { state in
      state.isStopping = true
      return state.loop
    }
    loop?.finish()
  }

  func noteStop() { state.withLock { $0.hasStopped = true } }
}

/// A process that lives, dies, and is started again, with a generator of memory; the first one has a conversation,
/// too.
final class MemoryProcess: Sendable {
  /// What one life consists of.
  struct Incarnation: Sendable {
    let life: MemoryLife
    let store: FaultyStore
    let environment: Environment
    let generator: BackgroundMemoryGenerator
    let engine: TaskEngine
  }

  private struct State {
    var current: Incarnation?
    var isOver = false
    var isCalm = false
  }

  let index: Int
  let plan: MemoryScenario.Process
  private let clock: SkewedClock
  private let world: MemoryWorld
  private let state = Mutex(State())

  init(index: Int, world: MemoryWorld) {
    self.index = index
    self.world = world
    plan = world.scenario.processes[index]
    clock = SkewedClock(world.time, offset: plan.offset)
  }

  /// What it is now; `nil` while it is down.
  var current: Incarnation? {
    state.withLock { state in state.current.flatMap { $0.life.hasDied ? nil : $0 } }
  }

  /// The time that its clock shows.
  var now: Timestamp { clock.now }

  /// Lives until it is told that all is over.
  func live() async {
    await withDiscardingTaskGroup { group in
      var number = 0
      while !state.withLock({ $0.isOver }), !Task.isCancelled {
        let incarnation = start(number)
        group.addTask { await self.run(incarnation) }
        try? await incarnation.life.process.end.wait()
        state.withLock { $0.current = nil }
        let isCalm = state.withLock { $0.isCalm || $0.isOver }
        let delay = isCalm ? min(plan.restartDelay, .seconds(2)) : plan.restartDelay
        try? await world.time.sleep(until: world.time.now.advanced(by: delay), tolerance: nil)
        number += 1
      }
    }
  }

  private func run(_ incarnation: Incarnation) async {
    let life = incarnation.life
    await withTaskGroup { group in
      group.addTask { await self.serve(incarnation) }
      group.addTask { try? await life.process.death.wait() }
      await group.next()
      group.cancelAll()
    }
  }

  private func serve(_ incarnation: Incarnation) async {
    await withDiscardingTaskGroup { group in
      if index == 0 { group.addTask { await self.chat(incarnation) } }
      await incarnation.generator.run()
      incarnation.life.stopChat()
      group.cancelAll()
    }
    if !incarnation.life.hasDied { world.witness.tell("\(incarnation.life.process): has stopped") }
    incarnation.life.process.end.open()
  }

  /// Runs the conversation, and begins it anew when the store has failed it.
  private func chat(_ incarnation: Incarnation) async {
    let session = world.scenario.talks[MemoryScenario.chat].session.id
    while !Task.isCancelled, !incarnation.life.hasDied {
      let loop = ChatLoop(session: session, environment: incarnation.environment, onTaskCreated: {})
      guard incarnation.life.begin(loop) else { return }
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

  func kill(_ why: String) {
    guard let incarnation = current else { return }
    world.witness.tell("\(incarnation.life.process): dies, \(why)")
    incarnation.store.crash()
    incarnation.life.process.die()
  }

  /// Asks for a graceful end, and waits for it; it starts again afterwards, unless all is over.
  func stop() async {
    guard let incarnation = current else { return }
    let life = incarnation.life
    world.witness.tell("\(life.process): is to stop")
    let begin = world.time.now
    let bound = plan.configuration.memory.stopGrace + plan.configuration.tasks.storeTimeout * 2 + .seconds(20)
    await life.process.whileItLives {
      await incarnation.generator.stop()
    } onEnd: {
      life.noteStop()
      let took = begin.duration(to: world.time.now)
      if took > bound {
        world.witness.report(.shutdownEnds, "\(life.process) took \(took) to stop, not \(bound)")
      }
    }
  }

  /// From now on nothing goes wrong any more.
  func calmDown() {
    state.withLock { $0.isCalm = true }
    current?.store.endFaults()
  }

  func finish() async {
    state.withLock { $0.isOver = true }
    await stop()
  }

  // MARK: Beginning

  private func start(_ number: Int) -> Incarnation {
    let settings = ProcessSettings(
      configuration: plan.configuration.tasks, concurrency: [:], narrowAttemptLimit: .zero,
      knowsRareKind: false)
    let life = MemoryLife(
      index: world.witness.beginLife(),
      process: ProcessLife(
        process: index, number: number, settings: settings, clock: clock, startedAt: world.time.now))
    let store = FaultyStore(
      world.store, plan: .random(plan.odds, from: world.random), time: world.time, yields: true
    ) { [weak self] call, fault in
      self?.note(call, fault, in: life)
    }
    if state.withLock({ $0.isCalm }) { store.endFaults() }
    let environment = world.environment(for: life, on: store, plan.configuration)
    let incarnation = Incarnation(
      life: life, store: store, environment: environment,
      generator: BackgroundMemoryGenerator(environment: environment),
      engine: TaskEngine(environment: environment, registrations: []))
    state.withLock { $0.current = incarnation }
    world.witness.tell("\(life.process): starts as life \(life.index)")
    return incarnation
  }

  private func note(_ call: StoreCall, _ fault: StoreFault, in life: MemoryLife) {
    world.witness.tell("\(life.process): \(fault) at call \(call.number), a \(call.kind)")
    guard fault == .crashBefore || fault == .crashAfter, current?.life === life else { return }
    kill("at a call")
  }
}
