import CompanionApplication
import CompanionDomain
import CompanionPorts

/// A mistake that queues are known to make, to show that a simulation finds it.
@nonexhaustive
public enum PlantedFlaw: String, Hashable, Sendable, CaseIterable {
  /// Work is finished by the name of its task alone, whoever holds it by now.
  case finishWithoutFence = "finish-without-fence"
  /// A task whose worker died goes back to the line as if nothing had been tried.
  case rescueWithoutCounting = "rescue-without-counting"
  /// A task is acknowledged first and stored a little later.
  case acknowledgeBeforeCommit = "acknowledge-before-commit"
}

/// A store that takes what an old lease brings for what the current one does.
struct FencelessStore: StoreWrapper {
  let base: any CompanionStore

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    var rewritten: [ChangeSet.Change] = []
    for change in changes.changes { rewritten.append(try await rewrite(change)) }
    return try await base.commit(ChangeSet(rewritten))
  }

  private func rewrite(_ change: ChangeSet.Change) async throws(StoreFailure) -> ChangeSet.Change {
    guard case .transition(let id, let transition, let revision) = change,
      let task = try await base.task(id), task.state.name == .running
    else { return change }
    let finish: TaskTransition
    switch transition {
    case .complete(_, let text, let usage): finish = .complete(task.lease, text: text, usage: usage)
    case .fail(_, let failure, let delay): finish = .fail(task.lease, failure, retryIn: delay)
    case .wait(_, let reason, let limit): finish = .wait(task.lease, reason, limit: limit)
    default: return change
    }
    return .transition(id, finish, revision: revision)
  }
}

/// A store that does not count the attempt of a worker that died.
struct UncountingStore: StoreWrapper {
  let base: any CompanionStore

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    try await base.commit(
      ChangeSet(
        changes.changes.map { change in
          guard case .transition(let id, .rescue(let lease, _), let revision) = change else { return change }
          return .transition(id, .release(lease), revision: revision)
        }))
  }
}

/// A process' store that says that a task is stored before it is.
struct HastyStore: StoreWrapper {
  let base: any CompanionStore
  let time: any TimeSource
  let random: any RandomSource

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    let creations = changes.changes.compactMap { change -> TaskChange? in
      guard case .insertTask(let task) = change else { return nil }
      return TaskChange(task: task, event: task.creation)
    }
    guard creations.count == changes.changes.count else { return try await base.commit(changes) }
    let delay = Duration.milliseconds(Int64(random.nextBits() % 2_000))
    // The mistake itself: nobody waits for it.
    _ = Unstructured.start(name: "late commit") {
      try? await time.sleep(until: time.now.advanced(by: delay), tolerance: nil)
      _ = try? await base.commit(changes)
    }
    return creations
  }
}
