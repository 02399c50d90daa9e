import CompanionKit
import ExampleSupport

/// The jobs that are cancelled here, and whose providers have not confirmed it: background tasks that go on telling
/// them.
struct ProviderStops {
  let companion: Companion

  /// Those that have not ended, newest first.
  func open() async throws(StoreFailure) -> [GenerationTask] {
    let filter = TaskFilter(states: [.queued, .running, .waiting], kind: "provider_job_cancel")
    return try await companion.tasks(matching: filter, limit: 1_000)
  }

  /// Tells what becomes of one from now on, until it has ended.
  func tell(of stop: GenerationTask) async throws {
    let updates = companion.taskUpdates(of: stop.id)
    for try await event in updates.map(\.event) where event.number > stop.lastEvent {
      switch event.kind {
      case .retried(let failure, let notBefore):
        Terminal.tell(
          "A cancelled job is not stopped at its provider yet; next try at \(notBefore): \(failure)")
      case .deadLettered(let failure):
        Terminal.tell("A cancelled job could not be stopped at its provider: \(failure)")
      case .completed: Terminal.tell(try await companion.taskResult(of: stop.id).text)
      default: break
      }
    }
  }
}
