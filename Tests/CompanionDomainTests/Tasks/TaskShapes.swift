import CompanionDomain

/// The time at which every shape is looked at.
let now = Timestamp.epoch.advanced(by: .seconds(1000))

/// A second before or after ``now``.
func at(_ seconds: Int) -> Timestamp { .epoch.advanced(by: .seconds(seconds)) }

/// How often a dead letter is taken back in these tests.
let requeueLimit = 2

/// A way in which a task can stand at second 1000; each is reached by transitions from the creation on.
enum TaskShape: String, CaseIterable {
  case queued, queuedLater, queuedOverdue, queuedAgain
  case running, runningExpired, runningHung, runningOverdue, runningLastRescue
  case stopping, stoppingExpired, stoppingHung, stoppingOverdue
  case waiting, waitingLater, waitingDue, waitingOverdue
  case completed, cancelled
  case dead, deadReviewed, deadCooling, deadOverdue, deadSpent

  static let queuedOnes: Set<TaskShape> = [.queued, .queuedLater, .queuedOverdue, .queuedAgain]
  static let runningOnes: Set<TaskShape> = [
    .running, .runningExpired, .runningHung, .runningOverdue, .runningLastRescue,
  ]
  static let stoppingOnes: Set<TaskShape> = [.stopping, .stoppingExpired, .stoppingHung, .stoppingOverdue]
  static let waitingOnes: Set<TaskShape> = [.waiting, .waitingLater, .waitingDue, .waitingOverdue]
  static let finished: Set<TaskShape> = [.completed, .cancelled]
  static let deadOnes: Set<TaskShape> = [.dead, .deadReviewed, .deadCooling, .deadOverdue, .deadSpent]

  var history: [TaskChange] {
    get throws {
      switch self {
      case .queued: return try past()
      case .queuedLater: return try past(notBefore: at(2000))
      case .queuedOverdue: return try past(deadline: at(995))
      case .queuedAgain: return try past((990, claim()), (991, .release(first)))
      case .running: return try past(beginning: (990, claim(length: 100)))
      case .runningExpired: return try past(beginning: (990, claim(length: 5)))
      case .runningHung: return try past(beginning: (990, claim(length: 100, limit: 5)))
      case .runningOverdue: return try past(deadline: at(995), beginning: (990, claim(length: 100)))
      case .runningLastRescue:
        let deaths = (0..<GenerationTask.maximumRescues).flatMap { death in
          let lease = LeaseNumber(rawValue: Int64(death) + 1)
          return [
            (900 + death * 10, claim(length: 5)), (905 + death * 10, .rescue(lease, retryIn: .zero)),
          ] as [(Int, TaskTransition)]
        }
        return try past(deaths + [(990, claim(length: 5))])
      case .stopping: return try TaskShape.running.history.followed(by: (992, ask))
      case .stoppingExpired: return try TaskShape.runningExpired.history.followed(by: (992, ask))
      case .stoppingHung: return try TaskShape.runningHung.history.followed(by: (992, ask))
      case .stoppingOverdue: return try TaskShape.runningOverdue.history.followed(by: (992, ask))
      case .waiting: return try past((990, claim()), (991, .wait(first, .answer("a"), limit: nil)))
      case .waitingLater:
        return try past((990, claim()), (991, .wait(first, .answer("a"), limit: .seconds(100))))
      case .waitingDue:
        return try past((990, claim()), (991, .wait(first, .answer("a"), limit: .seconds(9))))
      case .waitingOverdue:
        return try past(
          deadline: at(995), (990, claim()), (991, .wait(first, .answer("a"), limit: nil)))
      case .completed: return try past((990, claim()), (991, .complete(first, text: "done", usage: nil)))
      case .cancelled: return try past((990, ask))
      case .dead: return try past((990, claim()), (991, .fail(first, failure, retryIn: nil)))
      case .deadReviewed: return try TaskShape.dead.history.followed(by: (992, .leaveToPerson))
      case .deadCooling:
        let limited = TaskFailure.provider(ProviderFailure(.rateLimited, retryAfter: .seconds(1000)))
        return try past((990, claim()), (991, .fail(first, limited, retryIn: nil)))
      case .deadOverdue: return try past(deadline: at(995), (996, .expire))
      case .deadSpent:
        let requeue = TaskTransition.requeue(reason: "again", delay: .zero, limit: requeueLimit)
        let fails = (0...requeueLimit).flatMap { round in
          let lease = LeaseNumber(rawValue: Int64(round) + 1)
          return [
            (900 + round * 10, claim()), (901 + round * 10, .reject(lease, failure)),
            (902 + round * 10, requeue),
          ] as [(Int, TaskTransition)]
        }
        return try past(fails.dropLast())
      }
    }
  }

  var task: GenerationTask {
    get throws { try history[history.count - 1].task }
  }
}

private let first = LeaseNumber(rawValue: 1)
private let failure = TaskFailure.handler("broken", isPermanent: false)
private let ask = TaskTransition.cancel(reason: "enough")

private func claim(length: Int = 50, limit: Int? = nil) -> TaskTransition {
  .claim(
    by: WorkerID(bits: 7), leaseLength: .seconds(length), attemptLimit: limit.map { .seconds($0) })
}

func newTask(
  notBefore: Timestamp? = nil, deadline: Timestamp? = nil, priority: GenerationTask.Priority = .normal,
  createdAt: Timestamp = at(800)
) -> GenerationTask {
  GenerationTask(
    id: TaskID(bits: 1),
    request: TaskRequest(
      kind: .reasoning, payload: TaskPayload(json: "{}"), requester: .named(RequesterID(bits: 2)),
      priority: priority, notBefore: notBefore, deadline: deadline),
    createdAt: createdAt)
}

private func past(
  notBefore: Timestamp? = nil, deadline: Timestamp? = nil, _ steps: (Int, TaskTransition)...
) throws -> [TaskChange] {
  let task = newTask(notBefore: notBefore, deadline: deadline)
  return try [TaskChange(task: task, event: task.creation)].followed(by: steps)
}

private func past(_ steps: some Sequence<(Int, TaskTransition)>) throws -> [TaskChange] {
  try past().followed(by: steps)
}

/// With an attempt before the one that begins, so that there is an older lease.
private func past(
  deadline: Timestamp? = nil, beginning claim: (Int, TaskTransition), _ steps: (Int, TaskTransition)...
) throws -> [TaskChange] {
  let earlier = [(900, CompanionDomainTests.claim()), (901, TaskTransition.release(first))]
  let task = newTask(deadline: deadline)
  return try [TaskChange(task: task, event: task.creation)].followed(by: earlier + [claim] + steps)
}

extension [TaskChange] {
  func followed(by steps: (Int, TaskTransition)...) throws -> [TaskChange] { try followed(by: steps) }

  func followed(by steps: some Sequence<(Int, TaskTransition)>) throws -> [TaskChange] {
    try steps.reduce(into: self) { changes, step in
      changes.append(try changes[changes.count - 1].task.applying(step.1, at: at(step.0)))
    }
  }

  var events: [TaskEvent] { compactMap(\.event) }
}
