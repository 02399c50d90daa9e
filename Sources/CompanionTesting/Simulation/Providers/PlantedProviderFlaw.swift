import CompanionApplication
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
  /// The rate of requests that was configured is not kept.
  case forgetRate = "forget-rate"
  /// The number of calls at once that was configured is not kept.
  case forgetConcurrency = "forget-concurrency"
  /// The budget that was configured is not kept.
  case forgetBudget = "forget-budget"
  /// When an answer is cut, another provider is asked for the rest of it, unseen by anybody.
  case switchMidway = "switch-midway"
  /// A job is said to be stopped, and its provider is not told.
  case swallowCancel = "swallow-cancel"
  /// Each call is entered in the ledger twice.
  case enterTwice = "enter-twice"
  /// A call that failed is not entered in the ledger.
  case enterOnlySuccesses = "enter-only-successes"
  /// A breaker is never content with how many probes have succeeded.
  case neverClose = "never-close"
  /// A call that is told to stop does not come back for very long.
  case ignoreStop = "ignore-stop"
  /// Whoever holds money back for a job is not told that its task was cancelled.
  case forgetEnd = "forget-end"

  /// What becomes of a configuration on its way to whoever has to keep to it.
  func distorted(_ configuration: ProviderConfiguration) -> ProviderConfiguration {
    var configuration = configuration
    switch self {
    case .forgetRate: configuration.limits.requestsPerMinute = nil
    case .forgetConcurrency: configuration.limits.concurrentCalls = nil
    case .forgetBudget: configuration.limits.budget = nil
    case .neverClose: configuration.breaker.successesToClose = 1_000
    default: break
    }
    return configuration
  }
}

/// A store in which the ledger is not what was entered.
struct InexactLedger: StoreWrapper {
  let base: any CompanionStore
  let flaw: PlantedProviderFlaw
  let identifiers: any IdentifierSource

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let rewritten = changes.changes.flatMap { change -> [ChangeSet.Change] in
      guard case .enterCall(var entry) = change else { return [change] }
      switch flaw {
      case .enterTwice:
        entry.id = identifiers.next()
        return [change, .enterCall(entry)]
      case .enterOnlySuccesses: return entry.failure == nil ? [change] : []
      default: return [change]
      }
    }
    return rewritten.isEmpty ? [] : try await base.commit(ChangeSet(rewritten))
  }
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
      ) { progress, usage, changes in
        if progress.checkpoint != nil { own.add(task.id) }
        try await attempt.report(progress, usage: usage, storing: changes)
      })
  }

  func end(_ task: GenerationTask) async { await base.end(task) }
}
