import CompanionKit
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A worker's pipe to its parent. What is in a pipe outlives the process that wrote it.
final class WorkerOutput: EventSink {
  private let lock = Mutex(())

  /// Writes lines as one piece: all of them arrive, or none.
  ///
  /// A pipe takes at least 512 bytes as one piece, and on the systems that matter 4096; see `PIPE_BUF`.
  func write(_ lines: [WorkerLine]) {
    let bytes = Array(lines.map(\.text).joined().utf8)
    let isWritten = lock.withLock { _ in Self.write(bytes) }
    // Nobody listens any more.
    if !isWritten { exit(3) }
  }

  func emit(_ event: CompanionEvent) {
    switch event.kind {
    case .task(.completed, let task): write([.completed(task.id, task.lease)])
    case .serviceFailed(_, let failure): write([WorkerLine(failure)])
    default: break
    }
  }

  private static func write(_ bytes: [UInt8]) -> Bool {
    var count = -1
    repeat {
      #if canImport(Glibc)
        count = unsafe Glibc.write(STDOUT_FILENO, bytes, bytes.count)
      #elseif canImport(Musl)
        count = unsafe Musl.write(STDOUT_FILENO, bytes, bytes.count)
      #else
        count = unsafe Darwin.write(STDOUT_FILENO, bytes, bytes.count)
      #endif
    } while count < 0 && errno == EINTR
    return count == bytes.count
  }
}
