public import CompanionPorts

/// Keeps every event, and waits for the one that a test needs.
public final class RecordingEventSink: EventSink {
  private let recording = Recording<CompanionEvent>()

  /// A sink without events.
  public init() {}

  /// Keeps an event.
  public func emit(_ event: CompanionEvent) { recording.append(event) }

  /// All events so far, in the order in which they came.
  public var events: [CompanionEvent] { recording.elements }

  /// The first event of which something holds: at once if it has come already, else as soon as it does.
  ///
  /// - Returns: `nil` when the waiting task is cancelled first.
  @discardableResult
  public func first(where holds: (CompanionEvent) -> Bool) async -> CompanionEvent? {
    var checked = 0
    while true {
      let events = recording.elements
      if let found = events[checked...].first(where: holds) { return found }
      checked = events.count
      guard (try? await recording.wait(for: checked + 1)) != nil else { return nil }
    }
  }
}
