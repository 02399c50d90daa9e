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

  /// Takes a report. When it has a checkpoint, or something to be stored with it, this returns once that is stored.
  func report(_ progress: TaskProgress, _ usage: TokenUsage?, storing changes: ChangeSet) async throws {
    try Task.checkCancellation()
    let isUrgent = progress.checkpoint != nil || !changes.changes.isEmpty
    let now = apply.environment.time.now
    let isDue = state.withLock { state in
      state.add(progress, usage)
      guard isUrgent || state.isDue(at: now, interval: Self.interval) else { return false }
      state.nextStore = now.advanced(by: Self.interval)
      return true
    }
    guard isDue else { return }
    do throws(StoreFailure) {
      guard try await store(with: changes) else { throw StoreFailure.conflict(.taskMoved) }
    } catch {
      // What another worker has is not this one's any more.
      if error == .conflict(.taskMoved) { throw CancellationError() }
      // Of what is no checkpoint the next report tells again.
      guard !isUrgent else { throw error }
      apply.environment.events.emit(.serviceFailed("worker", error), in: EventContext(task: task.id))
    }
    try Task.checkCancellation()
  }

  /// Stores what has been reported and was not stored yet, once.
  func flush() async { _ = try? await store() }

  /// What has been used and not been stored.
  func takeUsage() -> TokenUsage? { state.withLock { $0.usage.take() } }

  /// - Returns: `false` when the task is another worker's: nothing was stored.
  private func store(with changes: ChangeSet = ChangeSet([])) async throws(StoreFailure) -> Bool {
    let (progress, usage) = state.withLock { ($0.progress.take(), $0.usage.take()) }
    guard progress != nil || usage != nil || !changes.changes.isEmpty else { return true }
    let report = TaskTransition.report(task.lease, progress ?? TaskProgress(), usage: usage)
    do throws(StoreFailure) {
      switch try await apply(report, to: task.id, storing: changes) {
      case .applied(let change): if change.task.cancelRequest != nil { signal.give(.cancelRequested) }
      case .refused, .noSuchTask:
        signal.give(.lost)
        return false
      }
      return true
    } catch {
      switch error {
      // It may be there: what was used is not to count twice.
      case .timedOut, .unknown: throw error
      // It would be the same again, and spoil what comes later.
      case .invalid: throw error
      default: break
      }
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
