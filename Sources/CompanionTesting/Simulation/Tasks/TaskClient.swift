import CompanionApplication
import CompanionDomain
import CompanionPorts

/// Does the steps of a scenario that people, hosts and fate do.
struct TaskClient: Sendable {
  let world: TaskWorld
  let processes: [TaskProcess]

  private var witness: TaskWitness { world.witness }

  func perform(_ timed: TaskScenario.TimedStep) async {
    try? await world.time.sleep(until: witness.start.advanced(by: timed.time), tolerance: nil)
    let process = processes[timed.process]
    switch timed.step {
    case .kill: process.kill("killed")
    case .restart: process.stop()
    case .holdUp(let duration): await process.holdUp(for: duration)
    case .jump(let duration): process.jump(by: duration)
    case .stallHeartbeats(let duration): process.stallHeartbeats(for: duration)
    case .create(let jobs): await create(jobs, at: timed.process)
    case .createOther(let job): await createOther(underKeyOf: job, at: timed.process)
    default: await command(timed.step, at: timed.process)
    }
  }

  // MARK: Creating

  private func create(_ jobs: [Int], at process: Int) async {
    let now = world.time.now
    let requests = jobs.map { request(for: $0, at: now) }
    let isRepeatable = requests.allSatisfy { $0.idempotencyKey != nil }
    for attempt in 0..<Self.attempts {
      guard let engine = engine(process + attempt) else {
        await pause()
        continue
      }
      do throws(TaskCommandFailure) {
        let create = CreateGenerationTask(engine: engine)
        let ids = requests.count == 1 ? [try await create(requests[0])] : try await create(requests)
        for (index, id) in ids.enumerated() {
          witness.acknowledge(id, of: jobs[index], asking: requests[index])
        }
        return
      } catch {
        witness.tell("client: jobs \(jobs): \(error)")
        // Without a key it may be there, and asking again would make it twice.
        switch error {
        case .store where isRepeatable, .store(.busy), .unknownKind: break
        default: return
        }
      }
      await pause()
    }
  }

  /// Asks for another thing under a key that may be in use: it must not be given what was asked for before.
  private func createOther(underKeyOf job: Int, at process: Int) async {
    guard let engine = engine(process) else { return }
    var request = request(for: job, at: world.time.now)
    request.kind = .quick
    request.payload = world.scenario.filler
    request.metadata = ["other": "wish"]
    guard let id = try? await CreateGenerationTask(engine: engine)(request) else { return }
    witness.acknowledge(id, of: -1 - job, asking: request)
  }

  private func request(for index: Int, at now: Timestamp) -> TaskRequest {
    let job = world.scenario.jobs[index]
    let requester: TaskRequester =
      job.isFromConversation
      ? .conversation(world.session, TurnID(bits: UInt128(index)))
      : .named(RequesterID(bits: 7))
    return TaskRequest(
      kind: job.kind, payload: job.payload, requester: requester, priority: job.priority,
      idempotencyKey: job.key, notBefore: job.notBefore.map { now.advanced(by: $0) },
      deadline: job.deadline.map { now.advanced(by: $0) })
  }

  // MARK: Commands

  private func command(_ step: TaskScenario.Step, at process: Int) async {
    for attempt in 0..<Self.attempts {
      guard let incarnation = running(process + attempt) else {
        await pause()
        continue
      }
      do {
        try await command(step, incarnation)
        return
      } catch {
        witness.tell("client: \(step): \(error)")
        guard case TaskCommandFailure.store = error else { return }
      }
      await pause()
    }
  }

  private func command(
    _ step: TaskScenario.Step, _ incarnation: TaskProcess.Incarnation
  ) async throws {
    let engine = incarnation.engine
    switch step {
    case .cancel(let job):
      guard let id = witness.task(of: job) else { return }
      switch try await CancelTask(engine: engine)(id, reason: "no longer wanted") {
      case .cancelled, .requested: witness.acknowledgeCancel(of: id)
      default: break
      }
    case .retry(let job):
      guard let id = witness.task(of: job) else { return }
      _ = try await RetryTask(engine: engine)(id, reason: "try again")
    case .wake(let job):
      guard let id = witness.task(of: job) else { return }
      try await WakeTask(engine: engine)(id, input: "yes")
    case .pause(let kind): try await PauseTasks(engine: engine)(kind)
    case .resume(let kind): try await PauseTasks(engine: engine).resume(kind)
    case .sweep: _ = try? await CleanUpTimedOutTasks(engine: engine)()
    case .review: _ = try? await ProcessDeadLetters(engine: engine)()
    case .processOne:
      incarnation.life.noteOwnRun(1)
      _ = try? await ProcessTask(engine: engine)(worker: world.identifiers.next(), limit: .seconds(8))
      incarnation.life.noteOwnRun(-1)
    default: break
    }
  }

  /// Resumes whatever is paused, and wakes whatever waits, until all has ended.
  func bringEverythingOn() async {
    let pause = witness.pause
    for kind in TaskKind.simulated where pause.kinds.contains(kind) { await command(.resume(kind), at: 0) }
    if pause.all { await command(.resume(nil), at: 0) }
    while !witness.live.isEmpty, !Task.isCancelled {
      for id in witness.waiting {
        guard let engine = engine(0) else { continue }
        try? await WakeTask(engine: engine)(id, input: "yes")
      }
      await self.pause()
    }
  }

  /// One of the processes that are up, the given one if it is.
  private func running(_ process: Int) -> TaskProcess.Incarnation? {
    let count = processes.count
    let all = (0..<count).compactMap { processes[(process + $0) % count].current }
    return all.first { !$0.life.hasDied }
  }

  private func engine(_ process: Int) -> TaskEngine? { running(process)?.engine }

  private func pause() async {
    try? await world.time.sleep(until: world.time.now.advanced(by: .seconds(3)), tolerance: nil)
  }

  /// Clients are patient, but not for ever.
  private static let attempts = 20
}
