import Foundation
import Synchronization

/// The `companion` program, run as a person or a script runs it.
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

  private let process = Mutex(Process())
  private let input = Pipe()
  private let state = Mutex(State())

  /// Starts the program.
  init(_ arguments: [String], environment: [String: String] = [:]) throws {
    let output = Pipe()
    let complaints = Pipe()
    // Set before the process starts, so that nothing it prints is missed.
    read(output) { state, text in state.output.append((ContinuousClock().now, text)) }
    read(complaints) { state, text in state.complaints += text }
    try process.withLock { [input] process in
      process.executableURL = Bundle.main.executableURL?.deletingLastPathComponent()
        .appending(path: "companion")
      if let url = process.executableURL, !FileManager.default.isExecutableFile(atPath: url.path) {
        process.executableURL = URL(filePath: CommandLine.arguments[0]).deletingLastPathComponent()
          .appending(path: "companion")
      }
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
      process.standardInput = input
      process.standardOutput = output
      process.standardError = complaints
      process.terminationHandler = { [weak self] process in
        let status = process.terminationStatus
        self?.update { $0.status = status }
      }
      try process.run()
    }
  }

  /// Runs the program with an input, to its end.
  static func run(
    _ arguments: [String], input: String = "", environment: [String: String] = [:]
  ) async throws -> Result {
    let program = try Program(arguments, environment: environment)
    program.write(input)
    program.endInput()
    return await program.end()
  }

  func write(_ text: String) { try? input.fileHandleForWriting.write(contentsOf: Data(text.utf8)) }

  func endInput() { try? input.fileHandleForWriting.close() }

  func send(_ signal: Int32) {
    let identifier = process.withLock { $0.processIdentifier }
    kill(identifier, signal)
  }

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

  private func read(_ pipe: Pipe, _ take: @escaping @Sendable (inout State, String) -> Void) {
    pipe.fileHandleForReading.readabilityHandler = { [weak self] handle in
      let data = handle.availableData
      if data.isEmpty { handle.readabilityHandler = nil }
      self?.update { state in
        if data.isEmpty {
          state.openPipes -= 1
        } else {
          take(&state, String(decoding: data, as: UTF8.self))
        }
      }
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
