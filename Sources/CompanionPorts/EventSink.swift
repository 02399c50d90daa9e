/// Takes every event, as it happens.
public protocol EventSink: Sendable {
  /// Takes an event. Calls come one after another for one session's turn; they must return soon and never
  /// block: whoever emits waits for them.
  func emit(_ event: CompanionEvent)
}
