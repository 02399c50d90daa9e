import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// Does the steps of a scenario that people, hosts and fate do.
struct ProviderClient: Sendable {
  let world: ProviderWorld
  let processes: [CompanionProcess]

  private var witness: ProviderWitness { world.witness }
  private var time: any TimeSource { world.time }

  func perform(_ timed: ProviderScenario.TimedStep) async {
    await sleep(until: witness.start.advanced(by: timed.time))
    let process = processes[timed.process]
    switch timed.step {
    case .kill: process.kill("killed")
    case .restart: process.stop()
    case .ask(let job): await ask(for: job, at: timed.process)
    case .cancel(let job): await cancel(job, at: timed.process)
    case .chat(let turn, let stop): await chat(turn, at: process, stopAfter: stop)
    case .switchProvider(let from, let to, let includingRunning):
      guard let engine = process.current?.engine else { return }
      _ = try? await SwitchProvider(engine: engine)(
        from: ProviderScenario.ids[from], to: ProviderScenario.ids[to], reason: "somebody wants it",
        includingRunning: includingRunning)
    case .update(let configuration):
      guard let incarnation = process.current, incarnation.life.beginUpdate() else { return }
      defer { incarnation.life.endUpdate() }
      let update = UpdateProviderConfig(
        engine: incarnation.engine,
        factory: RemoteFactory(asked: configuration, life: incarnation.life, world: world))
      // Nobody in a dead process waits for its answer.
      await incarnation.life.process.whileItLives { _ = try? await update(world.kept(configuration)) }
    }
  }

  // MARK: Tasks

  private func ask(for job: Int, at process: Int) async {
    for attempt in 0..<Self.attempts {
      guard let incarnation = running(process + attempt) else {
        await pause()
        continue
      }
      do {
        let request = try Self.request(for: world.scenario.jobs[job], number: job, at: time.now)
        let id = try await CreateGenerationTask(engine: incarnation.engine)(request)
        witness.tasks.acknowledge(id, of: job, asking: request)
        return
      } catch {
        witness.tell("client: job \(job): \(error)")
      }
      await pause()
    }
  }

  private static func request(
    for job: ProviderScenario.Job, number: Int, at now: Timestamp
  ) throws -> TaskRequest {
    let question = GenerationRequest(
      purpose: .task, messages: [PromptMessage(.user, "A long question.")], maximumOutputTokens: 200,
      reasoningEffort: .low)
    return TaskRequest(
      kind: job.kind, payload: try TaskPayload(question), requester: .named("client"),
      idempotencyKey: "key-\(number)", deadline: job.deadline.map { now.advanced(by: $0) })
  }

  private func cancel(_ job: Int, at process: Int) async {
    for attempt in 0..<Self.attempts {
      guard let engine = running(process + attempt)?.engine, let id = witness.tasks.task(of: job) else {
        await pause()
        continue
      }
      do {
        switch try await CancelTask(engine: engine)(id, reason: "no longer wanted") {
        case .cancelled, .requested: witness.tasks.acknowledgeCancel(of: id)
        default: break
        }
        return
      } catch {
        witness.tell("client: cancel of job \(job): \(error)")
      }
      await pause()
    }
  }

  // MARK: Messages

  /// Sends a message, and takes its reply to the end.
  ///
  /// - Returns: whether the reply was whole.
  @discardableResult
  private func chat(_ turn: Int, at process: CompanionProcess, stopAfter stop: Duration? = nil) async -> Bool
  {
    guard let incarnation = process.current, let loop = incarnation.life.chat.loop,
      let text = try? UserText("A short question, #\(turn)")
    else { return false }
    let begin = time.now
    var isWhole = false
    await incarnation.life.process.whileItLives {
      guard let reply = try? await loop.send(IncomingMessage(text)) else { return }
      await withDiscardingTaskGroup { group in
        if let stop {
          group.addTask {
            await sleep(until: time.now.advanced(by: stop))
            reply.interrupt()
          }
        }
        _ = try? await reply.text()
        group.cancelAll()
      }
    } onEnd: {
      isWhole = true
    }
    guard isWhole else { return false }
    let configuration = incarnation.environment.configuration
    let bound = configuration.answerDeadline + configuration.tasks.storeTimeout + .seconds(30)
    let took = begin.duration(to: time.now)
    if took > bound { witness.report(.everyTurnEnds, "turn \(turn) took \(took), not \(bound)") }
    return true
  }

  // MARK: When all is calm

  /// Brings calls to every provider that is left alone, until none is.
  ///
  /// Where calls are made twice to save time nobody waits for the slower provider, so that nobody learns whether it
  /// is well.
  func closeBreakers() async {
    for process in processes where process.plan.configuration.routing.hedgeAfter == nil {
      await closeBreakers(of: process)
    }
  }

