package import CompanionKit
import Foundation
import Synchronization

/// What a program shows, and hears.
package enum Terminal {
  /// A signal that asks the program to end; what a shell calls the status of one that it has ended.
  package enum Interruption: Int32, Sendable {
    case interrupted = 130
    case terminated = 143
  }

  private static let failure = Mutex(false)

  /// Whether something could not be written to standard output.
  package static var hasFailed: Bool { failure.withLock(\.self) }

  /// Writes a text, and a line's end, to standard output.
  package static func show(_ text: String) { pass(text.withoutControls + "\n") }

  /// Writes a text to standard output for another program, as it is.
  package static func pass(_ text: String) {
    do {
      try FileHandle.standardOutput.write(contentsOf: Data(text.utf8))
    } catch {
      failure.withLock { $0 = true }
    }
  }

  /// Writes a value to standard output as a line of JSON, for another program.
  package static func pass(_ value: JSONValue) {
    if let line = value.line { pass(line + "\n") }
  }

  /// Writes a line about what goes on to standard error.
  package static func tell(_ line: String) {
    // Where nobody hears of it, nobody hears of that either.
    try? FileHandle.standardError.write(contentsOf: Data((line.singleLine.withoutControls + "\n").utf8))
  }

  /// Whether a line of standard error can be drawn again.
  package static var redraws: Bool {
    let kind = ProcessInfo.processInfo.environment["TERM", default: ""]
    return isatty(STDERR_FILENO) == 1 && !kind.isEmpty && kind != "dumb"
  }

  /// Draws a line in the place of the one that was drawn last, on standard error; an empty one removes it. The terminal
  /// shows as much of it as fits in one line.
  package static func draw(_ line: String) {
    let text = "\r\u{1B}[K\u{1B}[?7l\(line.singleLine.withoutControls)\u{1B}[?7h"
    try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
  }

  /// Writes a line about something that went wrong to standard error.
  package static func complain(_ message: String) {
    tell("\(ProcessInfo.processInfo.processName): \(message)")
  }

  /// The signals that ask the program to end, from now on. A reader who has gone does not end it any more: what is
  /// written then fails.
  package static func interruptions() -> AsyncStream<Interruption> {
    signal(SIGPIPE, SIG_IGN)
    return signals([(SIGINT, .interrupted), (SIGTERM, .terminated), (SIGHUP, .terminated)])
  }
}
