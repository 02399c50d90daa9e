import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// Reasoning jobs that are cancelled, handed over and killed.
struct ReasoningJobCancelTests {
  // MARK: Cancels

  @Test func `wherever a job is when it is cancelled, it is stopped at the provider`() throws {
    for seed in Seeds.range {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time, latency: .milliseconds(1_400)) { _ in .endless }
      }
      try JobRoom.run(seed: seed, jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?")
        // From before the hand-over to the third look.
        try await room.pass(.milliseconds(150 * Int64(seed)))
        try await room.reasoning.cancel(id)
        #expect(try await room.end(of: id).status == .cancelled)
        try await room.pass(.seconds(20))
        #expect(jobs.runningJobs.isEmpty, "seed \(seed)")
        let calls = jobs.calls.count
        try await room.pass(.seconds(120))
        #expect(jobs.calls.count == calls, "seed \(seed)")
      }
    }
  }

  @Test func `a hand-over that takes long is stopped when it is there, although the task has ended`() throws {
    for seed in Seeds.few {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time, latency: .seconds(20)) { _ in .endless }
      }
      try JobRoom.run(seed: seed, jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?")
        try await room.pass(.seconds(3))
        try await room.reasoning.cancel(id)
        #expect(try await room.end(of: id).status == .cancelled)
        #expect(room.simulator.elapsed < .seconds(5))
        try await room.pass(.seconds(60))
        #expect(jobs.jobs.count == 1 && jobs.cancelledJobs.count == 1, "seed \(seed)")
      }
    }
  }

  @Test func `a cancel that does not reach the provider is made again`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .cancel && call.number < 4 ? .refused(ProviderFailure(.unreachable)) : nil
      } script: { _ in
        .endless
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      await jobs.calls(.poll, atLeast: 1)
      try await room.reasoning.cancel(id)
      await jobs.calls(.cancel, atLeast: 4)
      #expect(jobs.runningJobs.isEmpty)
    }
  }

  @Test func `a companion that stops right after a cancel stops the job first`() throws {
    for seed in Seeds.range {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let jobs = ScriptedJobs(time: simulator.time, latency: .milliseconds(1_100)) { _ in .endless }
        let room = try JobRoom(
          simulator: simulator, store: InMemoryStore(time: simulator.time),
          providers: [Provider("a", jobs: jobs)])
        room.companion.start()
        let id = try await room.reasoning.start("?")
        try await room.pass(.milliseconds(1_200 + 100 * Int64(seed)))
        try await room.reasoning.cancel(id)
        await room.companion.stop()
        #expect(jobs.runningJobs.isEmpty, "seed \(seed)")
      }
    }
  }

  // MARK: Shutdowns and leases

  @Test func `a shutdown stops no job, and the next process asks after it`() throws {
    for seed in Seeds.range {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let jobs = ScriptedJobs(time: simulator.time, latency: .milliseconds(400)) {
          .answering("job \($0)", after: .seconds(15))
        }
        let store = InMemoryStore(time: simulator.time)
        var id: JobID?
        for life in 1...4 {
          let room = try JobRoom(simulator: simulator, store: store, providers: [Provider("a", jobs: jobs)])
          room.companion.start()
          if id == nil { id = try await room.reasoning.start("?") }
          try await room.pass(.milliseconds(Int64(seed) * 60 * Int64(life)))
          await room.companion.stop()
        }
        let room = try JobRoom(simulator: simulator, store: store, providers: [Provider("a", jobs: jobs)])
        room.companion.start()
        let job = try #require(id)
        #expect(try await room.reasoning.wait(for: job).response == "job 1", "seed \(seed)")
        #expect(jobs.calls(.submit).count == 1 && jobs.calls(.cancel).isEmpty, "seed \(seed)")
        #expect(try await room.task(job).failedAttempts == 0)
        await room.companion.stop()
      }
    }
  }

  @Test func `a worker that has lost its task stops no job, and hands none over`() throws {
    for seed in Seeds.range {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time, latency: .seconds(1)) {
          .answering("job \($0)", after: .seconds(20))
        }
      }
      try JobRoom.run(seed: seed, jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?")
        try await room.pass(.milliseconds(100 * Int64(seed)))
        let task = try await room.task(id)
        if case .running = task.state {
          // As another process does that holds the worker for dead.
          try await room.store.commit(.transition(id, .release(task.lease), revision: nil))
        }
        #expect(try await room.reasoning.wait(for: id).response == "job 1", "seed \(seed)")
        #expect(jobs.submissions.count == 1 && jobs.jobs.count == 1, "seed \(seed)")
        #expect(jobs.cancelledJobs.isEmpty, "seed \(seed)")
      }
    }
  }

  // MARK: Crashes

  @Test(arguments: CrashableStore.Fault.allCases)
  func `whatever the moment, no key is used twice but where nobody could know, and the result arrives`(
    fault: CrashableStore.Fault
  ) throws {
    for seed in Seeds.few {
      for commit in 1...14 {
        try go(through: fault, at: commit, seed: seed, heedsKeys: seed.isMultiple(of: 2))
      }
    }
  }

  private func go(
    through fault: CrashableStore.Fault, at commit: Int, seed: UInt64, heedsKeys: Bool
  ) throws {
    let simulator = Simulator(seed: seed)
    try simulator.run {
      let durable = InMemoryStore(time: simulator.time)
      let store = CrashableStore(durable, fault, at: commit)
      let jobs = ScriptedJobs(time: simulator.time, heedsKeys: heedsKeys, latency: .milliseconds(200)) {
        number in
        number == 1
          ? .failing(ProviderFailure(.serverError), after: .seconds(9))
          : .answering("job \(number)", after: .seconds(9))
      }
      let context: Comment = "seed \(seed), \(fault) at commit \(commit), keys \(heedsKeys)"
      let first = try JobRoom(
        simulator: simulator, store: durable, through: store, providers: [Provider("a", jobs: jobs)])
      first.companion.start()
      let asked = try? await first.reasoning.start("?", key: "wish")
      if let asked { _ = try? await first.reasoning.wait(for: asked, timeout: .seconds(60)) }
      store.crash()
      let beforeRestart = jobs.submissions

      let second = try JobRoom(simulator: simulator, store: durable, providers: [Provider("a", jobs: jobs)])
      second.companion.start()
      let id = try await second.reasoning.start("?", key: "wish")
      if let asked { #expect(asked == id, context) }
      let result = try await second.reasoning.wait(for: id, timeout: .seconds(600))
      #expect(result.response.hasPrefix("job"), context)

      // A key comes twice only where the job was taken and its name not yet stored.
      let again = jobs.submissions.filter { $0.value > 1 }
      #expect(again.count <= 1 && again.values.allSatisfy { $0 == 2 }, context)
      for key in again.keys { #expect(beforeRestart[key] == 1, context) }
      if fault == .failsOnce { #expect(again.isEmpty, context) }
      // Nobody pays for a job that nobody asks after, but in that moment.
      let forgotten = jobs.jobs.count - jobs.submissions.count
      #expect(forgotten == (heedsKeys ? 0 : again.count), context)
      #expect(jobs.cancelledJobs.isEmpty, context)
      await second.companion.stop()
      await first.companion.stop()
    }
  }
}
