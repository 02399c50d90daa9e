public import CompanionDomain

/// A language model whose provider runs long requests by itself: they are handed over, and asked after.
///
/// Like a ``LanguageModel`` it makes one attempt at each call, and decides nothing about another.
public protocol BackgroundLanguageModel: Sendable {
  /// Which model this is.
  var identity: ModelIdentity { get }

  /// Hands a request over; returns when the provider has taken it.
  ///
  /// - Parameter key: names this submission. A provider that knows idempotency keys takes it once, however
  ///   often it is made.
  func submit(_ request: GenerationRequest, key: String) async throws(ProviderFailure) -> ProviderJob

  /// How a job stands.
  func poll(_ job: ProviderJobID) async throws(ProviderFailure) -> ProviderJob

  /// The answer of a job that has completed, or what there is of an incomplete one.
  ///
  /// - Throws: `ProviderFailure` when the job has not ended, or has failed.
  func fetch(_ job: ProviderJobID) async throws(ProviderFailure) -> GenerationResponse

  /// Stops a job. One that has ended stays as it is: that is no failure.
  func cancel(_ job: ProviderJobID) async throws(ProviderFailure)
}

/// A job at a provider, as the provider tells of it.
public struct ProviderJob: Hashable, Sendable {
  /// The provider's name for it.
  public var id: ProviderJobID
  /// How it stands.
  public var state: ProviderJobState
  /// How long the provider asks to wait before the next look; `nil` where it says nothing.
  public var pollAfter: Duration?

  /// A job of these parts.
  public init(id: ProviderJobID, state: ProviderJobState, pollAfter: Duration? = nil) {
    self.id = id
    self.state = state
    self.pollAfter = pollAfter
  }
}

/// How a job at a provider stands.
@nonexhaustive
public enum ProviderJobState: Hashable, Sendable {
  /// The provider has not begun.
  case queued
  /// The provider works on it.
  case running
  /// There is an answer.
  case completed
  /// The answer ended before it was whole: a limit on tokens, or the provider's filter. What there is of it can
  /// be fetched.
  case incomplete(ProviderFailure)
  /// There is no answer.
  case failed(ProviderFailure)
  /// Somebody stopped it.
  case cancelled
}
