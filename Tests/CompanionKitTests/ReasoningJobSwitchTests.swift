import CompanionKit
import CompanionTesting
import Testing

/// Reasoning jobs whose provider is left for another.
struct ReasoningJobSwitchTests {
  @Test(arguments: [false, true])
  func `a switch takes the jobs along only when that is asked for`(includingRunning: Bool) throws {
    for seed in Seeds.range {
      try JobRoom.run(
        seed: seed,
        rivals: { simulator in
          let a = ScriptedJobs(time: simulator.time, latency: .milliseconds(900)) { _ in
            .answering("a", after: .seconds(60))
          }
          let b = ScriptedJobs(identity: ModelIdentity(provider: "b", model: "m"), time: simulator.time) {
            _ in
            .answering("b", after: .seconds(5))
          }
          return (a, b)
        }
      ) { room, a, b in
        let id = try await room.reasoning.start("?")
        // Between two looks, or in the middle of one.
        try await room.pass(.milliseconds(1_000 + 100 * Int64(seed)))
        try await room.companion.switchProvider(
          from: "a", to: "b", reason: "test", includingRunning: includingRunning)
        let response = try await room.reasoning.wait(for: id).response
        #expect(response == (includingRunning ? "b" : "a"), "seed \(seed)")
        #expect(a.calls(.submit).count == 1 && b.calls(.submit).count == (includingRunning ? 1 : 0))
        #expect(a.cancelledJobs.count == (includingRunning ? 1 : 0), "seed \(seed)")
        #expect(try await room.task(id).failedAttempts == 0)
      }
    }
  }

  @Test(arguments: ["leave provider a", "leave a", TaskInput.leave("a").stored])
  func `whatever somebody says to a job that waits, it does not leave its provider for that`(
    text: String
  ) throws {
    try JobRoom.run(rivals: { simulator in
      let a = ScriptedJobs(time: simulator.time) { _ in .answering("a", after: .seconds(60)) }
      let b = ScriptedJobs(identity: ModelIdentity(provider: "b", model: "m"), time: simulator.time) { _ in
        .answering("b")
      }
      return (a, b)
    }) { room, a, b in
      let id = try await room.reasoning.start("?")
      try await room.pass(.seconds(1))
      try await room.companion.wakeTask(id, input: text)
      #expect(try await room.reasoning.wait(for: id).response == "a")
      #expect(b.calls.isEmpty && a.cancelledJobs.isEmpty)
    }
  }

  @Test func `a switch in the middle of a hand-over does not go back, and stops what was handed over`() throws
  {
    for seed in Seeds.range {
      try JobRoom.run(
        seed: seed,
        rivals: { simulator in
          let a = ScriptedJobs(time: simulator.time, latency: .seconds(20)) { _ in .endless }
          let b = ScriptedJobs(identity: ModelIdentity(provider: "b", model: "m"), time: simulator.time) {
            _ in
            .answering("b", after: .seconds(5))
          }
          return (a, b)
        }
      ) { room, a, b in
        let id = try await room.reasoning.start("?")
        try await room.pass(.milliseconds(1_000 + 500 * Int64(seed)))
        try await room.companion.switchProvider(
          from: "a", to: "b", reason: "test", includingRunning: true)
        #expect(try await room.reasoning.wait(for: id).response == "b", "seed \(seed)")
        try await room.pass(.seconds(60))
        #expect(a.calls(.submit).count == 1 && b.calls(.submit).count == 1, "seed \(seed)")
        #expect(a.cancelledJobs == Set(a.jobs) && a.jobs.count == 1, "seed \(seed)")
        #expect(b.cancelledJobs.isEmpty, "seed \(seed)")
        let entries = try await room.companion.ledger()
        #expect(entries.count { $0.provider == "b" } == 1, "seed \(seed)")
        #expect(entries.contains { $0.provider == "a" && $0.failure == .cancelled }, "seed \(seed)")
      }
    }
  }

  // MARK: Jobs without a name

  /// A provider that takes a job and whose answer is lost, and what it comes to when it is asked once more.
  private func losing(_ simulator: Simulator, then second: ScriptedJobs.Fault? = nil) -> ScriptedJobs {
    ScriptedJobs(time: simulator.time) { call in
      guard call.kind == .submit else { return nil }
      return call.number == 1 ? .lost(ProviderFailure(.connectionLost)) : second
    } script: { _ in
      .endless
    }
  }

  private func answering(_ simulator: Simulator) -> ScriptedJobs {
    ScriptedJobs(identity: ModelIdentity(provider: "b", model: "m"), time: simulator.time) { _ in
      .answering("b")
    }
  }

  /// Has `a` lose a job's name, and then brings the job to `b`.
  private func leave(_ room: JobRoom) async throws -> JobID {
    let id = try await room.reasoning.start("?")
    try await room.pass(.nanoseconds(1))
    try await room.companion.switchProvider(from: "a", to: "b", reason: "test", includingRunning: true)
    #expect(try await room.reasoning.wait(for: id).response == "b")
    try await room.pass(.seconds(30))
    return id
  }

  private func failures(of provider: ProviderID, _ room: JobRoom) async throws -> [ProviderFailure.Kind?] {
    try await room.companion.ledger(matching: LedgerFilter(provider: provider)).reversed().map(\.failure)
  }

  @Test func `a job whose name was lost is asked for once more, and stopped`() throws {
    for seed in Seeds.few {
      try JobRoom.run(seed: seed, rivals: { (losing($0), answering($0)) }) { room, a, _ in
        let id = try await leave(room)
        #expect(a.submissions == ["\(id.rawValue)-1": 2], "seed \(seed)")
        #expect(a.jobs.count == 1 && a.cancelledJobs == Set(a.jobs), "seed \(seed)")
        #expect(try await failures(of: "a", room) == [.connectionLost, .cancelled], "seed \(seed)")
      }
    }
  }

  @Test func `a provider that is left is not asked for a name while its circuit breaker is open`() throws {
    let breaker = CircuitBreaker.Policy(consecutiveFailures: 1)
    for seed in Seeds.few {
      try JobRoom.run(seed: seed, breaker: breaker, rivals: { (losing($0), answering($0)) }) { room, a, _ in
        _ = try await leave(room)
        #expect(a.calls.count == 1, "seed \(seed)")
        #expect(try await failures(of: "a", room) == [.connectionLost], "seed \(seed)")
      }
    }
  }

  @Test func `a provider that does not tell the name either has failed once more`() throws {
    let overload = ProviderFailure(.overloaded, retryAfter: .seconds(600))
    let breaker = CircuitBreaker.Policy(consecutiveFailures: 2)
    for seed in Seeds.few {
      try JobRoom.run(
        seed: seed, breaker: breaker, rivals: { (losing($0, then: .refused(overload)), answering($0)) }
      ) { room, a, _ in
        _ = try await leave(room)
        #expect(a.calls(.submit).count == 2, "seed \(seed)")
        #expect(try await failures(of: "a", room) == [.connectionLost, .overloaded], "seed \(seed)")
        let status = try #require(room.companion.providers.first { $0.configuration.id == "a" })
        #expect(status.breaker == .open && status.lastFailure == overload, "seed \(seed)")
        #expect(status.callsUnderWay == 0, "seed \(seed)")
      }
    }
  }
}
