import CompanionDomain
import Foundation
import Testing

/// What a task says of itself: its place, its alarms, its times.
struct GenerationTaskQueryTests {
  @Test func `a higher priority is a head start, and waiting makes up for it`() throws {
    func rank(_ priority: GenerationTask.Priority, _ second: Int) throws -> Timestamp {
      try #require(newTask(priority: priority, createdAt: at(second)).rank)
    }
    #expect(try rank(.normal, 100) == at(100))
    #expect(try rank(.high, 3700) == at(100))
    #expect(try rank(.low, 100) == at(3700))
    #expect(try rank(.high, 3699) < rank(.normal, 100))
    #expect(try rank(.normal, 100) < rank(.high, 3701))
    #expect(try rank(.low, 0) < rank(.normal, 3601))
    #expect(try rank(.normal, 1) < rank(.normal, 2))
    #expect(GenerationTask.Priority.low < .normal && .normal < GenerationTask.Priority.high)
    #expect(GenerationTask.Priority(rawValue: 9999).rawValue == 100)
    #expect(GenerationTask.Priority(rawValue: .min).rawValue == -100)
    #expect(newTask(priority: .high, createdAt: Timestamp(nanosecondsSinceEpoch: .min)).rank != nil)
  }

  @Test func `who names a start in the past does not get ahead`() throws {
    #expect(newTask(notBefore: .epoch, createdAt: at(100)).rank == at(100))
    #expect(newTask(notBefore: at(200), createdAt: at(100)).rank == at(200))
    #expect(newTask(notBefore: .epoch).isNew)
  }

  @Test func `a released task gets its place back, a woken one a new one`() throws {
    let task = newTask(createdAt: at(100))
    let claim = TaskTransition.claim(by: WorkerID(bits: 1), leaseLength: .seconds(90), attemptLimit: nil)
    let running = try task.applying(claim, at: at(200)).task
    #expect(try running.applying(.release(running.lease), at: at(210)).task.rank == at(100))
    let waiting = try running.applying(.wait(running.lease, .answer("a"), limit: nil), at: at(210)).task
    #expect(try waiting.applying(.wake(input: "yes"), at: at(300)).task.rank == at(300))
    #expect(running.rank == nil && waiting.rank == nil)
  }

  @Test(
    arguments: [
      (.queued, nil), (.queuedLater, nil), (.queuedOverdue, at(995)), (.running, at(1090)),
      (.runningExpired, at(995)), (.runningHung, at(995)), (.runningOverdue, at(995)), (.waiting, nil),
      (.waitingLater, at(1091)), (.waitingDue, at(1000)), (.waitingOverdue, at(995)), (.completed, nil),
      (.cancelled, nil), (.dead, nil), (.deadOverdue, nil),
    ] as [(TaskShape, Timestamp?)])
  func `the alarm is the first thing to run out`(shape: TaskShape, alarm: Timestamp?) throws {
    #expect(try shape.task.alarm == alarm)
  }

  @Test(
    arguments: [
      (.queued, 200), (.running, 200), (.completed, 191), (.cancelled, 190), (.dead, 191),
    ] as [(TaskShape, Int)])
  func `the time a task has taken ends with it`(shape: TaskShape, seconds: Int) throws {
    let task = try shape.task
    #expect(task.elapsed(at: now) == .seconds(seconds))
    #expect(task.elapsed(at: .epoch) == (task.endedAt == nil ? .zero : .seconds(seconds)))
  }

  @Test func `a clock that went back makes no negative time`() throws {
    let cancelled = try newTask().applying(.cancel(reason: "x"), at: .epoch).task
    #expect(cancelled.endedAt == .epoch)
    #expect(cancelled.elapsed(at: now) == .zero)
  }

  @Test func `what a provider asks for is waited for in a retry and after the dead letters`() throws {
    let running = try TaskShape.running.task
    let failure = TaskFailure.provider(ProviderFailure(.rateLimited, retryAfter: .seconds(60)))
    for (delay, expected) in [(0, 60), (59, 60), (61, 61)] {
      let change = try running.applying(.fail(running.lease, failure, retryIn: .seconds(delay)), at: now)
      #expect(change.event?.kind == .retried(failure, notBefore: at(1000 + expected)))
    }
    let cooling = try TaskShape.deadCooling.task
    let requeue = TaskTransition.requeue(reason: "again", delay: .seconds(1), limit: 9)
    let requeued = try cooling.applying(requeue, at: now)
    #expect(requeued.event?.kind == .requeued(reason: "again", notBefore: at(1991)))
    let late = try cooling.applying(requeue, at: at(3000))
    #expect(late.event?.kind == .requeued(reason: "again", notBefore: at(3001)))
  }

