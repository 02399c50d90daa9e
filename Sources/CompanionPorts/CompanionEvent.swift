public import CompanionDomain

/// Something that happened, as a host sees it.
public struct CompanionEvent: Hashable, Sendable {
  /// When it happened.
  public var time: Timestamp
  /// The conversation it belongs to; `nil` for what concerns none.
  public var session: SessionID?
  /// The turn it belongs to; `nil` outside of one.
  public var turn: TurnID?
  /// The background task it belongs to; `nil` for what concerns none.
  public var task: TaskID?
  /// What happened, with its details.
  public var kind: Kind

  /// An event of these parts.
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
    /// A service ended.
    case serviceStopped(String)
    /// A session was opened: new, or with a log. Repairs are messages that a crash had left to append.
    case sessionOpened(messages: Int64, repairs: Int)
    /// A person's message is in the log.
    case messageAccepted(SequenceNumber)
    /// A message was edited or deleted.
    case messageAmended(SequenceNumber, ChatMessage.Change)
    /// What the message asks for is known: once per message.
    case intentUnderstood(Intent)
    /// The model could not say what the message asks for, so rules did; `nil` when it answered, but not in the
    /// form that it was asked for.
    case intentFellBack(ProviderFailure?)
    /// A prompt was made, by the template of this name; with what had to be cut so that it fits.
    case promptCompiled(CallPurpose, PromptTemplate.ID, PromptReport)
    /// Answers are given with more, or with less, from now on.
    case modeChanged(ChatMode)
    /// This answer could not be given in enhanced mode, for this reason, and is given in standard mode.
    case modeFellBack(String)
    /// A tool is about to be called.
    case toolCallStarted(ToolCall)
    /// A call of a tool is over; what it brought, and how long it took. One for which no tool was called has no start:
    /// what was refused, and what the person was asked.
    case toolCallEnded(ToolCall, ToolResult.Outcome, Duration)
    /// A task waits until somebody has said whether a call of a tool may be made.
    case approvalRequested(Approval)
    /// Somebody has said so, nobody has in time, or the task has ended before.
    case approvalDecided(Approval)
    /// What is known of a conversation besides its messages has changed, to this version.
    case contextUpdated(version: Int64)
    /// The summary of older messages reaches up to this one now.
    case historySummarized(through: SequenceNumber)
    /// Older messages could not be summarised. It is tried again after the next turn.
    case historySummaryFailed(ProviderFailure)
    /// A conversation was closed, and takes no messages any more.
    case sessionClosed(SessionClosing)
    /// A model is about to be called.
    case modelCallStarted(ModelCall)
    /// A call of a model is over, whether it succeeded or not.
    case modelCallEnded(ModelCall, ModelCallOutcome)
    /// A provider has taken a job, and works on it by itself.
    case modelJobHandedOver(ModelCall)
    /// A call has to wait: no provider can be called before a time, or before something changes for `nil`.
    case callWaits(ProviderID, until: Timestamp?, reason: String)
    /// A provider failed, and the call was made at another one.
    case callFailedOver(from: ProviderID, to: ProviderID, ProviderFailure)
    /// A provider's circuit breaker has opened, until a time, is half-open, or has closed; and what it was that
    /// failed.
    case providerHealthChanged(
      ProviderID, CircuitBreaker.Phase, until: Timestamp?, ProviderFailure?)
    /// A budget has run low, or is used up.
    case budgetReached(ProviderID, CostBudget.Level, spent: Double, CostBudget)
    /// Calls that went to one provider go to another; so many tasks were moved.
    case providerSwitched(from: ProviderID, to: ProviderID, reason: String, movedTasks: Int)
    /// A provider is called by a new configuration, which has passed its test.
    case providerUpdated(ProviderID)
    /// A new configuration of a provider has failed its test, and was not applied.
    case providerUpdateRefused(ProviderID, ProviderFailure)
    /// A job could not be stopped at its provider for so long that nobody tries any more: it may run on there, and
    /// be billed.
    case providerJobNotStopped(ProviderJobID, at: ProviderID, TaskFailure)
    /// So many entries of the ledger could not be stored, and are lost.
    case ledgerEntriesLost(Int)
    /// The person has been given a piece of the answer.
    case answerDelivered(String)
    /// A piece of the model's thoughts.
    case reasoningReceived(String)
    /// The answer is in the log.
    case answerStored(SequenceNumber, ChatMessage.Completion)
    /// The turn is over; a task that it has handed over goes on.
    case turnEnded(TurnOutcome)
    /// Something happened to a task, and is stored; with the task as it then was. What other processes did is
    /// not among these: see `taskEvents(after:)`.
    case task(TaskEvent.Kind, GenerationTask)
    /// No task of this kind, or of any, is claimed from now on.
    case tasksPaused(TaskKind?)
    /// They are claimed again.
    case tasksResumed(TaskKind?)
    /// So many tasks that had ended long ago were removed.
    case tasksPruned(Int)
    /// A service could not reach the store, and will try again.
    case serviceFailed(String, StoreFailure)
    /// Memory is about to be formed.
    case memoryRunStarted
    /// A version of a memory is stored; an empty one has expired.
    case memoryStored(MemoryKey, version: Int64, isEmpty: Bool)
    /// A fact is stored.
    case factStored(FactID, in: MemoryScope)
    /// A newer fact has taken the place of an older one.
    case factSuperseded(FactID, by: FactID)
    /// A fact is gone, because the words that it quotes are.
    case factRemoved(FactID)
    /// A part of a run failed. The next run tries it again.
    case memoryPassFailed(MemoryPass, MemoryScope, MemoryPassFailure)
    /// Messages were left out of a memory: no model takes them.
    case memorySkipped(MemoryPass, MemoryScope, messages: Int, MemoryPassFailure)
    /// A run is over.
    case memoryRunEnded(MemoryRun)
    /// A space for vectors was opened: all that can be found is embedded in it from now on.
    case embeddingSpaceOpened(EmbeddingSpace)
    /// How far a run of embedding has come.
    case embeddingProgressed(EmbeddingProgress)
    /// Something could not be embedded, and is not tried again until it is changed, or somebody asks for it.
    case embeddingParked(FailedEmbedding, in: EmbeddingSpace)
    /// A run of embedding is over that has done something, or has failed.
    case embeddingRunEnded(EmbeddingRun)
    /// The companion would say something by itself in this conversation: answer its last message to let it, or drop
    /// this.
    case speakUpSuggested(SpeakUpJudgement, after: SequenceNumber)
    /// A subscriber took its events too slowly and missed so many.
    case eventsDropped(Int)
  }
}

