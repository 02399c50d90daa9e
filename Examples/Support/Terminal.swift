// Dispatch's sources may be used from any thread, which their types do not say on Linux.
@preconcurrency @unsafe import Dispatch
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
  package static func show(_ text: String) { write(text.withoutControls + "\n", to: .standardOutput) }

  /// Writes a text to standard output for another program, as it is.
  package static func pass(_ text: String) { write(text, to: .standardOutput) }

  /// Writes a line about what goes on to standard error.
  package static func tell(_ line: String) {
    write(line.singleLine.withoutControls + "\n", to: .standardError)
  }

  /// Writes a line about something that went wrong to standard error.
  package static func complain(_ message: String) {
    tell("\(ProcessInfo.processInfo.processName): \(message)")
  }

  private static func write(_ text: String, to file: FileHandle) {
    do {
      try file.write(contentsOf: Data(text.utf8))
    } catch {
      if file === FileHandle.standardOutput { failure.withLock { $0 = true } }
    }
  }

  /// Lets a reader who has gone be a failure to write, and not the end of the program.
  package static func ignoreClosedPipes() { signal(SIGPIPE, SIG_IGN) }

  /// The signals that ask the program to end, from now on.
  package static func interruptions() -> AsyncStream<Interruption> {
    ignoreClosedPipes()
    return AsyncStream { continuation in
      let sources = [
        (SIGINT, Interruption.interrupted), (SIGTERM, .terminated), (SIGHUP, .terminated),
      ]
      .map { number, meaning in
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler { continuation.yield(meaning) }
        source.resume()
        return source
      }
      continuation.onTermination = { _ in for source in sources { source.cancel() } }
    }
  }
}
