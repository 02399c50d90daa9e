import CompanionKit
import Synchronization

/// A handler of a host's own kind, which notes its runs.
final class ScriptedHandler: TaskHandler {
  private struct State {
    var attempts: [TaskAttempt] = []
    var ended: [TaskID] = []
  }

  private let script: @Sendable (TaskAttempt) async throws -> TaskOutcome
  private let state = Mutex(State())

  init(_ script: @escaping @Sendable (TaskAttempt) async throws -> TaskOutcome) { self.script = script }

  /// The runs so far, in order.
  var attempts: [TaskAttempt] { state.withLock { $0.attempts } }

  /// The tasks for which what goes on elsewhere was to be ended.
  var ended: [TaskID] { state.withLock { $0.ended } }

  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    state.withLock { $0.attempts.append(attempt) }
    return try await script(attempt)
  }

  func end(_ task: GenerationTask) async { state.withLock { $0.ended.append(task.id) } }
}
