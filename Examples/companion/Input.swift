import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// Standard input, line by line, read on a queue of its own: waiting for a person blocks nothing else.
final class Input: Sendable {
  private let queue = DispatchQueue(label: "companion.input")
  private let lines = Mutex(InputLines())

  /// The next line without its end; `nil` at the end of the input.
  ///
  /// A cancelled wait returns `nil` at once. The line that it waited for is lost: nobody asks for another
  /// then.
  ///
  /// - Parameter board: where a person writes the lines: what is told when a line is waited for, and when there is one.
  func nextLine(for board: TaskBoard? = nil) async -> String? {
    let waiter = Mutex<CheckedContinuation<String?, Never>?>(nil)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        waiter.withLock { $0 = continuation }
        if Task.isCancelled { waiter.withLock { $0.take() }?.resume(returning: nil) }
        queue.async { [self] in
          if let board {
            if !lines.withLock(\.hasLine) {
              board.waitForLine()
              _ = Self.isLineThere(within: -1)
            }
            board.takeLine()
          }
          let line = nextLine()
          waiter.withLock { $0.take() }?.resume(returning: line)
        }
      }
    } onCancel: {
      waiter.withLock { $0.take() }?.resume(returning: nil)
    }
  }

  /// Waits for a line.
  private func nextLine() -> String? {
    while true {
      if let line = lines.withLock({ $0.next() }) { return line }
      let bytes = Self.read()
      guard !bytes.isEmpty else { return lines.withLock { $0.rest() } }
      lines.withLock { $0.add(bytes) }
    }
  }

  /// What can be read, as soon as there is something; nothing at the end of the input.
  private static func read() -> [UInt8] {
    unsafe [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
      var result: Int
      repeat {
        result = unsafe Self.read(into: buffer)
      } while result < 0 && errno == EINTR
      count = max(result, 0)
    }
  }

  private static func read(into buffer: UnsafeMutableBufferPointer<UInt8>) -> Int {
    #if canImport(Glibc)
      unsafe Glibc.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
    #elseif canImport(Musl)
      unsafe Musl.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
    #else
      unsafe Darwin.read(STDIN_FILENO, buffer.baseAddress, buffer.count)
    #endif
  }

  /// Whether there is something to be read at once: in a terminal a line, or the end.
  ///
  /// - Parameter milliseconds: how long to wait for it; -1 for as long as it takes.
  static func isLineThere(within milliseconds: Int32 = 0) -> Bool {
    var input = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
    while true {
      let count = unsafe poll(&input, 1, milliseconds)
      if count >= 0 || errno != EINTR { return count > 0 && input.revents & Int16(POLLIN | POLLHUP) != 0 }
    }
  }
}
