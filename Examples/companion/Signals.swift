import ExampleSupport

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
    signals([
      (SIGINT, .interrupt), (SIGTERM, .terminate), (SIGHUP, .terminate), (SIGWINCH, .resize),
      (SIGTSTP, .suspend),
      (SIGCONT, .resume),
    ])
  }

  /// Stops the process, as Ctrl-Z does, until it is told to go on.
  static func suspendProcess() { kill(getpid(), SIGSTOP) }
}
