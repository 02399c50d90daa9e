import Foundation
import Synchronization

/// A program of this package, `companion` unless said otherwise, run as a person or a script runs it.
final class Program: Sendable {
  /// What a run came to.
  struct Result: Sendable {
    var status: Int32
    var output: String
    var complaints: String

    var lines: [String] { output.split(separator: "\n").map(String.init) }
  }

  private struct State {
    /// What has been printed, with the moment at which each piece came.
    var output: [(time: ContinuousClock.Instant, text: String)] = []
    var complaints = ""
    var openPipes = 2
    var status: Int32?
    var waiters: [(condition: @Sendable (String) -> Bool, CheckedContinuation<Void, Never>)] = []

    var text: String { output.map(\.text).joined() }
    var hasEnded: Bool { openPipes == 0 && status != nil }
  }

  /// Where a program of this package lies: beside the tests.
  static func path(of name: String) -> String {
    URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent().appending(path: name).path
  }

  private let process: ChildProcess
  private let state = Mutex(State())

  /// Starts the program.
  ///
  /// - Parameter hasTerminal: whether it talks to a person; what it complains of comes with the output then.
  init(
    _ arguments: [String], environment: [String: String] = [:],
    executable: String = Program.path(of: "companion"), hasTerminal: Bool = false
  ) throws {
    // A program that has ended reads no more; writing to it is no reason to die.
    signal(SIGPIPE, SIG_IGN)
    process = try ChildProcess(
      executable, arguments,
      environment: ProcessInfo.processInfo.environment.merging(environment) { _, new in new },
      hasTerminal: hasTerminal)
    read(process.output) { state, text in state.output.append((ContinuousClock().now, text)) }
    read(process.complaints) { state, text in state.complaints += text }
    Thread.detachNewThread { [self] in
      let status = process.wait()
      update { $0.status = status }
    }
  }

  /// Starts a program of this package that has nothing to read.
  static func start(
    _ name: String, _ arguments: [String], environment: [String: String] = [:]
  ) throws -> Program {
    let program = try Program(arguments, environment: environment, executable: path(of: name))
    program.endInput()
    return program
  }

  /// Runs `companion` with an input, to its end.
  static func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) async throws -> Result {
    let program = try Program(arguments, environment: environment)
    program.write(input)
    program.endInput()
    return await program.end()
  }

  func write(_ text: String) {
    let input = FileHandle(fileDescriptor: process.input, closeOnDealloc: false)
    try? input.write(contentsOf: Data(text.utf8))
  }

  func endInput() { close(process.input) }

  func send(_ signal: Int32) { kill(process.identifier, signal) }

  /// Waits until the output so far is as asked for, or the program has ended.
  func output(where condition: @escaping @Sendable (String) -> Bool) async -> String {
    await withCheckedContinuation { continuation in
      let isFulfilled = state.withLock { state in
        if condition(state.text) || state.hasEnded { return true }
        state.waiters.append((condition, continuation))
        return false
      }
      if isFulfilled { continuation.resume() }
    }
    return state.withLock { $0.text }
  }

  /// Waits for the end.
  func end() async -> Result {
    _ = await output { _ in false }
    return state.withLock {
      Result(status: $0.status ?? -1, output: $0.text, complaints: $0.complaints)
    }
  }

  /// What had been printed before a moment.
  func output(before moment: ContinuousClock.Instant) -> String {
    state.withLock { $0.output.filter { $0.time < moment }.map(\.text).joined() }
  }

  private func read(_ descriptor: Int32, _ take: @escaping @Sendable (inout State, String) -> Void) {
    Thread.detachNewThread { [self] in
      while let text = ChildProcess.read(from: descriptor) { update { take(&$0, text) } }
      close(descriptor)
      update { $0.openPipes -= 1 }
    }
  }

  private func update(_ change: (inout State) -> Void) {
    let woken = state.withLock { state in
      change(&state)
      let text = state.text
      let hasEnded = state.hasEnded
      let woken = state.waiters.filter { hasEnded || $0.condition(text) }.map(\.1)
      state.waiters.removeAll { hasEnded || $0.condition(text) }
      return woken
    }
    for waiter in woken { waiter.resume() }
  }
}

/// A folder that is gone after the body.
func withFolder<Value>(_ body: (String) async throws -> Value) async throws -> Value {
  let folder = FileManager.default.temporaryDirectory.appending(path: "companion-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder.path)
}
