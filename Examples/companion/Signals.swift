// Dispatch's sources may be used from any thread, which their types do not say on Linux.
@preconcurrency @unsafe import Dispatch

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// What the operating system tells the program.
enum Signal: Sendable {
  /// Ctrl-C.
  case interrupt
  /// Somebody wants the program to end.
  case terminate
  /// The terminal has another size.
  case resize
  /// Ctrl-Z.
  case suspend
  /// The program goes on after a suspension.
  case resume

  /// The signals from now on. They no longer have their usual effect.
  static func all() -> AsyncStream<Signal> {
    AsyncStream { continuation in
      let sources = [
        (SIGINT, Signal.interrupt), (SIGTERM, .terminate), (SIGHUP, .terminate), (SIGWINCH, .resize),
        (SIGTSTP, .suspend), (SIGCONT, .resume),
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

  /// Stops the process, as Ctrl-Z does, until it is told to go on.
  static func suspendProcess() { kill(getpid(), SIGSTOP) }
}
