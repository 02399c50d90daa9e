import CompanionDomain
import CompanionPorts

extension TaskEngine {
  /// Applies a transition that somebody asks for.
  func command(
    _ transition: TaskTransition, on id: TaskID
  ) async throws(TaskCommandFailure) -> ApplyTransition.Outcome {
    do throws(StoreFailure) {
      return try await ApplyTransition(environment: environment)(transition, to: id)
    } catch {
      throw .store(error)
    }
  }

  /// Lets the handler of a task that has ended outside of a worker's hands end what goes on elsewhere for it. A
  /// handler that takes too long is not waited for.
  func endElsewhere(_ task: GenerationTask, limit: Duration) async {
    guard let handler = registry.registration(for: task.request.kind)?.handler else { return }
    let hasEnded = WakeUp()
    beginEnding()
    _ = Unstructured.start(name: "task end") {
      await handler.end(task)
      self.finishEnding()
      hasEnded()
    }
    await hasEnded.wait(until: environment.time.now.advanced(by: limit), on: environment.time)
  }

  /// Ends what goes on elsewhere for the tasks that a service hands over, so that it need not wait.
  func endElsewhere(_ tasks: AsyncStream<GenerationTask>) async {
    await withDiscardingTaskGroup { group in
      for await task in tasks {
        group.addTask {
          await self.endElsewhere(task, limit: self.environment.configuration.tasks.storeTimeout)
          self.finishEnding()
        }
      }
      group.cancelAll()
    }
  }
}
