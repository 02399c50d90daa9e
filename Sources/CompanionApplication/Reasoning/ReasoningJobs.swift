public import CompanionDomain
public import CompanionPorts

/// Questions that take long thought, answered in the background: a face of the task engine.
///
/// A job that was started is stored. It survives a restart, and a provider that runs it by itself is never given
/// it twice for that. A job that has ended is kept as long as tasks are, seven days unless configured otherwise.
public struct ReasoningJobs: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  private var environment: Environment { engine.environment }

  /// Starts a job. It is stored when this returns.
  ///
  /// - Parameters:
  ///   - question: what is asked: not empty.
  ///   - effort: how much is thought before the answer.
  ///   - deadline: how long it may take altogether; `nil` for as long as it takes.
  ///   - requester: who asks, for ``TaskFilter/requester``.
  ///   - key: a name for the wish itself: starting it again under the same key gives the same job.
  /// - Throws: `invalid` when the question or the deadline is not one that can be taken, `store` when it could
  ///   not be stored.
  public func start(
    _ question: String, effort: GenerationRequest.ReasoningEffort = .low, deadline: Duration? = nil,
    requester: RequesterID? = nil, key: String? = nil
  ) async throws(ReasoningJobFailure) -> JobID {
    guard question.contains(where: { !$0.isWhitespace }) else {
      throw .invalid("The question is empty. Ask something.")
    }
    if let deadline, deadline <= .zero {
      throw .invalid("A deadline of \(deadline) leaves no time. Choose a longer one.")
    }
    let request = GenerationRequest(
      purpose: .task, messages: [PromptMessage(.user, question)], reasoningEffort: effort)
    let payload: TaskPayload
    do { payload = try TaskPayload(request) } catch {
      throw .invalid("The question cannot be stored: \(error)")
    }
    do throws(TaskCommandFailure) {
      return try await CreateGenerationTask(engine: engine)(
        TaskRequest(
          kind: .reasoning, payload: payload, requester: .named(requester ?? Self.requester),
          idempotencyKey: key, deadline: deadline.map { environment.time.now.advanced(by: $0) }))
    } catch {
      if case .store(let failure) = error { throw .store(failure) }
      throw .invalid("\(error)")
    }
  }

  /// Who asks when nobody else is named.
  static let requester: RequesterID = "reasoning"

  /// How a job stands.
  public func status(of id: JobID) async throws(ReasoningJobFailure) -> ReasoningJob {
    try await job(id).job
  }

  /// What came of a job.
  ///
  /// - Throws: ``ReasoningJobFailure``: it is not known, not done yet, has failed, or was cancelled.
  public func result(of id: JobID) async throws(ReasoningJobFailure) -> ReasoningResult {
    let (task, job) = try await job(id)
    switch task.state {
    case .completed(let result):
      return ReasoningResult(response: result.text, totalTime: job.elapsed, job: job)
    case .deadLettered(let letter):
      throw .failed(letter.failure, partial: ReasoningCheckpoint(of: task)?.partial)
    case .cancelled(let cancellation): throw .cancelled(reason: cancellation.reason)
    case .queued, .running, .waiting: throw .unfinished(job)
    }
  }

  /// The jobs that have not ended, newest first.
  public func activeJobs(limit: Int = 100) async throws(ReasoningJobFailure) -> [ReasoningJob] {
    try await jobs(states: [.queued, .running, .waiting], limit: limit) { _ in true }
  }

  /// The jobs of a status, newest first.
  public func jobs(
    in status: ReasoningJob.Status, limit: Int = 100
  ) async throws(ReasoningJobFailure) -> [ReasoningJob] {
    let states: Set<TaskStateName> =
      switch status {
      case .started: [.queued]
      case .running: [.queued, .running, .waiting]
      case .completed: [.completed]
      case .failed: [.deadLettered]
      case .cancelled: [.cancelled]
      }
    return try await jobs(states: states, limit: limit) { $0.status == status }
  }

  /// Cancels a job. Where a provider runs it, it is stopped there too.
  ///
  /// - Returns: what the cancellation found.
  @discardableResult
  public func cancel(
    _ id: JobID, reason: String = "cancelled"
  ) async throws(ReasoningJobFailure) -> CancelOutcome {
    _ = try await job(id)
    do throws(TaskCommandFailure) {
      return try await CancelTask(engine: engine)(id, reason: reason)
    } catch {
      throw failure(error, id)
    }
  }

  /// Waits until a job has ended, in whatever process.
  ///
  /// - Parameter timeout: the longest wait; `nil` for as long as it takes.
  /// - Returns: its result.
  /// - Throws: ``ReasoningJobFailure``; `timedOut` when it had not ended, which changes nothing for the job.
  @discardableResult
  public func wait(
    for id: JobID, timeout: Duration? = nil
  ) async throws(ReasoningJobFailure) -> ReasoningResult {
    if try await job(id).job.status.isFinal { return try await result(of: id) }
    let time = environment.time
    let end = await withTaskGroup(of: ReasoningJobFailure?.self) { group in
      group.addTask { await untilEnd(of: id) }
      if let timeout {
        group.addTask {
          try? await time.sleep(until: time.now.advanced(by: timeout), tolerance: nil)
          return .timedOut(after: timeout)
        }
      }
      let end = await group.next() ?? .interrupted
      group.cancelAll()
      return end
    }
    guard !Task.isCancelled else { throw .interrupted }
    if let end { throw end }
    return try await result(of: id)
  }

  /// Everything that becomes of a job, until it ends.
  public func updates(of id: JobID) -> ReasoningJobUpdates {
    ReasoningJobUpdates(
      events: TaskEventSequence(environment: environment, task: id, after: .start), jobs: self, id: id)
  }

  /// Removes a job that has ended, with its question and its response. A failed one that may still run at its
  /// provider is stopped there.
  ///
  /// - Throws: `unknownJob`, `unfinished` when it has not ended, or `store`.
  public func forget(_ id: JobID) async throws(ReasoningJobFailure) {
    let (task, job) = try await job(id)
    guard job.status.isFinal else { throw .unfinished(job) }
    do throws(StoreFailure) {
      try await remove(task)
    } catch {
      switch error {
      case .conflict(.noSuchTask): throw .unknownJob(id)
      // Somebody has taken it back meanwhile.
      case .conflict(.refused): throw .unfinished(try await self.job(id).job)
      default: throw .store(error)
      }
    }
    if case .deadLettered = task.state {
      await engine.endElsewhere(task, limit: environment.configuration.tasks.windDown)
    }
  }

  // MARK: Parts

  /// Removes a task that has ended, and stores that what may run for it is to be stopped.
  private func remove(_ task: GenerationTask) async throws(StoreFailure) {
    guard case .deadLettered = task.state, let stop = task.stopOfJob(environment) else {
      try await environment.store.commit(.removeTask(task.id))
      return
    }
    environment.announcements.hold([stop.id])
    defer { environment.announcements.release([stop.id]) }
    do throws(StoreFailure) {
      for change in try await environment.store.commit(.removeTask(task.id), .insertTask(stop)) {
        environment.announce(change)
      }
    } catch {
      guard error.isOfStop else { throw error }
      try await environment.store.commit(.removeTask(task.id))
    }
  }

  func job(_ id: JobID) async throws(ReasoningJobFailure) -> (task: GenerationTask, job: ReasoningJob) {
    do throws(StoreFailure) {
      guard let task = try await environment.store.task(id),
        let job = ReasoningJob(task, at: environment.time.now)
      else { throw .conflict(.noSuchTask) }
      return (task, job)
    } catch {
      if case .conflict(.noSuchTask) = error { throw .unknownJob(id) }
      throw .store(error)
    }
  }

  private func jobs(
    states: Set<TaskStateName>, limit: Int, where isMeant: (ReasoningJob) -> Bool
  ) async throws(ReasoningJobFailure) -> [ReasoningJob] {
    var found: [ReasoningJob] = []
    var filter = TaskFilter(states: states, kind: .reasoning)
    do throws(StoreFailure) {
      while found.count < limit {
        let page = try await environment.store.tasks(matching: filter, limit: Self.pageLength)
        let now = environment.time.now
        found += page.compactMap { ReasoningJob($0, at: now) }.filter(isMeant)
        guard page.count == Self.pageLength, let last = page.last else { break }
        filter.after = last.id
      }
    } catch {
      throw .store(error)
    }
    return Array(found.prefix(max(0, limit)))
  }

  private static let pageLength = 200

  /// - Returns: why it cannot be seen whether the job has ended; `nil` when it has.
  private func untilEnd(of id: JobID) async -> ReasoningJobFailure? {
    do throws(ReasoningJobFailure) {
      for try await job in updates(of: id) where job.status.isFinal { return nil }
    } catch {
      return error
    }
    return Task.isCancelled ? .interrupted : nil
  }

  private func failure(_ error: TaskCommandFailure, _ id: JobID) -> ReasoningJobFailure {
    switch error {
    case .unknownTask: .unknownJob(id)
    case .store(let failure): .store(failure)
    default: .invalid("\(error)")
    }
  }
}