/// One call of a model.
public struct ModelCall: Hashable, Sendable {
  /// What the answer is for.
  public var purpose: CallPurpose
  /// The configured provider that is called.
  public var provider: ProviderID
  /// The model that is called.
  public var model: ModelIdentity

  /// A call of a model.
  public init(purpose: CallPurpose, provider: ProviderID, model: ModelIdentity) {
    self.purpose = purpose
    self.provider = provider
    self.model = model
  }
}

/// How a call of a model ended.
public struct ModelCallOutcome: Hashable, Sendable {
  /// `nil` when it failed, or was stopped.
  public var finish: FinishReason?
  /// Why it failed; `nil` when it did not, or was stopped.
  public var failure: ProviderFailure?
  /// `nil` where the provider did not report it.
  public var usage: TokenUsage?
  /// What the call cost; `nil` where the tokens, or the model's price, are not known.
  public var cost: Cost?
  /// From the request to the end, the consumer's own pauses included.
  public var duration: Duration
  /// From the request to the first piece of the answer.
  public var timeToFirstChunk: Duration?

  /// How a call ended; what is not given is not known, or did not happen.
  public init(
    finish: FinishReason? = nil, failure: ProviderFailure? = nil, usage: TokenUsage? = nil,
    cost: Cost? = nil, duration: Duration, timeToFirstChunk: Duration? = nil
  ) {
    self.finish = finish
    self.failure = failure
    self.usage = usage
    self.cost = cost
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
  /// There is no whole answer; what was delivered of it is kept, unless the conversation takes nothing any more.
  case failed(ChatFailure)
}
