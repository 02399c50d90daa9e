#if !os(iOS) && !os(tvOS) && !os(watchOS) && !os(visionOS)
  import CProcesses
  import CompanionDomain
  import Dispatch
  import Synchronization

  #if canImport(Glibc)
    import Glibc
  #elseif canImport(Musl)
    import Musl
  #else
    import Darwin
  #endif

  /// A program that was started in a session of its own, and what it prints.
  ///
  /// Two threads of its own wait for it: one for its end, and one for its output. When it has ended, what it has left
  /// in its session is killed, before its number can be another's. A process that has gone into a session of its own
  /// may live on, and hold the output open: nobody waits for that.
  final class ChildProcess: Sendable {
    /// How a program ended.
    enum Status: Hashable, Sendable, CustomStringConvertible {
      case exited(Int32)
      case killed(by: Int32)
      /// This process is set to let go of children, and did not learn of it.
      case unknown

      var description: String {
        switch self {
        case .exited(let status): "Exit status \(status)."
        case .killed(let signal): "Ended by signal \(signal)."
        case .unknown: "It ended, and its exit status is not known."
        }
      }
    }

    private typealias Waiting = CheckedContinuation<(Status, OutputWindow), Never>

    private struct State {
      var status: Status?
      var output: OutputWindow?
      var waiting: [Waiting] = []

      var end: (Status, OutputWindow)? {
        guard let status, let output else { return nil }
        return (status, output)
      }
    }

    private let identifier: pid_t
    private let state = Mutex(State())

    /// Watches a program that was just started.
    ///
    /// - Parameters:
    ///   - output: the reading end of the pipe into which it prints.
    ///   - stop: a pipe by which the reader is told that the program has ended.
    init(_ identifier: pid_t, output: Descriptor, stop: Pipe, outputBytes: Int) {
      self.identifier = identifier
      DispatchQueue(label: "CompanionTools.output").async { [self, reading = stop.reading] in
        let window = Self.read(output, until: reading, limit: outputBytes)
        note { $0.output = window }
      }
      // The writing end is closed with the block, when the program has ended.
      DispatchQueue(label: "CompanionTools.end").async { [self, writing = stop.writing] in
        waitForTheEnd()
        processes_end_session(identifier)
        withExtendedLifetime(writing) { note { $0.status = takeStatus() } }
      }
    }

    /// Sends a signal to the program and what it has started, unless it has ended.
    func signal(_ signal: Int32) {
      // Under the lock: once its status is taken, the number may be another process's.
      state.withLock { if $0.status == nil { _ = kill(-identifier, signal) } }
    }

    /// Waits for the end: of the program, and of what it prints.
    func end() async -> (Status, OutputWindow) {
      await withCheckedContinuation { continuation in
        let end = state.withLock { state in
          if state.end == nil { state.waiting.append(continuation) }
          return state.end
        }
        if let end { continuation.resume(returning: end) }
      }
    }

    private func note(_ change: (inout State) -> Void) {
      let told = state.withLock { state -> (end: (Status, OutputWindow), waiting: [Waiting])? in
        change(&state)
        guard let end = state.end else { return nil }
        defer { state.waiting = [] }
        return (end, state.waiting)
      }
      guard let told else { return }
      for continuation in told.waiting { continuation.resume(returning: told.end) }
    }

    /// Waits, and leaves the status where it is, so that the number stays this program's.
    private func waitForTheEnd() {
      var information = unsafe siginfo_t()
      while unsafe waitid(P_PID, id_t(identifier), &information, WEXITED | WNOWAIT) == -1, errno == EINTR {}
    }

    /// Takes the status; from now on the number may be another process's.
    private func takeStatus() -> Status {
      var status: Int32 = 0
      var taken: pid_t = 0
      repeat { taken = unsafe waitpid(identifier, &status, 0) } while taken == -1 && errno == EINTR
      guard taken == identifier else { return .unknown }
      let signal = status & 0x7F
      return signal == 0 ? .exited((status >> 8) & 0xFF) : .killed(by: signal)
    }

    /// Reads until the end of the output, or until the program has ended and what it had printed is read.
    private static func read(_ output: Descriptor, until stop: Descriptor, limit: Int) -> OutputWindow {
      var window = OutputWindow(limit: limit)
      var buffer = [UInt8](repeating: 0, count: 65_536)
      var waits = [
        pollfd(fd: output.number, events: Int16(POLLIN), revents: 0),
        pollfd(fd: stop.number, events: Int16(POLLIN), revents: 0),
      ]
      // What is in a pipe when the program ends is not more than this; what comes from others then is left.
      var readsAtEnd = 64
      while readsAtEnd > 0 {
        let hasEnded = waits[1].revents != 0
        if hasEnded { readsAtEnd -= 1 }
        do throws(SystemFault) {
          let count = try output.read(into: &buffer)
          if count == 0 { return window }
          window.append(buffer.prefix(count))
        } catch {
          // Nothing is there: that is the end, or there is something to wait for.
          guard error.code == EAGAIN, !hasEnded else { return window }
          guard Self.wait(&waits, -1) else { return window }
          continue
        }
        guard hasEnded || Self.wait(&waits, 0) else { return window }
      }
      return window
    }

    /// Waits until there is something to read; so many milliseconds, or for ever.
    ///
    /// - Returns: whether the system could wait; it cannot without memory.
    private static func wait(_ waits: inout [pollfd], _ milliseconds: Int32) -> Bool {
      while unsafe poll(&waits, nfds_t(waits.count), milliseconds) < 0 {
        guard errno == EINTR else { return false }
      }
      return true
    }
  }
#endif
