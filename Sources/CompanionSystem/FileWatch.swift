import Dispatch
import Synchronization

/// A file that is watched for as long as somebody waits for its next change.
///
/// Between two waits the events stay with the system, which puts them together: a file that is written all the
/// time costs no more than its consumer takes.
final class FileWatch: Sendable {
  /// What the system's events say.
  enum Finding { case nothing, changed, gone }

  /// Makes an inactive source that tells of its events on a queue.
  typealias MakeSource = (DispatchQueue) -> any DispatchSourceProtocol

  /// A suspended source may not be released, so that it is resumed before the end.
  private struct State {
    var source: any DispatchSourceProtocol
    var waiter: CheckedContinuation<Void?, Never>?
    var hasEnded = false
  }

  private let state: Mutex<State>

  private init(_ make: MakeSource) {
    state = Mutex(State(source: make(DispatchQueue(label: "CompanionSystem.watcher"))))
  }

  deinit { end() }

  /// A stream of the changes that a source tells of.
  ///
  /// - Parameters:
  ///   - atEnd: lets go of what the source watches.
  ///   - look: takes the events from the system, on the source's queue.
  static func stream(
    of make: MakeSource, atEnd: @escaping @Sendable () -> Void,
    look: @escaping @Sendable () -> Finding
  ) -> AsyncStream<Void> {
    let watch = FileWatch(make)
    watch.state.withLock { state in
      // The watch ends with the stream, and not with the source.
      state.source.setEventHandler { [weak watch] in
        switch look() {
        case .nothing: break
        case .changed: watch?.tell()
        case .gone: watch?.end()
        }
      }
      state.source.setCancelHandler { atEnd() }
      state.source.activate()
      state.source.suspend()
    }
    return AsyncStream(unfolding: { await watch.next() }, onCancel: { watch.end() })
  }

  private func next() async -> Void? {
    await withCheckedContinuation { waiter in
      let isRefused = state.withLock { state in
        guard !state.hasEnded, state.waiter == nil else { return true }
        state.waiter = waiter
        state.source.resume()
        return false
      }
      if isRefused { waiter.resume(returning: nil) }
    }
  }

  private func tell() {
    let waiter = state.withLock { state in
      guard let waiter = state.waiter else { return nil as CheckedContinuation<Void?, Never>? }
      state.waiter = nil
      state.source.suspend()
      return waiter
    }
    waiter?.resume(returning: ())
  }

  private func end() {
    let waiter = state.withLock { state in
      defer { state.waiter = nil }
      guard !state.hasEnded else { return nil as CheckedContinuation<Void?, Never>? }
      state.hasEnded = true
      state.source.cancel()
      if state.waiter == nil { state.source.resume() }
      return state.waiter
    }
    waiter?.resume(returning: nil)
  }
}
