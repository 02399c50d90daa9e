import Synchronization

/// Elements in the order in which they came, and a way to wait for more.
final class Recording<Element: Sendable>: Sendable {
  private let state = Mutex<[Element]>([])
  private let count = Gauge(0)

  /// All so far.
  var elements: [Element] { state.withLock { $0 } }

  /// Adds an element.
  ///
  /// - Returns: its index.
  @discardableResult
  func append(_ element: Element) -> Int {
    let index = state.withLock { elements in
      elements.append(element)
      return elements.count - 1
    }
    // Of two that come at once the later may be first here; the gauge stays at the higher.
    count.update { $0 = max($0, index + 1) }
    return index
  }

  /// Waits until there are so many.
  ///
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  func wait(for count: Int) async throws { try await self.count.wait(for: count) }
}
