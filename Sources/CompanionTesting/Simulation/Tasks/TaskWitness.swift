import CompanionDomain
import CompanionPorts
import Synchronization

/// Sees everything that the store accepts and every handler that runs, and says what must not be.
///
/// It knows nothing of the engine: what it keeps comes from the store's own answers, from handlers and from
/// clients.
final class TaskWitness: SimulationWitness {
  /// A task as it is known.
  struct Known {
    /// Its place among the tasks of the run, in the order in which they were stored.
    let number: Int
    var task: GenerationTask
    var events: [TaskEvent]
    /// How many attempts have failed since it was created or taken back, as the transitions tell.
    var failures = 0
    /// No attempt may begin before.
    var earliestStart: Timestamp?
    var isCancelAcknowledged = false
    var cancelRequestedAt: Timestamp?
    /// How often it has killed its process since it was created or taken back.
    var kills = 0
    /// How many words its conversation should have been told.
    var announcements = 0
  }

  /// One claim of a task.
  struct ClaimID: Hashable {
    let task: TaskID
    let lease: LeaseNumber
  }

  struct State {
    var numbers: [TaskID: Int] = [:]
    var tasks: [Known] = []
    var keys: [String: TaskID] = [:]
    var pause = TaskPause()
    /// From when nothing goes wrong any more.
    var calmSince: Timestamp?
    /// What a claim's provider asked for.
    var cooldowns: [ClaimID: Duration] = [:]
    /// Which life of which process runs a claim.
    var holders: [ClaimID: ProcessLife] = [:]
    var acknowledged: [(job: Int, task: TaskID)] = []
    var announced: Set<Announced> = []
  }

  struct Announced: Hashable {
    let task: TaskID
    let number: Int64
  }

  let time: any TimeSource
  let notes: SimulationNotes
  /// How long it may take when all is calm until what has run out is looked after.
  let patience: Duration
  /// How many processes a task may kill before it is given up.
  let mostKills: Int
  let state = Mutex(State())

  init(
    time: any TimeSource, patience: Duration, mostKills: Int, onStory: (@Sendable (String) -> Void)?
  ) {
    self.mostKills = mostKills
    self.time = time
    self.patience = patience
    notes = SimulationNotes(time: time, most: 20, onStory: onStory)
  }

  /// From when nothing goes wrong any more; `nil` before.
  var calmSince: Timestamp? { state.withLock { $0.calmSince } }

  // MARK: What the store accepts

  func note(_ changes: ChangeSet, _ changed: [TaskChange]) {
    state.withLock { state in
      var results = changed[...]
      for change in changes.changes {
        switch change {
        case .insertTask:
          if let result = results.popFirst() { noteCreation(result, in: &state) }
        case .transition(_, let transition, _):
          if let result = results.popFirst() { note(transition, result, in: &state) }
        case .pauseTasks(let kind): note(pause: kind, true, in: &state)
        case .resumeTasks(let kind): note(pause: kind, false, in: &state)
        default: break
        }
      }
    }
  }

  func note(_ claim: TaskClaim, _ claimed: ClaimedTasks) {
    state.withLock { state in
      checkOrder(of: claimed, for: claim, in: state)
      for change in claimed.changes {
        let transition = TaskTransition.claim(
          by: claim.worker, leaseLength: claim.leaseLength, attemptLimit: nil)
        note(transition, change, in: &state)
      }
    }
  }

  private func note(pause kind: TaskKind?, _ isPaused: Bool, in state: inout State) {
    tell("store: \(isPaused ? "paused" : "resumed") \(kind?.rawValue ?? "everything")")
    guard let kind else { return state.pause.all = isPaused }
    if isPaused { state.pause.kinds.insert(kind) } else { state.pause.kinds.remove(kind) }
  }

  /// What a schedule makes is not made before its time, and when all is calm not much later either.
  private func checkOccurrence(_ key: String, in state: State) {
    guard key.hasPrefix("schedule/"), let time = key.split(separator: "/").last.flatMap({ Int64($0) })
    else { return }
    let late = Timestamp(nanosecondsSinceEpoch: time).duration(to: self.time.now)
    let isCalm = state.calmSince.map { $0.nanosecondsSinceEpoch < time } ?? false
    guard late < .zero || isCalm && late > patience else { return }
    report(.schedulesKeepTime, "an occurrence became a task \(late) after its time")
  }

  private func noteCreation(_ change: TaskChange, in state: inout State) {
    let task = change.task
    if state.numbers[task.id] != nil { report(.historyIsSound, "\(task.id) was created twice") }
    if let key = task.request.idempotencyKey {
      if state.keys[key] != nil { report(.keysAreKept, "two tasks have the key \(key)") }
      state.keys[key] = task.id
      checkOccurrence(key, in: state)
    }
    let number = state.tasks.count
    state.numbers[task.id] = number
    state.tasks.append(
      Known(
        number: number, task: task, events: change.event.map { [$0] } ?? [],
        earliestStart: task.request.notBefore))
    notes.combine(number)
    tell("task \(number): created, \(task.request.kind) \(task.request.payload.json)")
  }
}
