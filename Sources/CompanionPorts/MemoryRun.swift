public import CompanionDomain

/// What one run of forming memory has done, and what it has cost.
public struct MemoryRun: Hashable, Sendable {
  /// How a run ended.
  @nonexhaustive
  public enum End: String, Hashable, Sendable {
    /// Everything that could be remembered is.
    case complete
    /// Some of it failed; the next run tries it again.
    case failedPartly = "failed-partly"
    /// The budget of calls or tokens was used up; the next run goes on.
    case budget
    /// It was stopped; the next run goes on.
    case stopped
  }

  /// When it began.
  public var startedAt: Timestamp
  /// How long it took.
  public var duration: Duration = .zero
  /// How it ended.
  public var end: End = .complete
  /// The calls of a model, failed ones included.
  public var calls = 0
  /// The tokens of the prompts; estimated where the provider does not tell.
  public var inputTokens = 0
  /// The tokens of the answers; estimated where the provider does not tell.
  public var outputTokens = 0
  /// The messages that were read, each once.
  public var messages = 0
  /// The memories that were stored, in their order; one may have been stored several times. Those that have expired
  /// are not among them.
  public var memories: [MemoryKey] = []
  /// The memories that have expired, each once: their text is gone.
  public var expired = 0
  /// The facts that were stored.
  public var facts = 0
  /// The facts that were superseded.
  public var supersededFacts = 0
  /// What failed.
  public var failures = 0

  /// A run that begins.
  public init(startedAt: Timestamp) { self.startedAt = startedAt }
}

/// Why a part of a run failed.
@nonexhaustive
public enum MemoryPassFailure: Error, Hashable, Sendable {
  /// The model failed.
  case model(ProviderFailure)
  /// The store failed.
  case store(StoreFailure)
  /// The model's answer is not what it was asked for.
  case unreadable(String)
  /// The run's budget is used up.
  case budget
  /// The run was stopped.
  case stopped
}

extension MemoryPassFailure: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .model(let failure): failure.description
    case .store(let failure): failure.description
    case .unreadable(let what):
      "The model's answer could not be read: \(what). A model that keeps to a form of answer does better."
    case .budget: "The run's budget is used up. The next run goes on; raise the budget to have more in one."
    case .stopped: "The run was stopped. The next run goes on."
    }
  }
}
