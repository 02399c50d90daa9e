package import CompanionDomain
package import CompanionPorts

/// Lets a task that waits go on, with what it waited for.
package struct WakeTask: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  /// - Parameter input: what its handler finds in the next run, such as an answer.
  /// - Throws: `TaskCommandFailure`; `.refused` when it waits for nothing.
  package func callAsFunction(_ id: TaskID, input: String? = nil) async throws(TaskCommandFailure) {
    switch try await engine.command(.wake(input: input.map(TaskInput.text)), on: id) {
    case .refused(let refusal, _): throw .refused(refusal)
    case .noSuchTask: throw .unknownTask(id)
    case .applied: engine.wake()
    }
  }
}
