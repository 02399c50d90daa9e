import CompanionKit
import ExampleSupport

/// Prints every event as one line of JSON, as it happens.
struct JSONLines: EventSink {
  let output: Output

  func emit(_ event: CompanionEvent) { print(event.json) }

  func print(_ value: JSONValue) {
    // Numbers that are not finite do not occur in events; were there one, the line would be lost, not the run.
    if let line = value.line { output.write(line + "\n") }
  }
}
