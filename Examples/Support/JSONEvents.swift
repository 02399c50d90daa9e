package import CompanionKit

/// Prints every event as one line of JSON, as it happens.
package struct JSONEvents: EventSink {
  /// It has no state of its own.
  package init() {}

  package func emit(_ event: CompanionEvent) {
    Terminal.pass(event.json)
  }
}
