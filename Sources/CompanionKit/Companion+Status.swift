public import CompanionApplication
public import CompanionDomain
public import CompanionPorts
import Synchronization

/// A companion at one moment.
public struct CompanionStatus: Hashable, Sendable {
  /// Whether messages are taken.
  public var isRunning: Bool
  /// What answers, works on tasks, and makes images and vectors, in the order in which it is asked.
  public var providers: [ProviderStatus]
  /// What answers are given with.
  public var mode: ChatMode
  /// The sessions that are in memory.
  public var openSessions: [SessionID]
  /// Those of them in which an answer is being given.
  public var answering: [SessionID]
  /// The calls of tools that wait for somebody's permission, those that were asked for first in front.
  public var approvals: [Approval]
  /// What tasks ask, and wait for the answers to, those that were asked first in front.
  public var questions: [TaskQuestion]
  /// How well the tokens of prompts are estimated, for each model that answers.
  public var estimates: [ModelIdentity: TokenEstimate]
  /// What became of the last prompt of each kind: its tokens, what was cut, and why.
  public var prompts: [CallPurpose: PromptReport]
  /// Tasks that wait for a worker.
  public var queuedTasks: Int
  /// Tasks in a worker's hands, in any process.
  public var runningTasks: Int
  /// Tasks that wait for something that is not here yet.
  public var waitingTasks: Int
  /// Tasks that failed for good and are kept with the reason.
  public var deadLetteredTasks: Int
  /// What is paused.
  public var paused: TaskPause
  /// Whether memory is formed by itself.
  public var isFormingMemory: Bool
  /// The last run of forming memory in this process; `nil` before the first.
  public var lastMemoryRun: MemoryRun?
  /// How far everything is embedded.
  public var embedding: EmbeddingStatus
}

extension Companion {
  /// How everything stands.
  public func status() async throws(StoreFailure) -> CompanionStatus {
    let (phase, loops) = state.withLock { ($0.phase, $0.loops) }
    let tasks = try await environment.store.taskStatistics()
    await environment.router.estimates.restore()
    return CompanionStatus(
      isRunning: phase == .running,
      providers: environment.router.status(),
      mode: mode,
      openSessions: loops.keys.sorted(),
      answering: loops.filter { $0.value.isAnswering }.keys.sorted(),
      approvals: try await approvals(),
      questions: try await questions(),
      estimates: environment.router.tokenEstimates(),
      prompts: environment.lastPrompts.all,
      queuedTasks: tasks.count(.queued),
      runningTasks: tasks.count(.running),
      waitingTasks: tasks.count(.waiting),
      deadLetteredTasks: tasks.count(.deadLettered),
      paused: try await environment.store.pausedTasks(),
      isFormingMemory: memoryGenerator.isRunning,
      lastMemoryRun: memoryGenerator.lastRun,
      embedding: try await embeddingRunner.status())
  }

  /// All events from now on, until the companion stops.
  ///
  /// - Parameter limit: the most events that wait for the subscriber. When there are more the oldest give
  ///   way, and an event says how many.
  public func events(limit: Int = 1024) -> EventStream { environment.bus.subscribe(limit: limit) }
}
