import CompanionKit
import FoundationEssentials

/// Prints every event as one line of JSON, as it happens.
struct JSONLines: EventSink {
  let output: Output

  func emit(_ event: CompanionEvent) { print(event.json) }

  func print(_ value: JSONValue) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // Numbers that are not finite do not occur in events; were there one, the line would be lost, not the run.
    guard let line = try? encoder.encode(value) else { return }
    output.write(String(decoding: line, as: UTF8.self) + "\n")
  }
}
