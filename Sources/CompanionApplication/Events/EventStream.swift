public import CompanionPorts
import Synchronization

/// The events of a companion from the moment of subscription on, for one consumer.
///
/// A subscriber that is slower than the events misses the oldest, and learns how many by an
/// ``CompanionEvent/Kind/eventsDropped(_:)`` in their place. Letting go of the stream ends the subscription.
public final class EventStream: AsyncSequence, Sendable {
  /// An event.
  public typealias Element = CompanionEvent
  /// It does not fail.
  public typealias Failure = Never

  private let buffer: Buffer
  private let unsubscribe: @Sendable () -> Void

  init(buffer: Buffer, unsubscribe: @escaping @Sendable () -> Void) {
    self.buffer = buffer
    self.unsubscribe = unsubscribe
  }

  deinit { unsubscribe() }

  /// The consumer's end. There is one consumer: a second one gets events that the first then misses.
  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(stream: self) }

  /// Takes the events, one by one.
  public struct AsyncIterator: AsyncIteratorProtocol {
    let stream: EventStream

    /// The next event; `nil` when the companion has stopped, or the task has been cancelled.
    public mutating func next(isolation actor: isolated (any Actor)?) async -> CompanionEvent? {
      await stream.buffer.next()
    }

    /// The next event; see ``next(isolation:)``.
    public mutating func next() async -> CompanionEvent? { await stream.buffer.next() }
  }

  /// A bounded queue with one consumer.
  final class Buffer: Sendable {
    private struct State {
      var events: [CompanionEvent] = []
      var taken = 0
      var dropped = 0
      var isFinished = false
      var consumer: CheckedContinuation<CompanionEvent?, Never>?

      var waiting: Int { events.count - taken }

      mutating func popFirst() -> CompanionEvent? {
        guard waiting > 0 else { return nil }
        let event = events[taken]
        taken += 1
        if taken == events.count || taken > 1024 {
          events.removeFirst(taken)
          taken = 0
        }
        return event
      }
    }

    private let limit: Int
    private let state = Mutex(State())

    init(limit: Int) { self.limit = limit }

    func add(_ event: CompanionEvent) {
      let consumer = state.withLock { state -> CheckedContinuation<CompanionEvent?, Never>? in
        guard !state.isFinished else { return nil }
        if let consumer = state.consumer.take() { return consumer }
        if state.waiting >= limit {
          _ = state.popFirst()
          state.dropped += 1
        }
        state.events.append(event)
        return nil
      }
      consumer?.resume(returning: event)
    }

    func finish() {
      let consumer = state.withLock { state in
        state.isFinished = true
        return state.consumer.take()
      }
      consumer?.resume(returning: nil)
    }

    func next() async -> CompanionEvent? {
      await withTaskCancellationHandler {
        await withCheckedContinuation { continuation in
          let (immediate, event, displaced) = state.withLock {
            state -> (Bool, CompanionEvent?, CheckedContinuation<CompanionEvent?, Never>?) in
            if state.dropped > 0, let first = state.events.dropFirst(state.taken).first {
              defer { state.dropped = 0 }
              return (true, CompanionEvent(time: first.time, kind: .eventsDropped(state.dropped)), nil)
            }
            if let event = state.popFirst() { return (true, event, nil) }
            if state.isFinished || Task.isCancelled { return (true, nil, nil) }
            let displaced = state.consumer.take()
            state.consumer = continuation
            return (false, nil, displaced)
          }
          displaced?.resume(returning: nil)
          if immediate { continuation.resume(returning: event) }
        }
      } onCancel: {
        state.withLock { $0.consumer.take() }?.resume(returning: nil)
      }
    }
  }
}
