import Foundation
import Synchronization

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#else
  import Darwin
#endif

/// A worker as its parent sees it.
final class WorkerProcess: Sendable {
  /// How a process has ended.
  enum Ending: Hashable, Sendable {
    case exited(Int32)
    case killed(by: Int32)
  }

  private struct State {
    var hasSpoken = false
    var waitingForWord: [CheckedContinuation<Void, Never>] = []
    var ending: Ending?
    var waiting: [CheckedContinuation<Ending, Never>] = []
  }

  private let process: SpawnedProcess
  private let state = Mutex(State())

  /// Starts this program once more.
  ///
  /// - Parameter onLine: told of each line, in order, and of all of them before ``end()`` returns.
  /// - Throws: `POSIXError`.
  init(_ arguments: [String], onLine: @escaping @Sendable (String) -> Void) throws {
    // A worker that is gone reads no more; writing to it is no reason to die.
    _ = signal(SIGPIPE, SIG_IGN)
    process = try SpawnedProcess(arguments)
    Thread.detachNewThread { [self] in
      var rest: [UInt8] = []
      while let bytes = process.readOutput() {
        rest += bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
          onLine(String(decoding: rest[..<end], as: UTF8.self))
          noteWord()
          rest.removeFirst(end + 1)
        }
      }
      close(process.output)
      // It says nothing more: whoever waits for a word waits for none.
      noteWord()
      process.waitForTheEnd()
      noteEnd()
    }
  }

  deinit { close(process.input) }

  /// Ends the process, wherever it is; nothing when it has ended.
  func kill() {
    // Under the lock: once its status is taken, the number may be another process's.
    state.withLock { if $0.ending == nil { process.send(SIGKILL) } }
  }

  /// Asks the worker to finish.
  func tellToFinish() { process.write(UInt8(ascii: "f")) }

  /// Waits until the worker has told of something, or tells no more.
  func firstWord() async {
    await withCheckedContinuation { continuation in
      let hasSpoken = state.withLock { state in
        if !state.hasSpoken { state.waitingForWord.append(continuation) }
        return state.hasSpoken
      }
      if hasSpoken { continuation.resume() }
    }
  }

  /// Waits for the end.
  func end() async -> Ending {
    await withCheckedContinuation { continuation in
      let ending = state.withLock { state in
        if state.ending == nil { state.waiting.append(continuation) }
        return state.ending
      }
      if let ending { continuation.resume(returning: ending) }
    }
  }

  private func noteWord() {
    let waiting = state.withLock { state in
      state.hasSpoken = true
      defer { state.waitingForWord = [] }
      return state.waitingForWord
    }
    for continuation in waiting { continuation.resume() }
  }

  private func noteEnd() {
    let (ending, waiting) = state.withLock { state in
      let status = process.takeStatus()
      let signal = status & 0x7F
      let ending = signal == 0 ? Ending.exited((status >> 8) & 0xFF) : .killed(by: signal)
      state.ending = ending
      defer { state.waiting = [] }
      return (ending, state.waiting)
    }
    for continuation in waiting { continuation.resume(returning: ending) }
  }
}