  private func closeBreakers(of process: CompanionProcess) async {
    var turn = 1_000 * (process.index + 1)
    for remote in world.scenario.remotes {
      let id = remote.configuration.id
      for attempt in 0... {
        guard let incarnation = process.current, let status = Self.status(of: id, incarnation),
          status.breaker != .closed, !isSpent(status)
        else { break }
        guard attempt < Self.attempts else {
          witness.report(
            .breakersClose, "\(incarnation.life.process): \(id) is well, and its breaker is \(status.breaker)"
          )
          break
        }
        let refill = Self.refill(of: status)
        if refill > .zero { witness.tell("client: the rates of \(id) are waited for, for \(refill)") }
        let full = time.now.advanced(by: refill)
        if let until = status.restsUntil {
          await sleep(until: until.advanced(by: .zero - process.plan.offset))
        }
        await sleep(until: full)
        await prefer(id, in: incarnation)
        turn += 1
        await chat(turn, at: process)
        await sleep(until: time.now.advanced(by: .seconds(2)))
      }
    }
  }

  /// How long it takes until a provider's rates keep no call waiting, however many tokens it has: as long as they do,
  /// others are called in its place.
  private static func refill(of status: ProviderStatus) -> Duration {
    let limits = status.configuration.limits
    func wait(for amount: Double, of left: Double?, perMinute rate: Int?) -> Duration {
      guard let left, let rate, left < amount else { return .zero }
      return .seconds((amount - left) * 60 / Double(rate))
    }
    return max(
      wait(for: 1, of: status.requestsLeft, perMinute: limits.requestsPerMinute),
      wait(
        for: limits.tokensPerMinute.map(Double.init) ?? 0, of: status.tokensLeft,
        perMinute: limits.tokensPerMinute))
  }

  /// Whether a budget is what keeps a provider from being called: nothing is left of it that is not held back.
  private func isSpent(_ status: ProviderStatus) -> Bool {
    guard let budget = status.configuration.limits.budget else { return false }
    return (status.spent ?? 0) + (status.held ?? 0) >= budget.limit
  }

  private static func status(
    of id: ProviderID, _ incarnation: CompanionProcess.Incarnation
  ) -> ProviderStatus? {
    incarnation.environment.router.status().first { $0.configuration.id == id }
  }

  /// Makes a provider the first that is asked.
  private func prefer(_ id: ProviderID, in incarnation: CompanionProcess.Incarnation) async {
    for status in incarnation.environment.router.status() where status.configuration.id != id {
      do {
        _ = try await SwitchProvider(engine: incarnation.engine)(
          from: status.configuration.id, to: id, reason: "is it well?")
      } catch {
        witness.tell("client: switch from \(status.configuration.id) to \(id): \(error)")
      }
    }
  }

  /// Whether no call is under way.
  var isIdle: Bool {
    processes.allSatisfy { process in
      process.current?.environment.router.status().allSatisfy { $0.callsUnderWay == 0 } ?? true
    }
  }

  /// Looks for what is held although nothing is under way any more.
  func checkLeaks() {
    guard witness.tasks.live.isEmpty else { return }
    for process in processes {
      guard let incarnation = process.current else { continue }
      for status in incarnation.environment.router.status() {
        let name = "\(incarnation.life.process): \(status.configuration.id)"
        if status.callsUnderWay != 0 {
          witness.report(.nothingLeaks, "\(name) has \(status.callsUnderWay) calls under way")
        }
        // Of two processes, one may end a job that the other has looked after before. That one learns nothing of it,
        // and goes on for a while to hold back what the job may cost.
        if processes.count == 1, let held = status.held, held > 1e-9, !keepsJob(status.configuration.id) {
          witness.report(.nothingLeaks, "\(name) has \(held) held back, and nothing to hold it for")
        }
      }
    }
  }

  /// Whether a provider has the job of a dead letter: it may go on, and cost, until somebody takes the letter back.
  private func keepsJob(_ id: ProviderID) -> Bool {
    let letters = witness.tasks.state.withLock { state in
      Set(
        state.tasks.compactMap { known -> TaskID? in
          if case .deadLettered = known.task.state { known.task.id } else { nil }
        })
    }
    return world.remote.jobs.contains { job in
      ProviderScenario.ids[job.provider] == id && job.task.map(letters.contains) ?? false
    }
  }

  // MARK: Parts

  /// One of the processes that are up, the given one if it is.
  private func running(_ process: Int) -> CompanionProcess.Incarnation? {
    let count = processes.count
    return (0..<count).lazy.compactMap { processes[(process + $0) % count].current }.first
  }

  private func sleep(until time: Timestamp) async { try? await self.time.sleep(until: time, tolerance: nil) }

  private func pause() async { await sleep(until: time.now.advanced(by: .seconds(3))) }

  /// Clients are patient, but not for ever.
  private static let attempts = 20
}
