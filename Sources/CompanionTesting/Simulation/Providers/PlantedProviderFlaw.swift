import CompanionDomain
import CompanionPorts
import Synchronization

/// A mistake that callers of providers are known to make, to show that a simulation finds it.
@nonexhaustive
public enum PlantedProviderFlaw: String, Hashable, Sendable, CaseIterable {
  /// A provider that is being probed gets two probes at once.
  case twoProbes = "two-probes"
  /// What a provider asks to wait is not passed on to whoever decides about the next call.
  case ignoreRetryAfter = "ignore-retry-after"
  /// A call that failed is made once more at the same provider, unseen by anybody.
  case retrySameProvider = "retry-same-provider"
  /// A new configuration is used as soon as it is known.
  case updateBeforeTest = "update-before-test"
  /// A process forgets the jobs that it handed over, and names them by its own start.
  case resubmitAfterRestart = "resubmit-after-restart"
}

/// A handler that does not find the checkpoints that an earlier process has stored.
struct ForgetfulHandler: TaskHandler {
  let base: any TaskHandler
  let own = OwnTasks()

  /// The tasks of which this process has stored a checkpoint.
  final class OwnTasks: Sendable {
    private let tasks = Mutex<Set<TaskID>>([])

    func add(_ task: TaskID) { tasks.withLock { _ = $0.insert(task) } }

    func contains(_ task: TaskID) -> Bool { tasks.withLock { $0.contains(task) } }
  }

  func run(_ attempt: TaskAttempt) async throws -> TaskOutcome {
    let task = attempt.task
    let isOwn = own.contains(task.id)
    return try await base.run(
      TaskAttempt(
        task: isOwn ? task : GenerationTask(id: task.id, request: task.request, createdAt: task.createdAt),
        payload: attempt.payload
      ) { progress, usage in
        if progress.checkpoint != nil { own.add(task.id) }
        try await attempt.report(progress, usage: usage)
      })
  }

  func end(_ task: GenerationTask) async { await base.end(task) }
}
