public import CompanionDomain
public import CompanionPorts

/// Names a reasoning job: the task that does it.
public typealias JobID = TaskID

/// A reasoning job as it stands.
public struct ReasoningJob: Hashable, Sendable {
  /// How a job stands.
  @nonexhaustive
  public enum Status: String, Hashable, Sendable, Codable, CaseIterable {
    /// It is stored, and nobody has begun.
    case started
    /// It is being worked on: here, at the provider, or between two attempts.
    case running
    /// There is a response.
    case completed
    /// It has failed for good.
    case failed
    /// It was cancelled.
    case cancelled

    /// Whether nothing more comes of it.
    public var isFinal: Bool { self != .started && self != .running }
  }

  /// Its name.
  public var id: JobID
  /// What was asked.
  public var question: String
  /// How much is thought before the answer.
  public var effort: GenerationRequest.ReasoningEffort
  /// How it stands.
  public var status: Status
  /// How long it has taken so far, or took until it ended.
  public var elapsed: Duration
  /// The provider that runs it, or to which it is being handed over; `nil` where none does by itself.
  public var provider: ProviderID?
  /// What is being done, in words; `nil` before anything is.
  public var note: String?
  /// Why it failed; `nil` when it did not.
  public var failure: TaskFailure?
  /// When it was started.
  public var startedAt: Timestamp
}

/// The response of a reasoning job.
public struct ReasoningResult: Hashable, Sendable {
  /// The answer.
  public var response: String
  /// From the start to the end.
  public var totalTime: Duration
  /// The job.
  public var job: ReasoningJob
}

/// Why a command about a reasoning job was not carried out, or why there is no result.
@nonexhaustive
public enum ReasoningJobFailure: Error, Hashable, Sendable {
  /// There is no such job.
  case unknownJob(JobID)
  /// The request is not what it must be; it says what is wrong, in a line for a person.
  case invalid(String)
  /// There is no result yet.
  case unfinished(ReasoningJob)
  /// There is no result: the job failed. What there is of an answer that was cut is kept.
  case failed(TaskFailure, partial: String?)
  /// There is no result: the job was cancelled.
  case cancelled(reason: String)
  /// The job had not ended when the wait was over. It goes on.
  case timedOut(after: Duration)
  /// The store failed.
  case store(StoreFailure)
  /// The caller was cancelled. The job goes on.
  case interrupted
}

extension ReasoningJobFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .unknownJob(let id): "There is no reasoning job \(id). List the jobs to see their names."
    case .invalid(let what): what
    case .unfinished(let job):
      "There is no result yet: the job is \(job.status.rawValue). Wait for it, or cancel it."
    case .failed(let failure, partial: nil): "There is no result: the job failed. \(failure)"
    case .failed(let failure, partial: _?):
      "There is no whole result: the job failed. \(failure) What there is of the answer was kept."
    case .cancelled(let reason): "There is no result: the job was cancelled. \(reason)"
    case .timedOut(let limit): "The job had not ended after \(limit). It goes on; wait again, or ask later."
    case .store(let failure): failure.description
    case .interrupted: "The wait was cancelled. The job goes on."
    }
  }
}

extension ReasoningJob {
  /// The job that a task of the kind `reasoning` does.
  init?(_ task: GenerationTask, at now: Timestamp) {
    guard task.request.kind == .reasoning,
      let request = try? task.request.payload.decode(GenerationRequest.self)
    else { return nil }
    id = task.id
    question = request.messages.last { $0.role == .user }?.text ?? ""
    effort = request.reasoningEffort ?? .low
    startedAt = task.createdAt
    elapsed = task.elapsed(at: now)
    provider = ReasoningCheckpoint(of: task)?.provider
    note = task.progress?.note
    switch task.state {
    case .queued: status = task.lease.rawValue == 0 ? .started : .running
    case .running, .waiting: status = .running
    case .completed: status = .completed
    case .cancelled: status = .cancelled
    case .deadLettered(let letter):
      status = .failed
      failure = letter.failure
    }
  }
}
