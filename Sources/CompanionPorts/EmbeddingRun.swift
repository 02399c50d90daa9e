public import CompanionDomain

/// What one run of embedding has done.
public struct EmbeddingRun: Hashable, Sendable {
  /// How a run ended.
  @nonexhaustive
  public enum End: Hashable, Sendable {
    /// Nothing more is due.
    case complete
    /// No configured provider makes vectors.
    case noService
    /// The service failed, whatever it was given; the next run goes on.
    case serviceFailed(ProviderFailure)
    /// The store failed; the next run goes on.
    case storeFailed(StoreFailure)
    /// It was stopped; the next run goes on.
    case stopped
  }

  /// When it began.
  public var startedAt: Timestamp
  /// How long it took.
  public var duration: Duration = .zero
  /// How it ended.
  public var end: End = .complete
  /// Where its vectors are; `nil` where it has not come to that.
  public var space: EmbeddingSpace?
  /// What was embedded: messages, memories, facts and documents.
  public var embedded = 0
  /// The vectors that were stored for it: several for a long text.
  public var vectors = 0
  /// What failed and is tried again.
  public var failed = 0
  /// What failed for the last time.
  public var parked = 0
  /// The calls of the service, failed ones included.
  public var calls = 0
  /// The tokens that the service has counted; 0 where it does not tell.
  public var tokens = 0
  /// When the first of what has failed is tried again; `nil` for never.
  public var nextRetry: Timestamp?

  /// A run that begins.
  public init(startedAt: Timestamp) { self.startedAt = startedAt }
}

/// How far a run of embedding has come.
public struct EmbeddingProgress: Hashable, Sendable {
  /// Where its vectors are.
  public var space: EmbeddingSpace
  /// How much has its vectors, and how much has not.
  public var coverage: EmbeddingCoverage
  /// How much was embedded in a second, lately; 0 as long as that is not known.
  public var rate: Double
  /// How long the rest takes at this rate; `nil` where that is not known.
  public var remaining: Duration?

  /// A progress of these parts.
  public init(space: EmbeddingSpace, coverage: EmbeddingCoverage, rate: Double, remaining: Duration?) {
    self.space = space
    self.coverage = coverage
    self.rate = rate
    self.remaining = remaining
  }
}

extension EmbeddingRun.End: CustomStringConvertible {
  /// One line for a person: what happened, and what to do.
  public var description: String {
    switch self {
    case .complete: "Nothing more is due."
    case .noService: "No configured provider makes vectors. Configure one with the capability embedding."
    case .serviceFailed(let failure): failure.description
    case .storeFailed(let failure): failure.description
    case .stopped: "The run was stopped. The next run goes on."
    }
  }
}