  @Test func `reports add up, and a cancel keeps its first reason`() throws {
    let first = try TaskShape.stopping.task
    let second = try first.applying(.cancel(reason: "again"), at: now).task
    #expect(second.cancelRequest == "enough")
    let reports: [TaskTransition] = [
      .report(second.lease, TaskProgress(fraction: 0.25, checkpoint: "job 7"), usage: nil),
      .report(second.lease, TaskProgress(note: "half"), usage: TokenUsage(input: 5, output: 1)),
      .complete(second.lease, text: "done", usage: TokenUsage(input: 2, output: 3)),
    ]
    let end = try reports.reduce(second) { try $0.applying($1, at: now).task }
    #expect(end.progress == TaskProgress(fraction: 0.25, note: "half", checkpoint: "job 7"))
    #expect(end.usage == TokenUsage(input: 7, output: 4))
    #expect(end.state == .cancelled(TaskCancellation(reason: "enough", cancelledAt: now)))
  }

  @Test func `the fourth dead worker in a row ends the task, and a live one ends the row`() throws {
    let poisoned = try TaskShape.runningLastRescue.task
    #expect(poisoned.attempt == 4 && poisoned.rescues == 3)
    let rescue = TaskTransition.rescue(poisoned.lease, retryIn: .zero)
    #expect(try poisoned.applying(rescue, at: now).event?.kind == .deadLettered(.abandoned(rescues: 4)))
    let released = try poisoned.applying(.release(poisoned.lease), at: now).task
    #expect(released.rescues == 0 && released.attempt == 4)
  }

  @Test func `a renewal never shortens a lease, and never moves the attempt's deadline`() throws {
    let task = try TaskShape.runningHung.task
    let renewed = try task.applying(.renew(task.lease, leaseLength: .seconds(1)), at: now).task
    guard case .running(let before) = task.state, case .running(let after) = renewed.state else {
      Issue.record("The task is not running.")
      return
    }
    #expect(after == before)
  }
}

struct TaskValueTests {
  @Test func `a payload gives back what it was given, with its keys in order`() throws {
    struct Form: Codable, Equatable {
      var second: String
      var first: Int
    }
    let form = Form(second: "a/b", first: 1)
    let payload = try TaskPayload(form, version: 2)
    #expect(payload == TaskPayload(json: #"{"first":1,"second":"a/b"}"#, version: 2))
    #expect(try payload.decode(Form.self) == form)
    let decoded: Form = try payload.decode()
    #expect(decoded == form)
    for json in ["", "{", "[]", #"{"first":"1","second":"x"}"#] {
      #expect(throws: TaskFailure.undecodable("the payload is no Form")) {
        try TaskPayload(json: json).decode(Form.self)
      }
    }
    #expect(TaskPayload(json: "{}").version == 1)
  }

  @Test(
    arguments: [
      (nil, nil), (-1, 0), (0, 0), (0.5, 0.5), (1, 1), (7, 1), (.nan, 0), (-.infinity, 0),
    ] as [(Double?, Double?)])
  func `progress is a part of the whole`(fraction: Double?, expected: Double?) {
    #expect(TaskProgress(fraction: fraction).fraction == expected)
  }

  @Test func `a later report keeps what it does not tell`() {
    let earlier = TaskProgress(fraction: 0.5, note: "a", checkpoint: "b")
    #expect(earlier.updated(with: TaskProgress()) == earlier)
    #expect(
      earlier.updated(with: TaskProgress(fraction: 0.25, checkpoint: "c"))
        == TaskProgress(fraction: 0.25, note: "a", checkpoint: "c"))
  }

  @Test func `a kind that is written in code is always a name`() {
    let kind: TaskKind = "send mail"
    #expect(kind.rawValue == "send_mail")
    #expect(TaskKind(rawValue: "send mail") == nil)
    #expect(TaskKind(rawValue: "text_generation") == .textGeneration)
  }

  @Test func `a request that says no more is a usual one`() throws {
    let request = TaskRequest(
      kind: "k", payload: TaskPayload(json: "{}"), requester: .named(RequesterID(bits: 1)))
    #expect(request.priority == .normal && request.metadata.isEmpty && request.idempotencyKey == nil)
    #expect(request.notBefore == nil && request.deadline == nil)
  }

  @Test(arguments: TaskShape.allCases)
  func `a task and its events come back from JSON as they were`(shape: TaskShape) throws {
    for change in try shape.history {
      let data = try JSONEncoder().encode(change.task)
      #expect(try JSONDecoder().decode(GenerationTask.self, from: data) == change.task)
      let event = try JSONEncoder().encode(change.event)
      #expect(try JSONDecoder().decode(TaskEvent?.self, from: event) == change.event)
    }
  }
}
