import Dispatch
import ExampleSupport
import FoundationEssentials
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Standard output, written on a queue of its own: a slow reader blocks nothing else.
///
/// Writes come out in the order they were made.
final class Output: Sendable {
  private let queue = DispatchQueue(label: "companion.output")
  private let state = Mutex(false)

  /// Whether something could not be written: nothing is shown any more.
  var hasFailed: Bool { state.withLock(\.self) }

  /// Writes text some time soon; nothing, once a write has failed.
  func write(_ text: String) {
    queue.async { [self] in
      if !hasFailed, !Self.write(text, to: STDOUT_FILENO) { state.withLock { $0 = true } }
    }
  }

  /// Waits until everything before has been written.
  ///
  /// - Returns: whether all of it could be.
  @discardableResult
  func flush() async -> Bool {
    await withCheckedContinuation { continuation in queue.async { continuation.resume() } }
    return !hasFailed
  }

  /// Writes one line about something that went wrong to standard error.
  static func complain(_ message: String) {
    write("companion: \(message.singleLine.withoutControls)\n", to: STDERR_FILENO)
  }

  /// Writes one line about what is going on to standard error.
  static func tell(_ message: String) {
    write("\(message.singleLine.withoutControls)\n", to: STDERR_FILENO)
  }

  /// - Returns: whether all of it could be written.
  @discardableResult
  private static func write(_ text: String, to descriptor: Int32) -> Bool {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes {
        #if canImport(Glibc)
          unsafe Glibc.write(descriptor, $0.baseAddress, $0.count)
        #elseif canImport(Musl)
          unsafe Musl.write(descriptor, $0.baseAddress, $0.count)
        #else
          unsafe Darwin.write(descriptor, $0.baseAddress, $0.count)
        #endif
      }
      if count >= 0 {
        rest.removeFirst(count)
      } else if errno == EAGAIN {
        // Somebody has made the descriptor non-blocking; the reader is just slow.
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&ready, 1, -1)
      } else if errno != EINTR {
        return false
      }
    }
    return true
  }
}
