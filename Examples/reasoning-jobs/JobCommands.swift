import CompanionKit
import ExampleSupport
import Foundation

/// Carries out commands.
struct JobCommands {
  let companion: Companion

  private var jobs: ReasoningJobs { companion.reasoning }
  private var stops: ProviderStops { ProviderStops(companion: companion) }

  /// When what is stored goes on.
  private static let whileRunning = "while start, wait or list --follow runs"

  func run(_ command: Command) async throws -> Status {
    switch command {
    case .start(let questions, let effort, let deadline, let detaches):
      return try await start(questions, effort, deadline, detaches: detaches)
    case .status(let id): showStatus(of: try await find(id))
    case .result(let id): return try await showOutcome(of: try await find(id).id)
    case .list(let status, let follows): return try await list(status, follows: follows)
    case .cancel(let id): try await cancel(try await find(id))
    case .retry(let id): try await retry(try await find(id))
    case .wait(let id, let timeout): return try await wait(for: try await find(id), timeout)
    case .forget(let id):
      let job = try await find(id)
      try await jobs.forget(job.id)
      Terminal.tell("Job \(job.id) is forgotten.")
    }
    return .done
  }

  // MARK: Commands

  private func start(
    _ questions: [String], _ effort: GenerationRequest.ReasoningEffort, _ deadline: Duration?, detaches: Bool
  ) async throws -> Status {
    // A question that cannot be taken keeps the others from being started, too.
    if questions.contains(where: { !$0.contains { !$0.isWhitespace } }) {
      throw UsageError("A question is empty.")
    }
    var started: [ReasoningJob] = []
    for question in questions {
      let id = try await jobs.start(question, effort: effort, deadline: deadline)
      Terminal.show("\(id)")
      started.append(try await jobs.status(of: id))
    }
    guard !detaches else {
      Terminal.tell("Stored. What is started goes on \(Self.whileRunning).")
      return .done
    }
    let ids = started.map(\.id)
    return try await follow(started) {
      var status = Status.done
      for id in ids {
        if ids.count > 1 { Terminal.show("\n== \(short(id)): \(try await question(of: id))") }
        status = status.and(try await showOutcome(of: id))
      }
      return status
    }
  }

  private func wait(for job: ReasoningJob, _ timeout: Duration?) async throws -> Status {
    try await follow([job], timeout) { try await showOutcome(of: job.id) }
  }

  private func list(_ status: ReasoningJob.Status?, follows: Bool) async throws -> Status {
    if follows {
      let active = try await jobs.activeJobs(limit: 1_000)
      let end = try await follow(active, andStops: true) { .done }
      guard end == .done else { return end }
    }
    let found = try await all(status)
    if found.isEmpty { Terminal.tell("There are no\(status.map { " \($0.rawValue)" } ?? "") jobs.") }
    for job in found {
      let label = job.status.rawValue.padding(toLength: 9, withPad: " ", startingAt: 0)
      Terminal.show("\(job.id)  \(label)  \(seconds(job.elapsed))  \(shortened(job.question))")
    }
    if found.contains(where: { $0.status == .failed }) { Terminal.tell("retry ID takes a failed job back.") }
    return .done
  }

  private func cancel(_ job: ReasoningJob) async throws {
    try checkProvider(of: job)
    let earlier = Set(try await stops.open().map(\.id))
    let outcome = try await jobs.cancel(job.id, reason: "The person cancelled it.")
    // The provider is still being told: what comes of it is known when that has ended.
    await companion.stop()
    let open = try await stops.open()
    switch outcome {
    case .cancelled where open.allSatisfy({ earlier.contains($0.id) }):
      Terminal.tell("Job \(job.id) is cancelled.")
    case .cancelled:
      let provider = job.provider.map { "\($0)" } ?? "its provider"
      Terminal.tell(
        "Job \(job.id) is cancelled here. It may still run at \(provider), which has not confirmed the stop: "
          + "it is told again \(Self.whileRunning).")
    case .alreadyEnded:
      Terminal.tell("Job \(job.id) had ended already: \(try await jobs.status(of: job.id).status.rawValue).")
      if !open.isEmpty {
        let subject = open.count == 1 ? "1 cancelled job is" : "\(open.count) cancelled jobs are"
        Terminal.tell(
          "\(subject) still to be stopped at a provider, which is told again \(Self.whileRunning).")
      }
    default:
      Terminal.tell("Job \(job.id) is to stop: the program that works on it hears of it in a few seconds.")
    }
  }

  private func retry(_ job: ReasoningJob) async throws {
    guard job.status == .failed else {
      throw Refusal(description: "Job \(job.id) has not failed: it is \(job.status.rawValue).")
    }
    let start = try await companion.retryTask(job.id, reason: "The person asked for it.", delay: .zero)
    Terminal.tell(
      "Job \(job.id) is taken back. It goes on\(start.map { " from \($0)," } ?? "") \(Self.whileRunning).")
  }

  // MARK: Following

