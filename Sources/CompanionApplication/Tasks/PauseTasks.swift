package import CompanionDomain
package import CompanionPorts

/// Pauses tasks of one kind, or all, in every process on the store; and resumes them.
///
/// When this returns no more of them are claimed. What runs goes on; what waits keeps its place.
package struct PauseTasks: Sendable {
  let engine: TaskEngine

  package init(engine: TaskEngine) { self.engine = engine }

  package func callAsFunction(_ kind: TaskKind?) async throws(TaskCommandFailure) {
    try await commit(.pauseTasks(kind))
    engine.environment.events.emit(.tasksPaused(kind))
  }

  package func resume(_ kind: TaskKind?) async throws(TaskCommandFailure) {
    try await commit(.resumeTasks(kind))
    engine.environment.events.emit(.tasksResumed(kind))
    engine.wake()
  }

  private func commit(_ change: ChangeSet.Change) async throws(TaskCommandFailure) {
    do throws(StoreFailure) {
      try await engine.environment.store.commit(change)
    } catch {
      throw .store(error)
    }
  }
}
