package import CompanionPorts
import Synchronization

/// Gives every event to the host's sink and to all who have subscribed.
package final class EventBus: EventSink {
  private struct State {
    var subscribers: [Int: EventStream.Buffer] = [:]
    var nextSubscriber = 0
    var hasFinished = false
  }

  private let sink: (any EventSink)?
  private let state = Mutex(State())

  package init(sink: (any EventSink)? = nil) { self.sink = sink }

  package func emit(_ event: CompanionEvent) {
    sink?.emit(event)
    let buffers = state.withLock { $0.subscribers }
    guard !buffers.isEmpty else { return }
    for id in buffers.keys.sorted() { buffers[id]?.add(event) }
  }

  /// All events from now on.
  ///
  /// - Parameter limit: the most events that wait for the subscriber; the oldest give way.
  package func subscribe(limit: Int) -> EventStream {
    let buffer = EventStream.Buffer(limit: max(1, limit))
    let (id, hasFinished) = state.withLock { state in
      state.nextSubscriber += 1
      if !state.hasFinished { state.subscribers[state.nextSubscriber] = buffer }
      return (state.nextSubscriber, state.hasFinished)
    }
    if hasFinished { buffer.finish() }
    return EventStream(buffer: buffer) { [weak self] in
      _ = self?.state.withLock { $0.subscribers.removeValue(forKey: id) }
    }
  }

  /// Ends all subscriptions, after what is buffered has been taken.
  package func finish() {
    let buffers = state.withLock { state in
      state.hasFinished = true
      defer { state.subscribers = [:] }
      return state.subscribers
    }
    for id in buffers.keys.sorted() { buffers[id]?.finish() }
  }
}