  /// Works on jobs, and tells of them, until all have ended; then says what came of them.
  ///
  /// - Parameter followsStops: whether cancelled jobs count that a provider has not stopped yet, whoever cancels them
  ///   meanwhile.
  private func follow(
    _ followed: [ReasoningJob], andStops followsStops: Bool = false, _ timeout: Duration? = nil,
    _ outcome: () async throws -> Status
  ) async throws -> Status {
    for job in followed where !job.status.isFinal { try checkProvider(of: job) }
    companion.start()
    let interruptions = Terminal.interruptions()
    let end = try await withThrowingTaskGroup(of: Status?.self) { group in
      group.addTask {
        try await tell(of: followed)
        if followsStops { try await tellOfStops() }
        return nil
      }
      group.addTask {
        for await interruption in interruptions { return Status(interruption) }
        return nil
      }
      if let timeout {
        for job in followed {
          group.addTask {
            do throws(ReasoningJobFailure) {
              try await jobs.wait(for: job.id, timeout: timeout)
            } catch {
              // What else came of it is told with the others.
              if case .timedOut = error { throw error }
            }
            return nil
          }
        }
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
    guard let end else { return try await outcome() }
    Terminal.tell("Interrupted. The jobs go on when start, wait or list --follow runs again.")
    return end
  }

  /// Tells of what is stopped at providers until all is.
  private func tellOfStops() async throws {
    while true {
      let open = try await stops.open()
      guard !open.isEmpty else { return }
      try await withThrowingTaskGroup { group in
        for stop in open { group.addTask { try await stops.tell(of: stop) } }
        try await group.waitForAll()
      }
    }
  }

  private func tell(of followed: [ReasoningJob]) async throws {
    try await withThrowingTaskGroup { group in
      for job in followed {
        group.addTask {
          var last = ""
          for try await job in jobs.updates(of: job.id) {
            let state = job.status == .running ? job.note ?? "running" : job.status.rawValue
            if state != last { Terminal.tell("\(short(job.id))  \(seconds(job.elapsed))  \(state)") }
            last = state
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Nothing can be done for a job whose provider is not named.
  private func checkProvider(of job: ReasoningJob) throws {
    guard let provider = job.provider, !job.status.isFinal,
      !companion.providers.contains(where: { $0.configuration.id == provider })
    else { return }
    throw UsageError("Job \(job.id) runs at \(provider). Name it, with --model and its options or --config.")
  }

  // MARK: Results

  /// Prints a job's answer. A failure is told, and keeps nobody from the results of others.
  private func showOutcome(of id: JobID) async throws -> Status {
    do throws(ReasoningJobFailure) {
      Terminal.show(try await jobs.result(of: id).response)
      return .done
    } catch {
      if case .failed(_, let partial?) = error { Terminal.show(partial) }
      Terminal.complain("\(error)")
      if case .failed = error { tellOfRetry(id) }
      return Status(error)
    }
  }

  private func showStatus(of job: ReasoningJob) {
    Terminal.show(describe(job))
    if job.status == .failed { tellOfRetry(job.id) }
  }

  private func tellOfRetry(_ id: JobID) {
    Terminal.tell("\"reasoning-jobs retry \(id.rawValue.suffix(6))\" takes it back.")
  }

  private func question(of id: JobID) async throws -> String {
    shortened(try await jobs.status(of: id).question)
  }

  private func describe(_ job: ReasoningJob) -> String {
    var lines = [
      "job       \(job.id)",
      "question  \(job.question.singleLine)",
      "effort    \(job.effort.rawValue)",
      "status    \(job.status.rawValue)",
      "started   \(job.startedAt)",
      "elapsed   \(seconds(job.elapsed))",
    ]
    if let provider = job.provider { lines.append("provider  \(provider)") }
    if let note = job.note, !job.status.isFinal { lines.append("note      \(note.singleLine)") }
    if let failure = job.failure { lines.append("failure   \("\(failure)".singleLine)") }
    return lines.joined(separator: "\n")
  }

  // MARK: Names

  private func all(_ status: ReasoningJob.Status?) async throws -> [ReasoningJob] {
    var found: [ReasoningJob] = []
    for status in status.map({ [$0] }) ?? ReasoningJob.Status.allCases {
      found += try await jobs.jobs(in: status, limit: 1_000)
    }
    return found.sorted { ($0.startedAt, $0.id) > ($1.startedAt, $1.id) }
  }

  /// The job whose ID ends so.
  private func find(_ ending: String) async throws -> ReasoningJob {
    if let id = JobID(ending) {
      do throws(ReasoningJobFailure) { return try await jobs.status(of: id) } catch {
        guard case .unknownJob = error else { throw error }
      }
    }
    let matches = try await all(nil).filter { $0.id.rawValue.hasSuffix(ending) }
    guard let job = matches.first else {
      throw Refusal(description: "No job's ID ends in \(ending). list shows them.")
    }
    guard matches.count == 1 else {
      let names = matches.prefix(5).map(\.id.rawValue).joined(separator: ", ")
      throw Refusal(
        description: "\(matches.count) jobs have an ID that ends in \(ending): \(names)"
          + "\(matches.count > 5 ? ", …" : ""). Give more of it.")
    }
    return job
  }

  private func short(_ id: JobID) -> String { "…\(id.rawValue.suffix(6))" }

  private func shortened(_ question: String) -> String {
    let line = question.singleLine
    return line.count > 60 ? "\(line.prefix(59))…" : line
  }

  private func seconds(_ duration: Duration) -> String {
    let tenths = Int64((duration / .milliseconds(100)).rounded())
    return "\(tenths / 10).\(tenths % 10) s"
  }
}

/// Why nothing was done, in a line for a person.
private struct Refusal: Error, CustomStringConvertible {
  let description: String
}
