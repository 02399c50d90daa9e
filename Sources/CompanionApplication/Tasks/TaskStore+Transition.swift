import CompanionDomain
import CompanionPorts

extension TaskStore {
  /// Applies a transition to the task as it is now, and stores it.
  ///
  /// When somebody changes the task meanwhile, the transition is applied again to what they have left.
  ///
  /// - Returns: the task as it is now, or why the transition is not possible; `nil` when there is no such
  ///   task.
  func transition(
    _ id: TaskID, _ transition: TaskTransition, on time: any TimeSource
  ) async throws(StoreFailure) -> Result<GenerationTask, TransitionRefusal>? {
    while true {
      guard let task = try await task(id) else { return nil }
      let next: GenerationTask
      do throws(TransitionRefusal) {
        next = try task.applying(transition, at: time.now)
      } catch {
        return .failure(error)
      }
      do throws(StoreFailure) {
        try await commit(.updateTask(next))
        return .success(next)
      } catch {
        guard case .conflict(.taskMoved) = error else { throw error }
      }
    }
  }
}
