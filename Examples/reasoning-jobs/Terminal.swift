// Dispatch's sources may be used from any thread, which their types do not say on Linux.
@preconcurrency @unsafe import Dispatch
import Foundation

/// What the program shows, and hears.
enum Terminal {
  /// Writes a text, and a line's end, to standard output.
  static func show(_ text: String) { write(text, to: .standardOutput) }

  /// Writes a line about how far a job is to standard error.
  static func tell(_ line: String) { write(singleLine(line), to: .standardError) }

  /// Writes a line about something that went wrong to standard error.
  static func complain(_ message: String) {
    write("reasoning-jobs: \(singleLine(message))", to: .standardError)
  }

  /// A text on one line.
  static func singleLine(_ text: String) -> String {
    text.split(whereSeparator: \.isNewline).joined(separator: " ")
  }

  /// Nothing that a terminal would obey instead of showing, or that turns the order of what is shown around.
  private static func write(_ text: String, to file: FileHandle) {
    let shown = text.unicodeScalars.filter {
      let isObeyed = $0.properties.generalCategory == .control || $0.properties.isBidiControl
      return !isObeyed || $0 == "\n" || $0 == "\t"
    }
    // Who has stopped reading needs no more.
    try? file.write(contentsOf: Data((String(String.UnicodeScalarView(shown)) + "\n").utf8))
  }

  /// The first signal that asks the program to end, from now on.
  static func interruptions() -> AsyncStream<Status> {
    signal(SIGPIPE, SIG_IGN)
    return AsyncStream { continuation in
      let sources = [(SIGINT, Status.interrupted), (SIGTERM, .terminated), (SIGHUP, .terminated)]
        .map { number, status in
          signal(number, SIG_IGN)
          let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
          source.setEventHandler { continuation.yield(status) }
          source.resume()
          return source
        }
      continuation.onTermination = { _ in for source in sources { source.cancel() } }
    }
  }
}
