import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// Reasoning jobs when something comes between.
struct ReasoningJobFaultTests {
  // MARK: Looks that get no room

  @Test func `an answer is fetched although the look that found it took the last place of the rate`() throws {
    let providers = { @Sendable (simulator: Simulator) in
      let jobs = ScriptedJobs(time: simulator.time) { _ in .answering("yes", after: .seconds(40)) }
      return [
        Provider(
          "a", services: ProviderServices(background: jobs), limits: ProviderLimits(requestsPerMinute: 2))
      ]
    }
    try JobRoom.run(providers: providers) { room in
      let id = try await room.reasoning.start("?")
      let result = try await room.reasoning.wait(for: id, timeout: .seconds(600))
      #expect(result.response == "yes")
    }
  }

  @Test func `a second cancel stops the job when the answer to the first was lost`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let time = simulator.time
      let jobs = ScriptedJobs(time: time) { _ in .endless }
      let losesAnswers = Mutex(false)
      let store = FaultyStore(
        InMemoryStore(time: time),
        plan: StoreFaultPlan { call in
          call.kind == .commit && losesAnswers.withLock(\.self) ? .errorAfter : nil
        }, time: time)
      var configuration = CompanionConfiguration()
      configuration.intents = .rules
      configuration.memory.isAutomatic = false
      let companion = try Companion(
        providers: [Provider("a", services: ProviderServices(background: jobs))], store: store,
        configuration: configuration, time: time, identifiers: simulator.identifiers, random: simulator.random
      )
      companion.start()
      let id = try await companion.reasoning.start("?")
      try await time.sleep(for: .seconds(1))
      losesAnswers.withLock { $0 = true }
      await #expect(throws: TaskCommandFailure.self) { try await companion.cancelTask(id, reason: "enough") }
      losesAnswers.withLock { $0 = false }
      #expect(jobs.calls(.cancel).isEmpty)
      #expect(try await companion.cancelTask(id, reason: "enough") == .alreadyEnded(.cancelled))
      #expect(jobs.calls(.cancel).count == 1)
      await companion.stop()
    }
  }

  // MARK: Failures of the provider

  @Test(arguments: [
    ProviderFailure(.unreachable), ProviderFailure(.overloaded), ProviderFailure(.timedOut),
    ProviderFailure(.serverError), ProviderFailure(.rateLimited, retryAfter: .seconds(40)),
  ])
  func `a look that fails uses up no attempt, and hands nothing over again`(failure: ProviderFailure) throws {
    for seed in Seeds.few {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time) { call in
          (call.kind == .poll && call.number <= 12) || (call.kind == .fetch && call.number == 1)
            ? .refused(failure) : nil
        } script: { _ in
          .answering("yes", after: .seconds(30))
        }
      }
      try JobRoom.run(seed: seed, jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?")
        #expect(try await room.reasoning.wait(for: id).response == "yes")
        #expect(try await room.task(id).failedAttempts == 0)
        #expect(jobs.calls(.submit).count == 1 && jobs.calls(.cancel).isEmpty)
        #expect(jobs.calls(.poll).count > 12)
        if let asked = failure.retryAfter {
          let times = jobs.calls(.poll).map(\.time)
          #expect(times[0].duration(to: times[1]) >= asked)
        }
      }
    }
  }

  @Test func `a job that failed in passing is followed by another, under another key`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { number in
        number < 3 ? .failing(ProviderFailure(.serverError), after: .seconds(5)) : .answering("third")
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      #expect(try await room.reasoning.wait(for: id).response == "third")
      #expect(try await room.task(id).failedAttempts == 2)
      #expect(jobs.submissions.count == 3 && jobs.submissions.values.allSatisfy { $0 == 1 })
    }
  }

  @Test func `a job that fails in passing again and again becomes a dead letter`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { _ in .failing(ProviderFailure(.overloaded)) }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      let job = try await room.end(of: id)
      #expect(job.status == .failed && job.failure == .provider(ProviderFailure(.overloaded)))
      // Once, and eight times again.
      #expect(jobs.submissions.count == 9)
    }
  }

  @Test func `an empty answer of a job is not bought again until somebody retries it`() throws {
    for text in ["", " \n"] {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time) { number in .answering(number == 1 ? text : "yes") }
      }
      try JobRoom.run(jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?")
        #expect(try await room.end(of: id).status == .failed)
        try await room.pass(.seconds(3600))
        #expect(jobs.submissions.count == 1)
        try await room.companion.retryTask(id, reason: "again", delay: .zero)
        #expect(try await room.reasoning.wait(for: id).response == "yes")
      }
    }
  }

  @Test(arguments: [false, true])
  func `a hand-over whose answer got lost is made again under the same key, at the same provider`(
    heedsKeys: Bool
  ) throws {
    try JobRoom.run(rivals: { simulator in
      let a = ScriptedJobs(time: simulator.time, heedsKeys: heedsKeys) { call in
        call.kind == .submit && call.number == 1 ? .lost(ProviderFailure(.connectionLost)) : nil
      } script: {
        .answering("job \($0)", after: .seconds(5))
      }
      let b = ScriptedJobs(time: simulator.time) { _ in .answering("elsewhere") }
      return (a, b)
    }) { room, a, b in
      let id = try await room.reasoning.start("?")
      let response = try await room.reasoning.wait(for: id).response
      #expect(response == (heedsKeys ? "job 1" : "job 2"))
      #expect(a.submissions == ["\(id.rawValue)-1": 2] && b.calls.isEmpty)
      #expect(try await room.task(id).failedAttempts == 1)
    }
  }

  @Test func `who may have it and cannot be reached any more is not waited for`() throws {
    try JobRoom.run(rivals: { simulator in
      let a = ScriptedJobs(time: simulator.time) { call in
        call.number == 1 ? .lost(ProviderFailure(.timedOut)) : .refused(ProviderFailure(.unreachable))
      } script: { _ in
        .endless
      }
      let b = ScriptedJobs(time: simulator.time) { _ in .answering("elsewhere") }
      return (a, b)
    }) { room, a, b in
      let id = try await room.reasoning.start("?")
      #expect(try await room.reasoning.wait(for: id).response == "elsewhere")
      #expect(a.calls(.submit).count == 2 && b.calls(.submit).count == 1)
    }
  }

  @Test func `a refused hand-over goes to another provider at once`() throws {
    for failure in [ProviderFailure(.rateLimited), ProviderFailure(.authentication)] {
      try JobRoom.run(rivals: { simulator in
        let a = ScriptedJobs(time: simulator.time) { _ in
          .refused(failure)
        } script: { _ in
          .endless
        }
        let b = ScriptedJobs(time: simulator.time) { _ in .answering("b") }
        return (a, b)
      }) { room, a, b in
        let id = try await room.reasoning.start("?")
        #expect(try await room.reasoning.wait(for: id).response == "b")
        #expect(try await room.task(id).failedAttempts == 0)
        #expect(a.calls.count == 1)
      }
    }
  }

  @Test func `who has refused a job is not named, or waited for, while another answers in its place`() throws
  {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let time = simulator.time
      let a = ScriptedJobs(time: time) { _ in
        .refused(ProviderFailure(.rateLimited, retryAfter: .seconds(40)))
      } script: { _ in
        .endless
      }
      let plain = ScriptedModel([
        ["half", .pause(.seconds(5), on: time), .fail(.streamCut)],
        ["whole"],
      ])
      let room = try JobRoom(
        simulator: simulator, store: InMemoryStore(time: time),
        providers: [Provider("a", jobs: a), Provider("b", model: plain)])
      room.companion.start()
      let id = try await room.reasoning.start("?")
      try await room.pass(.seconds(2))
      let job = try await room.reasoning.status(of: id)
      #expect(job.status == .running && job.provider == nil)
      #expect(try await room.reasoning.wait(for: id).response == "whole")
      #expect(simulator.elapsed < .seconds(30))
      #expect(a.calls.count == 1)
      #expect(try await room.task(id).failedAttempts == 1)
      await room.companion.stop()
    }
  }

  @Test func `a job that fails as every one would there is done elsewhere`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let a = ScriptedJobs(time: simulator.time) { _ in
        .failing(ProviderFailure(.quotaExhausted), after: .seconds(5))
      }
      let plain = ScriptedModel.answering("plainly")
      let room = try JobRoom(
        simulator: simulator, store: InMemoryStore(time: simulator.time),
        providers: [Provider("a", jobs: a), Provider("b", model: plain)])
      room.companion.start()
      let id = try await room.reasoning.start("?")
      #expect(try await room.reasoning.wait(for: id).response == "plainly")
      #expect(a.calls(.submit).count == 1)
      #expect(try await room.task(id).failedAttempts == 0)
      // The provider is left alone from now on.
      let left = room.companion.providers.first { $0.configuration.id == "a" }
      #expect(left?.breaker == .open)
      await room.companion.stop()
    }
  }

  @Test func `with nobody else the provider's own failure is told, and a retry hands it over again`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { number in
        number == 1 ? .failing(ProviderFailure(.quotaExhausted)) : .answering("paid")
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      #expect(try await room.end(of: id).failure == .provider(ProviderFailure(.quotaExhausted)))
      try await room.companion.retryTask(id, reason: "paid", delay: .zero)
      #expect(try await room.reasoning.wait(for: id).response == "paid")
      #expect(jobs.submissions.values.sorted() == [1, 1])
    }
  }

  @Test func `a dead letter whose key was revoked goes on with the same job when it is retried`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .poll && call.number == 3 ? .refused(ProviderFailure(.authentication)) : nil
      } script: { _ in
        .answering("yes", after: .seconds(30))
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      #expect(try await room.end(of: id).failure == .provider(ProviderFailure(.authentication)))
      #expect(jobs.runningJobs.count == 1)
      try await room.companion.retryTask(id, reason: "The key is new.", delay: .zero)
      #expect(try await room.reasoning.wait(for: id).response == "yes")
      #expect(jobs.calls(.submit).count == 1 && jobs.calls(.cancel).isEmpty)
    }
  }

  @Test func `forgetting a dead letter stops what may still run for it`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .poll ? .refused(ProviderFailure(.authentication)) : nil
      } script: { _ in
        .endless
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      _ = try await room.end(of: id)
      #expect(jobs.cancelledJobs.isEmpty)
      try await room.reasoning.forget(id)
      #expect(jobs.cancelledJobs == Set(jobs.jobs))
    }
  }

  @Test
  func `a job that was stopped at the provider, or is not known there, fails until somebody retries it`()
    throws
  {
    for stopsIt in [true, false] {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time) { call in
          !stopsIt && call.kind == .poll && call.number == 2
            ? .refused(ProviderFailure(.invalidRequest, status: 404)) : nil
        } script: {
          $0 == 1 ? .endless : .answering("again")
        }
      }
      try JobRoom.run(jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?")
        await jobs.calls(.poll, atLeast: 1)
        if stopsIt { try await jobs.cancel(try #require(jobs.jobs.first)) }
        let job = try await room.end(of: id)
        #expect(job.status == .failed && job.failure?.isRetryable == false)
        #expect(jobs.calls(.submit).count == 1)
        try await room.companion.retryTask(id, reason: "again", delay: .zero)
        #expect(try await room.reasoning.wait(for: id).response == "again")
      }
    }
  }

  @Test func `a budget that is used up keeps nobody from the answer of a job that is paid for`() throws {
    let simulator = Simulator(seed: 1)
    try simulator.run {
      let usage = TokenUsage(input: 1_000_000, output: 1_000_000)
      let jobs = ScriptedJobs(time: simulator.time) { number in
        .answering("yes", after: .seconds(number == 1 ? 5 : 60), usage: usage)
      }
      let provider = Provider(
        "a", services: ProviderServices(background: jobs),
        limits: ProviderLimits(budget: CostBudget(limit: 1, currency: "USD", period: .total)),
        price: ModelPrice(perMillionInput: 1, perMillionOutput: 1, currency: "USD"))
      let room = try JobRoom(
        simulator: simulator, store: InMemoryStore(time: simulator.time), providers: [provider])
      room.companion.start()
      let first = try await room.reasoning.start("?")
      let second = try await room.reasoning.start("?")
      try await room.reasoning.wait(for: first)
      #expect(try await room.reasoning.wait(for: second).response == "yes")
      let third = try await room.reasoning.start("?")
      #expect(try await room.end(of: third).status == .failed)
      #expect(jobs.calls(.submit).count == 2)
      #expect(try await room.companion.ledger().count == 2)
      await room.companion.stop()
    }
  }

  // MARK: A new configuration

  @Test func `a look that waits while its provider gets another key is made with that key`() throws {
    for pause in 1...40 {
      let simulator = Simulator(seed: 1)
      try simulator.run {
        let jobs = ScriptedJobs(time: simulator.time, latency: .milliseconds(700)) { _ in
          .answering("yes", after: .seconds(8))
        }
        let keys = Keys(jobs: jobs)
        var provider = Provider(
          "a", services: try keys.services(for: ProviderConfiguration(id: "a", api: .custom, model: "m")),
          limits: ProviderLimits(concurrentCalls: 1))
        provider.configuration.capabilities.kinds = [.background]
        var configuration = CompanionConfiguration()
        configuration.intents = .rules
        configuration.memory.isAutomatic = false
        let companion = try Companion(
          providers: [provider], factory: keys, store: InMemoryStore(time: simulator.time),
          configuration: configuration, time: simulator.time, identifiers: simulator.identifiers,
          random: simulator.random)
        companion.start()
        var ids: [TaskID] = []
        for _ in 1...3 { ids.append(try await companion.reasoning.start("?")) }
        try await simulator.time.sleep(for: .milliseconds(250 * pause))
        try await companion.updateProvider(provider.configuration)
        keys.revokeAllButLast()
        for id in ids { #expect(try await companion.reasoning.wait(for: id).response == "yes", "\(pause)") }
        await companion.stop()
      }
    }
  }

  /// Makes services with a new key each time; a key that is revoked is of no use any more.
  private final class Keys: ProviderFactory {
    private let jobs: ScriptedJobs
    private let state = Mutex((last: 0, oldest: 0))

    init(jobs: ScriptedJobs) { self.jobs = jobs }

    func services(
      for configuration: ProviderConfiguration
    ) throws(ProviderConfigurationFailure) -> ProviderServices {
      let number = state.withLock { state in
        state.last += 1
        return state.last
      }
      return ProviderServices(background: Keyed(jobs: jobs, keys: self, number: number))
    }

    func checkSecret(of configuration: ProviderConfiguration) async throws(ProviderConfigurationFailure) {}

    func revokeAllButLast() { state.withLock { $0.oldest = $0.last } }

    func check(_ number: Int) throws(ProviderFailure) {
      guard state.withLock({ $0.oldest <= number }) else {
        throw ProviderFailure(.authentication, status: 401)
      }
    }
  }

  private struct Keyed: BackgroundLanguageModel {
    let jobs: ScriptedJobs
    let keys: Keys
    let number: Int

    var identity: ModelIdentity { jobs.identity }

    func submit(_ request: GenerationRequest, key: String) async throws(ProviderFailure) -> ProviderJob {
      try keys.check(number)
      return try await jobs.submit(request, key: key)
    }

    func poll(_ job: ProviderJobID) async throws(ProviderFailure) -> ProviderJob {
      try keys.check(number)
      return try await jobs.poll(job)
    }

    func fetch(_ job: ProviderJobID) async throws(ProviderFailure) -> GenerationResponse {
      try keys.check(number)
      return try await jobs.fetch(job)
    }

    func cancel(_ job: ProviderJobID) async throws(ProviderFailure) {
      try keys.check(number)
      try await jobs.cancel(job)
    }
  }
}
