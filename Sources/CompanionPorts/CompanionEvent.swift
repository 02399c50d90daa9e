public import CompanionDomain

/// Something that happened, as a host sees it.
public struct CompanionEvent: Hashable, Sendable {
  public var time: Timestamp
  public var session: SessionID?
  public var turn: TurnID?
  public var task: TaskID?
  public var kind: Kind

  public init(
    time: Timestamp, session: SessionID? = nil, turn: TurnID? = nil, task: TaskID? = nil, kind: Kind
  ) {
    self.time = time
    self.session = session
    self.turn = turn
    self.task = task
    self.kind = kind
  }

  /// What happened.
  @nonexhaustive
  public enum Kind: Hashable, Sendable {
    /// A service began to run.
    case serviceStarted(String)
    /// A service ended; with the reason when it did not end as asked.
    case serviceStopped(String, failure: String?)
    /// A session was opened: new, or with a log. Repairs are messages that a crash had left to append.
    case sessionOpened(messages: Int64, repairs: Int)
    /// A person's message is in the log.
    case messageAccepted(SequenceNumber)
    /// What the message asks for is known: once per message.
    case intentUnderstood(Intent)
    /// The model could not say what the message asks for, so rules did.
    case intentFellBack(ProviderFailure?)
    case modelCallStarted(ModelCall)
    case modelCallEnded(ModelCall, ModelCallOutcome)
    /// The person has been given a piece of the answer.
    case answerDelivered(String)
    /// A piece of the model's thoughts.
    case reasoningReceived(String)
    /// The answer is in the log.
    case answerStored(SequenceNumber, ChatMessage.Completion)
    case turnEnded(TurnOutcome)
    case taskCreated(GenerationTask.Request)
    /// A worker took the task; how many died over it before.
    case taskStarted(rescues: Int)
    /// How much of the result there is so far, in characters.
    case taskProgressed(characters: Int)
    case taskCompleted(TaskResult)
    /// Somebody asked a running task to stop.
    case taskCancelRequested(reason: String)
    case taskCancelled(reason: String)
    case taskDeadLettered(TaskFailure)
    /// A worker gave the task back, to be taken up again.
    case taskReleased
    /// The task loop could not reach the store, and will try again.
    case taskLoopFailed(StoreFailure)
    /// A subscriber took its events too slowly and missed so many.
    case eventsDropped(Int)
  }
}

/// One call of a model.
public struct ModelCall: Hashable, Sendable {
  public var purpose: GenerationRequest.Purpose
  public var model: ModelIdentity

  public init(purpose: GenerationRequest.Purpose, model: ModelIdentity) {
    self.purpose = purpose
    self.model = model
  }
}

/// How a call of a model ended.
public struct ModelCallOutcome: Hashable, Sendable {
  /// `nil` when it failed, or was stopped.
  public var finish: FinishReason?
  public var failure: ProviderFailure?
  /// `nil` where the provider did not report it.
  public var usage: TokenUsage?
  public var duration: Duration
  /// From the request to the first piece of the answer.
  public var timeToFirstChunk: Duration?

  public init(
    finish: FinishReason? = nil, failure: ProviderFailure? = nil, usage: TokenUsage? = nil,
    duration: Duration, timeToFirstChunk: Duration? = nil
  ) {
    self.finish = finish
    self.failure = failure
    self.usage = usage
    self.duration = duration
    self.timeToFirstChunk = timeToFirstChunk
  }
}

/// How a turn ended.
@nonexhaustive
public enum TurnOutcome: Hashable, Sendable {
  /// The answer is whole.
  case answered
  /// The answer ended early; what was delivered is kept.
  case interrupted(InterruptionReason)
  /// The work goes on as a background task.
  case handedOver(TaskID)
  case failed(ChatFailure)
}
