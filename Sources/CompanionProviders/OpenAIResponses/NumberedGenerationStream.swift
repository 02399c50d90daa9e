public import CompanionDomain
public import CompanionPorts

/// The steps of a job that a provider streams, in order and with their numbers, so that a stream that was cut
/// can be taken up behind the last step that came. It can be gone through once.
///
/// The last step holds ``GenerationEvent/finished(_:)``; a stream that ends without it has been cut, and throws
/// so. Letting go of the stream does not stop the job.
public struct NumberedGenerationStream: AsyncSequence, Sendable {
  /// What the provider tells at once.
  public struct Step: Hashable, Sendable {
    /// The job that is streamed.
    public var job: ProviderJobID
    /// Where the stream can be taken up again: behind this.
    public var number: Int
    /// What it means for the answer; often nothing. The index of a tool call counts everything that the model
    /// puts out, thoughts and texts too, so that it is the same in a stream that was taken up midway.
    public var events: [GenerationEvent]

    /// A step of these parts.
    public init(job: ProviderJobID, number: Int, events: [GenerationEvent]) {
      self.job = job
      self.number = number
      self.events = events
    }
  }

  /// A step of the job.
  public typealias Element = Step
  /// Why the stream is not whole.
  public typealias Failure = ProviderFailure

  private let base: AnswerSequence<NumberedResponsesReader>

  /// - Parameter job: `nil` where the stream itself is to name it.
  init(body: HTTPBody, context: ResponseContext, job: ProviderJobID?) {
    base = AnswerSequence(body: body, context: context, reader: NumberedResponsesReader(job: job))
  }

  /// The consumer's end. There is one consumer.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: base.makeAsyncIterator()) }

  /// Takes the steps, one by one.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: AnswerSequence<NumberedResponsesReader>.Iterator

    /// The next step; `nil` when the job is over.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ProviderFailure) -> Step? {
      try await base.next(isolation: actor)
    }

    /// The next step; see ``next(isolation:)``.
    public mutating func next() async throws(ProviderFailure) -> Step? {
      try await base.next(isolation: #isolation)
    }
  }
}
