import CompanionDomain
import CompanionPorts
import Synchronization

/// Stores what a handler reports: a checkpoint at once, the rest at most every two seconds.
final class TaskReporter: Sendable {
  fileprivate struct State {
    var progress: TaskProgress?
    var usage: TokenUsage?
    var nextStore: Timestamp?
  }

  private let task: GenerationTask
  private let apply: ApplyTransition
  private let signal: RunSignal
  private let state = Mutex(State())

  private static let interval = Duration.seconds(2)

  init(task: GenerationTask, apply: ApplyTransition, signal: RunSignal) {
    self.task = task
    self.apply = apply
    self.signal = signal
  }

  /// Takes a report. When it has a checkpoint this returns once that is stored.
  func report(_ progress: TaskProgress, _ usage: TokenUsage?) async throws {
    try Task.checkCancellation()
    let now = apply.environment.time.now
    let isDue = state.withLock { state in
      state.add(progress, usage)
      guard progress.checkpoint != nil || state.isDue(at: now, interval: Self.interval) else { return false }
      state.nextStore = now.advanced(by: Self.interval)
      return true
    }
    guard isDue else { return }
    do throws(StoreFailure) {
      try await store()
    } catch {
      // Of what is no checkpoint the next report tells again.
      guard progress.checkpoint == nil else { throw error }
      apply.environment.events.emit(.taskServiceFailed("worker", error), in: EventContext(task: task.id))
    }
    try Task.checkCancellation()
  }

  /// What has been used and not been stored.
  func takeUsage() -> TokenUsage? { state.withLock { $0.usage.take() } }

  private func store() async throws(StoreFailure) {
    let (progress, usage) = state.withLock { ($0.progress.take(), $0.usage.take()) }
    guard progress != nil || usage != nil else { return }
    let report = TaskTransition.report(task.lease, progress ?? TaskProgress(), usage: usage)
    do throws(StoreFailure) {
      switch try await apply(report, to: task.id) {
      case .applied(let change): if change.task.cancelRequest != nil { signal.give(.cancelRequested) }
      case .refused, .noSuchTask: signal.give(.lost)
      }
    } catch {
      state.withLock { state in
        let later = state.progress
        state.progress = progress
        state.usage = usage.map { usage in state.usage.map { usage.adding($0) } ?? usage } ?? state.usage
        if let later { state.add(later, nil) }
      }
      throw error
    }
  }
}

extension TaskReporter.State {
  /// Whether it is time to store again. After the clock was set back it is: nobody knows for how long not.
  fileprivate func isDue(at now: Timestamp, interval: Duration) -> Bool {
    guard let nextStore else { return true }
    return nextStore <= now || now.advanced(by: interval) < nextStore
  }

  fileprivate mutating func add(_ more: TaskProgress, _ usage: TokenUsage?) {
    progress = progress?.updated(with: more) ?? more
    guard let usage else { return }
    self.usage = self.usage.map { $0.adding(usage) } ?? usage
  }
}

/// Says to a run that it shall end, and how.
final class RunSignal: Sendable {
  private let end = Mutex<TaskRun.End?>(nil)
  private let wakeUp = WakeUp()

  /// The first that is given counts.
  func give(_ end: TaskRun.End) {
    self.end.withLock { $0 = $0 ?? end }
    wakeUp()
  }

  /// Waits until one is given; `nil` when the waiting task is cancelled before.
  func wait(on time: any TimeSource) async -> TaskRun.End? {
    await wakeUp.wait(until: nil, on: time)
    return end.withLock { $0 }
  }
}
