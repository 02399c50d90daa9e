import CompanionKit
import CompanionTesting
import Testing

/// What a host sees of its reasoning jobs.
struct ReasoningJobTests {
  private static func answering(after duration: Duration) -> @Sendable (Simulator) -> ScriptedJobs {
    { simulator in
      ScriptedJobs(time: simulator.time) { .answering("answer \($0)", after: duration) }
    }
  }

  @Test func `a job is started, waits at its provider without a worker, and gives its response`() throws {
    try JobRoom.run(configure: { $0.tasks.workers = 1 }, jobs: Self.answering(after: .seconds(20))) {
      room, jobs in
      let first = try await room.reasoning.start("Why is the sky blue?", effort: .high)
      let second = try await room.reasoning.start("And the sea?")
      await jobs.calls(.poll, atLeast: 4)
      let status = try await room.reasoning.status(of: first)
      #expect(
        status.status == .running && status.effort == .high && status.question == "Why is the sky blue?")
      #expect(status.elapsed > .zero && status.elapsed < .seconds(20) && status.note != nil)
      let result = try await room.reasoning.wait(for: first)
      let other = try await room.reasoning.wait(for: second)
      #expect(Set([result.response, other.response]) == ["answer 1", "answer 2"])
      #expect(result.job.status == .completed && result.totalTime >= .seconds(20))
      let elapsed = try await room.reasoning.status(of: first).elapsed
      #expect(result.totalTime == elapsed)
      #expect(other.job.effort == .low)
      // One worker for two jobs that ran side by side.
      #expect(room.simulator.elapsed < .seconds(40))
      #expect(jobs.submissions.values.allSatisfy { $0 == 1 } && jobs.jobs.count == 2)
      let efforts = jobs.jobs.compactMap { jobs.request(of: $0)?.reasoningEffort }
      #expect(efforts.contains(.high) && efforts.contains(.low))
      #expect(try await room.task(first).failedAttempts == 0)
    }
  }

  @Test func `it is asked after two seconds, then at growing intervals up to half a minute`() throws {
    try JobRoom.run(jobs: Self.answering(after: .seconds(300))) { room, jobs in
      let id = try await room.reasoning.start("?")
      try await room.reasoning.wait(for: id)
      let submitted = try #require(jobs.calls(.submit).first?.time)
      var last = submitted
      var waits: [Duration] = []
      for poll in jobs.calls(.poll) {
        waits.append(last.duration(to: poll.time))
        last = poll.time
      }
      #expect(waits.first == .seconds(2))
      #expect(waits.allSatisfy { $0 >= .seconds(2) && $0 <= .seconds(30) })
      #expect(waits == waits.sorted() && waits.last == .seconds(30))
    }
  }

  @Test func `what the provider asks to wait wins`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { _ in
        .answering("yes", after: .seconds(100), pollAfter: .seconds(47))
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      try await room.reasoning.wait(for: try await room.reasoning.start("?"))
      let times = jobs.calls(.poll).map(\.time)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0.duration(to: $1) == .seconds(47) })
      #expect(times.count == 3)
    }
  }

  @Test func `a provider that runs no jobs is asked for the answer`() throws {
    let model = ScriptedModel.answering("forty", "-two", .usage(input: 7, output: 2))
    try JobRoom.run(providers: { _ in [Provider("plain", model: model)] }) { room in
      let id = try await room.reasoning.start("What is it?", effort: .medium)
      #expect(try await room.reasoning.wait(for: id).response == "forty-two")
      #expect(model.requests.map(\.reasoningEffort) == [.medium])
      #expect(try await room.task(id).usage?.output == 2)
    }
  }

  @Test func `a job that nobody has begun is started, and its result is refused as unfinished`() throws {
    try JobRoom.run(jobs: Self.answering(after: .zero)) { room, _ in
      try await room.companion.pauseTasks()
      let id = try await room.reasoning.start("?")
      try await room.pass(.seconds(5))
      let job = try await room.reasoning.status(of: id)
      #expect(job.status == .started && job.elapsed == .seconds(5) && job.note == nil)
      #expect(await room.refusal(of: id) == .unfinished(job))
      #expect(try await room.reasoning.jobs(in: .started).map(\.id) == [id])
      #expect(try await room.reasoning.jobs(in: .running).isEmpty)
    }
  }

  @Test func `an unknown job is said to be unknown, and so is a task of another kind`() throws {
    try JobRoom.run(jobs: Self.answering(after: .zero)) { room, _ in
      try await room.companion.pauseTasks()
      let payload = try TaskPayload(GenerationRequest(purpose: .task, messages: []))
      let other = try await room.companion.createTask(
        TaskRequest(kind: .reasoning, payload: TaskPayload(json: "[]"), requester: .named("test")))
      let chat = try await room.companion.createTask(
        TaskRequest(kind: .chatCompletion, payload: payload, requester: .named("test")))
      for id in [JobID(bits: 9), other, chat] {
        await #expect(throws: ReasoningJobFailure.unknownJob(id)) { try await room.reasoning.status(of: id) }
        await #expect(throws: ReasoningJobFailure.unknownJob(id)) { try await room.reasoning.result(of: id) }
        await #expect(throws: ReasoningJobFailure.unknownJob(id)) { try await room.reasoning.cancel(id) }
        await #expect(throws: ReasoningJobFailure.unknownJob(id)) { try await room.reasoning.forget(id) }
        await #expect(throws: ReasoningJobFailure.unknownJob(id)) { try await room.reasoning.wait(for: id) }
        var updates = room.reasoning.updates(of: id).makeAsyncIterator()
        do throws(ReasoningJobFailure) {
          _ = try await updates.next()
          Issue.record("there are updates of an unknown job")
        } catch {
          #expect(error == .unknownJob(id))
        }
      }
      #expect(try await room.reasoning.activeJobs().isEmpty)
    }
  }

  @Test func `the jobs of each status are listed, newest first`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { number in
        switch number {
        case 1: .answering("done")
        case 2: .failing(ProviderFailure(.contentFiltered))
        default: .endless
        }
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let done = try await room.reasoning.start("first")
      try await room.reasoning.wait(for: done)
      let failed = try await room.reasoning.start("second")
      #expect(try await room.end(of: failed).status == .failed)
      let cancelled = try await room.reasoning.start("third")
      await jobs.calls(.submit, atLeast: 3)
      try await room.reasoning.cancel(cancelled, reason: "enough")
      let running = try await room.reasoning.start("fourth")
      await jobs.calls(.submit, atLeast: 4)
      try await room.pass(.seconds(1))
      let newest = try await room.reasoning.start("fifth")
      await jobs.calls(.submit, atLeast: 5)
      #expect(try await room.reasoning.jobs(in: .completed).map(\.id) == [done])
      #expect(try await room.reasoning.jobs(in: .failed).map(\.id) == [failed])
      #expect(try await room.reasoning.jobs(in: .cancelled).map(\.id) == [cancelled])
      #expect(try await room.reasoning.jobs(in: .running).map(\.question) == ["fifth", "fourth"])
      #expect(try await room.reasoning.activeJobs().map(\.id) == [newest, running])
      #expect(try await room.reasoning.activeJobs(limit: 1).map(\.id) == [newest])
      #expect(try await room.reasoning.activeJobs(limit: -1).isEmpty)
      #expect(await room.refusal(of: cancelled) == .cancelled(reason: "enough"))
      guard case .failed(let failure, partial: nil) = await room.refusal(of: failed) else {
        Issue.record("the failed job has a result")
        return
      }
      #expect(failure == .provider(ProviderFailure(.contentFiltered)))
    }
  }

  @Test(arguments: [ProviderFailure.Kind.incomplete, .contentFiltered])
  func `an answer that is not whole is a failure that keeps what there is of it`(
    kind: ProviderFailure.Kind
  ) throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { number in
        number == 1 ? .incomplete("Once upon a", ProviderFailure(kind)) : .answering("Once upon a time")
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("Tell me")
      #expect(try await room.end(of: id).status == .failed)
      #expect(
        await room.refusal(of: id) == .failed(.provider(ProviderFailure(kind)), partial: "Once upon a"))
      #expect(jobs.calls(.submit).count == 1)
      // Whoever retries it wants another job.
      try await room.companion.retryTask(id, reason: "again", delay: .zero)
      #expect(try await room.reasoning.wait(for: id).response == "Once upon a time")
      #expect(jobs.submissions.values.sorted() == [1, 1])
    }
  }

  @Test func `a call that is cut at its limit keeps what there is, too`() throws {
    let model = ScriptedModel.answering("Once ", "upon", .finish(.length))
    try JobRoom.run(providers: { _ in [Provider("plain", model: model)] }) { room in
      let id = try await room.reasoning.start("Tell me")
      _ = try await room.end(of: id)
      #expect(
        await room.refusal(of: id) == .failed(.provider(ProviderFailure(.incomplete)), partial: "Once upon"))
      #expect(model.requests.count == 1)
    }
  }

  @Test func `a wait that is over says so, and the job goes on`() throws {
    try JobRoom.run(jobs: Self.answering(after: .seconds(60))) { room, _ in
      let id = try await room.reasoning.start("?")
      for timeout in [Duration.seconds(-1), .zero, .seconds(10)] {
        await #expect(throws: ReasoningJobFailure.timedOut(after: timeout)) {
          try await room.reasoning.wait(for: id, timeout: timeout)
        }
      }
      #expect(room.simulator.elapsed < .seconds(12))
      #expect(try await room.reasoning.wait(for: id, timeout: .seconds(100)).response == "answer 1")
      // What is there is given, whatever the time.
      #expect(try await room.reasoning.wait(for: id, timeout: .zero).response == "answer 1")
    }
  }

  @Test func `a wait that is cancelled ends, and the job goes on`() throws {
    try JobRoom.run(jobs: Self.answering(after: .seconds(60))) { room, jobs in
      let id = try await room.reasoning.start("?")
      let failure = await withTaskGroup(of: ReasoningJobFailure?.self) { group in
        group.addTask {
          do throws(ReasoningJobFailure) {
            try await room.reasoning.wait(for: id)
            return nil
          } catch {
            return error
          }
        }
        await jobs.calls(.poll, atLeast: 1)
        group.cancelAll()
        return await group.next() ?? nil
      }
      #expect(failure == .interrupted)
      #expect(try await room.reasoning.wait(for: id).response == "answer 1")
    }
  }

  @Test func `its updates begin with where it stands, and end with its end`() throws {
    try JobRoom.run(jobs: Self.answering(after: .seconds(10))) { room, _ in
      try await room.companion.pauseTasks()
      let id = try await room.reasoning.start("?")
      var updates = room.reasoning.updates(of: id).makeAsyncIterator()
      #expect(try await updates.next()?.status == .started)
      try await room.companion.resumeTasks()
      var seen: [ReasoningJob] = []
      while let job = try await updates.next() { seen.append(job) }
      #expect(seen.map(\.status).last == .completed)
      #expect(seen.dropLast().allSatisfy { $0.status == .running } && seen.count > 2)
      #expect(seen.contains { $0.note == "running at a" })
      var late = room.reasoning.updates(of: id).makeAsyncIterator()
      #expect(try await late.next()?.status == .completed)
      let end = try await late.next()
      #expect(end == nil)
    }
  }

  @Test func `a deadline ends a job here and at its provider`() throws {
    for seed in Seeds.range {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time, latency: .milliseconds(600)) { _ in .endless }
      }
      try JobRoom.run(seed: seed, jobs: jobs) { room, jobs in
        // Now between two looks, now in the middle of one.
        let deadline = Duration.milliseconds(9_000 + Int64(seed) * 100)
        let id = try await room.reasoning.start("?", deadline: deadline)
        let job = try await room.end(of: id)
        #expect(job.status == .failed && job.failure == .deadlinePassed, "seed \(seed)")
        await jobs.calls(.cancel, atLeast: 1)
        #expect(jobs.cancelledJobs == Set(jobs.jobs), "seed \(seed)")
      }
    }
  }

  @Test func `the same wish under the same key is the same job`() throws {
    try JobRoom.run(jobs: Self.answering(after: .seconds(5))) { room, jobs in
      let first = try await room.reasoning.start("Why?", effort: .high, key: "wish")
      let again = try await room.reasoning.start("Why?", effort: .high, key: "wish")
      #expect(first == again)
      await #expect(throws: ReasoningJobFailure.self) {
        try await room.reasoning.start("Why not?", effort: .high, key: "wish")
      }
      try await room.reasoning.wait(for: first)
      #expect(jobs.calls(.submit).count == 1)
    }
  }

  @Test func `what cannot be asked is refused with a reason`() throws {
    try JobRoom.run(configure: { $0.tasks.maximumPayloadBytes = 2_000 }, jobs: Self.answering(after: .zero)) {
      room, jobs in
      func refusal(_ question: String, deadline: Duration? = nil, key: String? = nil) async -> String? {
        do throws(ReasoningJobFailure) {
          _ = try await room.reasoning.start(question, deadline: deadline, key: key)
          return nil
        } catch {
          guard case .invalid(let what) = error else { return "\(error)" }
          return what
        }
      }
      #expect(await refusal("") == "The question is empty. Ask something.")
      #expect(await refusal(" \n\t\u{3000}")?.contains("empty") == true)
      #expect(await refusal("?", deadline: .zero)?.contains("no time") == true)
      #expect(await refusal("?", deadline: .seconds(-5))?.contains("no time") == true)
      #expect(await refusal("?", key: "")?.contains("key") == true)
      #expect(await refusal(String(repeating: "x", count: 3_000))?.contains("bytes") == true)
      #expect(await refusal("?", deadline: .seconds(Int64.max)) == nil)
      #expect(await refusal("naïve 京都 👩‍👩‍👧 \u{0} \u{202E}") == nil)
      let failed = try await room.reasoning.jobs(in: .failed)
      #expect(failed.isEmpty)
    }
  }

  @Test func `a job that has ended is forgotten, and one that has not is not`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { $0 == 1 ? .answering("yes", after: .seconds(30)) : .endless }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?", key: "wish")
      await jobs.calls(.poll, atLeast: 1)
      do throws(ReasoningJobFailure) {
        try await room.reasoning.forget(id)
        Issue.record("a running job was forgotten")
      } catch {
        guard case .unfinished(let job) = error else { throw error }
        #expect(job.id == id)
      }
      try await room.reasoning.wait(for: id)
      try await room.reasoning.forget(id)
      await #expect(throws: ReasoningJobFailure.unknownJob(id)) { try await room.reasoning.status(of: id) }
      await #expect(throws: ReasoningJobFailure.unknownJob(id)) { try await room.reasoning.forget(id) }
      // The key is free again.
      let next = try await room.reasoning.start("?", key: "wish")
      #expect(next != id)
      await jobs.calls(.submit, atLeast: 2)
      try await room.reasoning.cancel(next)
      _ = try await room.end(of: next)
      try await room.reasoning.forget(next)
    }
  }
}
