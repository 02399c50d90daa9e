import CompanionKit
import CompanionTesting
import Synchronization
import Testing

/// How jobs at providers end that come to no answer: bounded, stopped, and once in the ledger.
struct ReasoningJobEndTests {
  // MARK: Looks that nobody understands

  @Test(arguments: [ProviderFailure.Kind.malformedResponse, .unknown])
  func `a job whose looks are never understood fails after ten, and is stopped`(
    kind: ProviderFailure.Kind
  ) throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .poll && call.number > 1 && call.job?.rawValue.hasSuffix("-1") == true
          ? .refused(ProviderFailure(kind, message: "status: pondering")) : nil
      } script: {
        $0 == 1 ? .endless : .answering("again")
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      let job = try await room.end(of: id)
      #expect(job.failure?.description.contains("status: pondering") == true)
      #expect(job.failure?.isRetryable == false)
      #expect(jobs.calls(.poll).count == 11 && jobs.runningJobs.isEmpty)
      #expect(try await room.companion.ledger().map(\.failure) == [kind])
      try await room.companion.retryTask(id, reason: "again", delay: .zero)
      #expect(try await room.reasoning.wait(for: id).response == "again")
      #expect(jobs.submissions.values.sorted() == [1, 1])
    }
  }

  @Test(arguments: [ProviderFailure.Kind.malformedResponse, .timedOut])
  func `a job that has ended and whose answer cannot be fetched fails after ten looks`(
    kind: ProviderFailure.Kind
  ) throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .fetch ? .refused(ProviderFailure(kind)) : nil
      } script: { _ in
        .answering("unread")
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      #expect(try await room.end(of: id).status == .failed)
      #expect(jobs.calls(.fetch).count == 10)
      #expect(try await room.companion.ledger().map(\.failure) == [kind])
    }
  }

  @Test func `nine looks in a row that are not understood are waited out, again and again`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .poll && !call.number.isMultiple(of: 10)
          ? .refused(ProviderFailure(.malformedResponse)) : nil
      } script: { _ in
        .answering("yes", after: .seconds(3_600))
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      #expect(try await room.reasoning.wait(for: id).response == "yes")
      #expect(jobs.calls(.poll).count > 11 && jobs.calls(.submit).count == 1)
      #expect(try await room.companion.ledger().map(\.failure) == [nil])
    }
  }

  @Test(arguments: [ProviderFailure.Kind.refused, .contentFiltered])
  func `a job whose answer is refused has ended, and a retry hands another one over`(
    kind: ProviderFailure.Kind
  ) throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .fetch && call.number == 1 ? .refused(ProviderFailure(kind)) : nil
      } script: {
        .answering("answer \($0)")
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      #expect(try await room.end(of: id).failure == .provider(ProviderFailure(kind)))
      #expect(try await room.companion.ledger().map(\.failure) == [kind])
      try await room.companion.retryTask(id, reason: "again", delay: .zero)
      #expect(try await room.reasoning.wait(for: id).response == "answer 2")
      #expect(jobs.submissions.values.sorted() == [1, 1])
      #expect(try await room.companion.ledger().count == 2)
    }
  }

  // MARK: The ledger

  @Test func `a job that is cancelled, runs past its deadline or is forgotten there is entered once`() throws
  {
    for (end, kind) in [
      ("cancel", ProviderFailure.Kind.cancelled), ("deadline", .cancelled), ("forgotten", .unknown),
    ] {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time) { call in
          end == "forgotten" && call.kind == .poll && call.number == 2
            ? .refused(ProviderFailure(.invalidRequest, status: 404)) : nil
        } script: { _ in
          .endless
        }
      }
      try JobRoom.run(jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?", deadline: end == "deadline" ? .seconds(20) : nil)
        await jobs.calls(.poll, atLeast: 1)
        if end == "cancel" { try await room.reasoning.cancel(id) }
        _ = try await room.end(of: id)
        try await room.pass(.seconds(5))
        let entries = try await room.companion.ledger()
        #expect(entries.map(\.failure) == [kind], "\(end)")
        #expect(entries.first?.task == id && entries.first?.usage == nil, "\(end)")
      }
    }
  }

  @Test(arguments: CrashableStore.Fault.allCases)
  func `whatever the moment of a crash, a job has no second entry`(fault: CrashableStore.Fault) throws {
    for seed in Seeds.few {
      for commit in 4...12 {
        let simulator = Simulator(seed: seed)
        try simulator.run {
          let durable = InMemoryStore(time: simulator.time)
          let store = CrashableStore(durable, fault, at: commit)
          let usage = TokenUsage(input: 10, output: 10)
          let jobs = ScriptedJobs(time: simulator.time) { _ in
            .answering("yes", after: .seconds(9), usage: usage)
          }
          let first = try JobRoom(
            simulator: simulator, store: durable, through: store, providers: [Provider("a", jobs: jobs)])
          first.companion.start()
          let asked = try? await first.reasoning.start("?", key: "wish")
          if let asked { _ = try? await first.reasoning.wait(for: asked, timeout: .seconds(60)) }
          store.crash()
          let second = try JobRoom(
            simulator: simulator, store: durable, providers: [Provider("a", jobs: jobs)])
          second.companion.start()
          let id = try await second.reasoning.start("?", key: "wish")
          try await second.reasoning.wait(for: id, timeout: .seconds(600))
          let entries = try await second.companion.ledger()
          #expect(entries.count <= jobs.jobs.count, "seed \(seed), \(fault) at commit \(commit)")
          await second.companion.stop()
          await first.companion.stop()
        }
      }
    }
  }

  // MARK: Cancels that do not arrive

  @Test(arguments: [false, true])
  func `a job is stopped in the end at a provider that was out of reach for ten minutes`(
    restarts: Bool
  ) throws {
    for seed in Seeds.few {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let outage = Mutex<Timestamp?>(nil)
        let time = simulator.time
        let jobs = ScriptedJobs(time: time) { call in
          guard let end = outage.withLock(\.self), call.time < end else { return nil }
          return .refused(ProviderFailure(.unreachable))
        } script: { _ in
          .endless
        }
        let store = InMemoryStore(time: time)
        var room = try JobRoom(simulator: simulator, store: store, providers: [Provider("a", jobs: jobs)])
        room.companion.start()
        let id = try await room.reasoning.start("?")
        await jobs.calls(.poll, atLeast: 1)
        outage.withLock { $0 = time.now.advanced(by: .seconds(600)) }
        try await room.reasoning.cancel(id)
        if restarts {
          await room.companion.stop()
          room = try JobRoom(simulator: simulator, store: store, providers: [Provider("a", jobs: jobs)])
          room.companion.start()
        }
        try await room.pass(.seconds(590))
        #expect(jobs.runningJobs.count == 1)
        #expect(try await room.reasoning.activeJobs().isEmpty)
        try await room.pass(.seconds(400))
        #expect(jobs.cancelledJobs.count == 1, "seed \(seed)")
        let cancels = try await room.companion.tasks(
          matching: TaskFilter(states: Set(TaskStateName.allCases), kind: "provider_job_cancel"))
        #expect(cancels.map(\.state.name) == [.completed])
        #expect(try await room.companion.ledger().map(\.failure) == [.cancelled])
        await room.companion.stop()
      }
    }
  }

  @Test func `a cancel that arrives at the second try leaves no task to be done`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .cancel && call.number < 5 ? .refused(ProviderFailure(.unreachable)) : nil
      } script: { _ in
        .endless
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      await jobs.calls(.poll, atLeast: 1)
      try await room.reasoning.cancel(id)
      try await room.pass(.seconds(60))
      #expect(jobs.calls(.cancel).count == 5 && jobs.runningJobs.isEmpty)
      #expect(try await room.companion.tasks(in: [.queued, .running, .waiting]).isEmpty)
    }
  }

  @Test(arguments: [400, 409, 422])
  func `a provider that refuses to stop a job is asked on, and nobody says that it is stopped`(
    status: Int
  ) throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .cancel && call.number < 5
          ? .refused(ProviderFailure(.invalidRequest, status: status)) : nil
      } script: { _ in
        .endless
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      await jobs.calls(.poll, atLeast: 1)
      try await room.reasoning.cancel(id)
      try await room.pass(.seconds(10))
      #expect(jobs.runningJobs.count == 1)
      let open = try await room.companion.tasks(in: [.queued, .running, .waiting])
      #expect(open.map(\.request.kind) == ["provider_job_cancel"])
      try await room.pass(.seconds(600))
      #expect(jobs.calls(.cancel).count == 5 && jobs.runningJobs.isEmpty)
      #expect(try await room.companion.tasks(in: [.completed]).count == 1)
    }
  }

  @Test(arguments: [404, 410])
  func `a job that its provider does not know when it is to be stopped is not asked after again`(
    status: Int
  ) throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .cancel ? .refused(ProviderFailure(.invalidRequest, status: status)) : nil
      } script: { _ in
        .endless
      }
    }
    try JobRoom.run(jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      await jobs.calls(.poll, atLeast: 1)
      try await room.reasoning.cancel(id)
      try await room.pass(.seconds(5))
      #expect(try await room.companion.tasks(in: [.queued, .running, .waiting]).isEmpty)
      try await room.pass(.seconds(60))
      #expect(jobs.calls(.cancel).count == 1)
    }
  }

  @Test(arguments: ["cancel", "cancel during a look", "deadline", "forget"])
  func `whatever ends a task, a process that dies at once leaves the stop of its job to the next`(
    end: String
  ) throws {
    for seed in Seeds.few {
      let simulator = Simulator(seed: seed)
      try simulator.run {
        let durable = InMemoryStore(time: simulator.time)
        let store = CrashableStore(durable)
        let isFirstLife = Mutex(true)
        let jobs = ScriptedJobs(time: simulator.time, latency: .milliseconds(400)) { call in
          if end == "forget", call.kind == .poll { return .refused(ProviderFailure(.authentication)) }
          guard call.kind == .cancel, isFirstLife.withLock(\.self) else { return nil }
          // The process dies while the provider is told for the first time.
          store.crash()
          return .refused(ProviderFailure(.unreachable))
        } script: { _ in
          .endless
        }
        let first = try JobRoom(
          simulator: simulator, store: durable, through: store, providers: [Provider("a", jobs: jobs)])
        first.companion.start()
        let id = try await first.reasoning.start("?", deadline: end == "deadline" ? .seconds(20) : nil)
        await jobs.calls(.poll, atLeast: 1)
        switch end {
        case "cancel":
          try await first.pass(.seconds(1))
          try await first.reasoning.cancel(id)
        case "cancel during a look": try await first.reasoning.cancel(id)
        case "forget":
          _ = try await first.end(of: id)
          try await first.reasoning.forget(id)
        default: break
        }
        try await first.pass(.seconds(40))
        #expect(store.hasCrashed && jobs.runningJobs.count == 1, "seed \(seed)")

        isFirstLife.withLock { $0 = false }
        let second = try JobRoom(
          simulator: simulator, store: durable, providers: [Provider("a", jobs: jobs)])
        second.companion.start()
        try await second.pass(.seconds(60))
        #expect(jobs.cancelledJobs == Set(jobs.jobs) && jobs.jobs.count == 1, "seed \(seed)")
        let stops = try await second.companion.tasks(
          matching: TaskFilter(states: Set(TaskStateName.allCases), kind: "provider_job_cancel"))
        #expect(stops.map(\.state.name) == [.completed], "seed \(seed)")
        await second.companion.stop()
        await first.companion.stop()
      }
    }
  }

  @Test func `the stop that is stored with a cancel is taken back when the provider has been told`() throws {
    for seed in Seeds.few {
      let jobs = { @Sendable (simulator: Simulator) in
        ScriptedJobs(time: simulator.time, latency: .milliseconds(400)) { _ in .endless }
      }
      try JobRoom.run(seed: seed, jobs: jobs) { room, jobs in
        let id = try await room.reasoning.start("?")
        await jobs.calls(.poll, atLeast: 1)
        try await room.pass(.seconds(1))
        try await room.reasoning.cancel(id)
        let stops = try await room.companion.tasks(
          matching: TaskFilter(states: Set(TaskStateName.allCases), kind: "provider_job_cancel"))
        #expect(stops.map(\.state.name) == [.cancelled], "seed \(seed)")
        try await room.pass(.seconds(60))
        #expect(jobs.calls(.cancel).count == 1, "seed \(seed)")
      }
    }
  }

  @Test func `a job that cannot be stopped for a day is given up, and an event says so`() throws {
    let jobs = { @Sendable (simulator: Simulator) in
      ScriptedJobs(time: simulator.time) { call in
        call.kind == .cancel ? .refused(ProviderFailure(.authentication)) : nil
      } script: { _ in
        .endless
      }
    }
    try JobRoom.run(limit: .seconds(200_000), jobs: jobs) { room, jobs in
      let id = try await room.reasoning.start("?")
      await jobs.calls(.poll, atLeast: 1)
      try await room.reasoning.cancel(id)
      try await room.pass(.seconds(72_000))
      let isGivenUp = { @Sendable (event: CompanionEvent) in
        if case .providerJobNotStopped = event.kind { true } else { false }
      }
      #expect(!room.events.events.contains(where: isGivenUp))
      try await room.pass(.seconds(36_000))
      #expect(room.events.events.count(where: isGivenUp) == 1)
      #expect(try await room.companion.tasks(in: [.deadLettered]).count == 1)
    }
  }
}
