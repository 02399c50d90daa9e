/// A question that a background task asks somebody, and waits for the answer to.
///
/// It is as durable as its task, and is answered once.
public struct TaskQuestion: Hashable, Sendable, Codable {
  /// The task that asks.
  public let task: TaskID
  /// The claim of the task under which it was asked: it tells the questions of a task apart.
  public let lease: LeaseNumber
  /// The conversation that the task comes from; `nil` for none.
  public let session: SessionID?
  /// What is asked.
  public let text: String
  /// Since when.
  public let askedAt: Timestamp
  /// From when on the task goes on without an answer; `nil` for never.
  public let expiresAt: Timestamp?

  /// What a task asks as it stands; `nil` when it waits for no answer.
  public init?(of task: GenerationTask) {
    guard case .waiting(let wait) = task.state, case .answer(let text) = wait.reason else { return nil }
    self.task = task.id
    lease = task.lease
    session = if case .conversation(let session, _) = task.request.requester { session } else { nil }
    self.text = text
    askedAt = wait.since
    expiresAt = wait.until
  }
}
