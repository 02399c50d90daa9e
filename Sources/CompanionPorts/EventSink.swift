/// Takes every event, as it happens.
public protocol EventSink: Sendable {
  /// Takes an event, before whatever it tells of goes on.
  ///
  /// Events come from several tasks, at the same time too, so a sink guards what it keeps; those of one turn
  /// come in the order in which they happened. It must return soon and never block: whoever emits waits for
  /// it.
  func emit(_ event: CompanionEvent)
}
