public import CompanionDomain

/// Does the tasks of one kind.
///
/// A task may be run more than once: its worker may die before the result is stored, or after the provider has
/// been called. A handler is safe when running it twice does no harm; what must not happen twice it asks of a
/// service that takes an idempotency key, such as the task's name, or notes in a checkpoint first.
public protocol TaskHandler: Sendable {
  /// Makes one attempt.
  ///
  /// It is cancelled when somebody wants the task to stop, when the attempt takes too long, when another
  /// worker has the task, and at a shutdown; it then returns soon, and what it brings is not taken.
  ///
  /// - Throws: `TaskFailure` or `ProviderFailure`, which say whether another attempt may succeed. Any other
  ///   error is tried again as the policy says.
  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome

  /// Ends what goes on elsewhere for a task that was cancelled, or whose time ran out, such as a job at a
  /// provider. A handler that was running has stopped, or has been given up, when this is called.
  ///
  /// Does nothing, unless a handler says otherwise.
  func end(_ task: GenerationTask) async
}

extension TaskHandler {
  /// Does nothing.
  public func end(_ task: GenerationTask) async {}
}

/// What an attempt came to.
@nonexhaustive
public enum TaskOutcome: Hashable, Sendable {
  /// It is done; this is the result, as the person is given it.
  case done(String, usage: TokenUsage? = nil)
  /// It has to wait for something. The handler runs again when that is there, or when the limit has passed.
  ///
  /// `storing` is stored together with the wait, or neither is: what is waited for cannot come in between. When a
  /// precondition of it does not hold, the handler runs again at once.
  indirect case waiting(WaitReason, limit: Duration? = nil, storing: ChangeSet = ChangeSet([]))
}

/// One attempt at a task.
public struct TaskAttempt: Sendable {
  /// The task as it was when it was claimed. Its ``GenerationTask/lease`` is the fence: whatever the handler
  /// writes elsewhere can carry it, so that a later attempt's is told from it.
  public let task: GenerationTask
  /// The payload, brought to the version that the handler takes.
  public let payload: TaskPayload
  private let onReport: @Sendable (TaskProgress, TokenUsage?, ChangeSet) async throws -> Void

  /// An attempt; a test of a handler makes its own.
  ///
  /// - Parameters:
  ///   - task: the task.
  ///   - payload: the payload in the handler's version; `nil` for the task's own.
  ///   - onReport: takes every report, and what is to be stored with it.
  public init(
    task: GenerationTask, payload: TaskPayload? = nil,
    onReport: @escaping @Sendable (TaskProgress, TokenUsage?, ChangeSet) async throws -> Void = { _, _, _ in }
  ) {
    self.task = task
    self.payload = payload ?? task.request.payload
    self.onReport = onReport
  }

  /// Which attempt this is, from 1. A task that waited and goes on is still in the same one.
  public var number: Int { task.attempt }

  /// The last checkpoint of an earlier attempt, or of this one before it waited.
  public var checkpoint: String? { task.progress?.checkpoint }

  /// What was said to end the wait before this run, such as an answer.
  public var input: String? { task.input?.text }

  /// Stores how far the task is. A checkpoint is there when this returns; the rest may be stored later, so
  /// that frequent reports cost little.
  ///
  /// - Parameter changes: what is stored together with the report, at once, as long as the task is this attempt's;
  ///   or neither is.
  /// - Throws: `CancellationError` when the attempt is over; `StoreFailure` when a checkpoint, or the changes, were not
  ///   stored.
  public func report(
    _ progress: TaskProgress, usage: TokenUsage? = nil, storing changes: ChangeSet = ChangeSet([])
  ) async throws {
    try await onReport(progress, usage, changes)
  }
}
