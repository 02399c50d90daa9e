import CompanionDomain
import CompanionPorts

/// What becomes of a reasoning job, as it becomes: the job as it stands at first, then whenever something about it
/// has changed, until it has ended.
///
/// It ends early when the waiting task is cancelled. What changes faster than it is asked for counts as one.
public struct ReasoningJobUpdates: AsyncSequence, Sendable {
  /// The job as it stands.
  public typealias Element = ReasoningJob
  /// Why the job cannot be followed.
  public typealias Failure = ReasoningJobFailure

  let events: TaskEventSequence
  let jobs: ReasoningJobs
  let id: JobID

  /// An iteration from the job's present state on.
  public func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(events: events.makeAsyncIterator(), jobs: jobs, id: id)
  }

  /// Takes the updates, one by one.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var events: TaskEventSequence.AsyncIterator
    let jobs: ReasoningJobs
    let id: JobID
    private var last: (event: Int64, isFinal: Bool)?

    init(events: TaskEventSequence.AsyncIterator, jobs: ReasoningJobs, id: JobID) {
      self.events = events
      self.jobs = jobs
      self.id = id
    }

    /// The next update; see ``next()``.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ReasoningJobFailure) -> ReasoningJob? {
      try await next()
    }

    /// The next update; `nil` when there will be none.
    public mutating func next() async throws(ReasoningJobFailure) -> ReasoningJob? {
      while last?.isFinal != true {
        if last != nil {
          do throws(StoreFailure) {
            guard let event = try await events.next() else { return nil }
            // The job that was seen last has told of this already.
            guard event.event.number > last?.event ?? 0 else { continue }
          } catch {
            if case .conflict(.noSuchTask) = error { throw .unknownJob(id) }
            throw .store(error)
          }
        }
        let (task, job) = try await jobs.job(id)
        last = (task.lastEvent, job.status.isFinal)
        return job
      }
      return nil
    }
  }
}
