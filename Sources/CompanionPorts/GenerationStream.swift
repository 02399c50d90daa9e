public import CompanionDomain

/// The events of a streamed answer, in order. It can be gone through once.
///
/// Nothing is read ahead: the provider is asked for more when the consumer asks for the next event.
public struct GenerationStream: AsyncSequence, Sendable {
  /// A step of the answer.
  public typealias Element = GenerationEvent
  /// Why the answer is not whole.
  public typealias Failure = ProviderFailure

  private let base: any AsyncSequence<GenerationEvent, ProviderFailure> & Sendable

  /// The events of another sequence.
  public init(_ base: some AsyncSequence<GenerationEvent, ProviderFailure> & Sendable) {
    self.base = base
  }

  /// The consumer's end. There is one consumer.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(base: Self.iterator(of: base)) }

  private static func iterator(
    of sequence: some AsyncSequence<GenerationEvent, ProviderFailure>
  ) -> any AsyncIteratorProtocol<GenerationEvent, ProviderFailure> {
    sequence.makeAsyncIterator()
  }

  /// Takes the events, one by one.
  public struct AsyncIterator: AsyncIteratorProtocol {
    var base: any AsyncIteratorProtocol<GenerationEvent, ProviderFailure>

    /// The next event; `nil` when the answer is over.
    public mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ProviderFailure) -> GenerationEvent? {
      try await base.next(isolation: actor)
    }

    /// The next event; see ``next(isolation:)``.
    public mutating func next() async throws(ProviderFailure) -> GenerationEvent? {
      try await base.next(isolation: #isolation)
    }
  }
}

extension GenerationStream {
  /// Events that are known beforehand.
  public init(events: [GenerationEvent]) { self.init(KnownEvents(events: events)) }

  private struct KnownEvents: AsyncSequence, Sendable {
    typealias Element = GenerationEvent
    typealias Failure = ProviderFailure
    let events: [GenerationEvent]

    func makeAsyncIterator() -> Iterator { Iterator(rest: events[...]) }

    struct Iterator: AsyncIteratorProtocol {
      var rest: ArraySlice<GenerationEvent>

      mutating func next(
        isolation actor: isolated (any Actor)?
      ) async throws(ProviderFailure) -> GenerationEvent? {
        guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
        return rest.popFirst()
      }
    }
  }
}
