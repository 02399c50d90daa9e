import CompanionDomain
import CompanionPorts
import Synchronization

extension ModelRouter {
  /// Takes in that a job was handed over, or a look after one has ended. What the job costs is entered when it is
  /// over.
  func settleLook(_ call: ProviderTable.Call, _ end: ProviderTable.End, _ context: EventContext) {
    settleUnentered(call, end, context)
  }

  /// Holds back what a task's job is expected to cost, as long as it runs.
  func noteJob(of task: TaskID?, at id: ProviderID, cost: Double = 0) {
    guard let task else { return }
    table.withLock { $0.noteJob(of: task, at: id, cost: cost, at: time.now) }
  }

  /// Enters a job that is over in the ledger, and counts its cost.
  func enterJob(
    at id: ProviderID, usage: TokenUsage?, latency: Duration, failure: ProviderFailure?,
    _ context: EventContext
  ) {
    guard let provider = table.withLock({ $0.row(id)?.setup.provider }) else { return }
    enter(provider, .task, context, usage: usage, latency: latency, failure: failure?.kind)
    guard let task = context.task else { return }
    for wakeUp in table.withLock({ $0.endJob(of: task, at: id, at: time.now) }) { wakeUp() }
  }
}
