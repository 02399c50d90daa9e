import CompanionDomain
import Testing

/// Every shape of a task against every transition, by a table.
struct GenerationTaskTests {
  /// Which shapes come to which outcome: a refusal, or the next state and the event that tells of it.
  private typealias Outcomes = [String: Set<TaskShape>]

  private typealias Step = @Sendable (LeaseNumber) -> TaskTransition

  private struct Row: Sendable {
    var name: String
    /// The transition, by the lease of whoever makes it.
    var transitions: [Step]
    var outcomes: Outcomes
    var needsLease = true
  }

  private static let delays: [Duration] = [.zero, .seconds(5), .seconds(-5)]
  private static func eachDelay(
    _ transition: @escaping @Sendable (LeaseNumber, Duration) -> TaskTransition
  ) -> [Step] {
    delays.map { delay in { transition($0, delay) } }
  }

  private static let broken = TaskFailure.handler("broken", isPermanent: false)
  private static let queued = TaskShape.queuedOnes
  private static let running = TaskShape.runningOnes
  private static let stopping = TaskShape.stoppingOnes
  private static let waiting = TaskShape.waitingOnes
  private static let dead = TaskShape.deadOnes
  private static let ended = TaskShape.finished.union(dead)

  /// What comes of the end of an attempt, unless it was asked to stop.
  private static func ends(_ outcome: String) -> Outcomes {
    [
      outcome: running, "cancelled/cancelled": stopping, "notRunning": queued.union(waiting),
      "alreadyEnded": ended,
    ]
  }

  private static let rows: [Row] = [
    Row(
      name: "claim",
      transitions: [
        { _ in .claim(by: WorkerID(bits: 9), leaseLength: .seconds(90), attemptLimit: .seconds(300)) },
        { _ in .claim(by: WorkerID(bits: 9), leaseLength: .seconds(-1), attemptLimit: nil) },
      ],
      outcomes: [
        "running/started": [.queued, .queuedAgain], "notDue": [.queuedLater],
        "deadlinePassed": [.queuedOverdue], "notQueued": running.union(stopping).union(waiting),
        "alreadyEnded": ended,
      ], needsLease: false),
    Row(
      name: "renew",
      transitions: [
        { .renew($0, leaseLength: .seconds(90)) }, { .renew($0, leaseLength: .seconds(-90)) },
      ],
      outcomes: [
        "running/-": running.union(stopping), "notRunning": queued.union(waiting), "alreadyEnded": ended,
      ]),
    Row(
      name: "report",
      transitions: [
        { .report($0, TaskProgress(fraction: 0.5), usage: nil) },
        { .report($0, TaskProgress(), usage: TokenUsage(input: 1, output: 1)) },
      ],
      outcomes: [
        "running/progressed": running.union(stopping), "notRunning": queued.union(waiting),
        "alreadyEnded": ended,
      ]),
    Row(
      name: "complete", transitions: [{ .complete($0, text: "done", usage: nil) }],
      outcomes: ends("completed/completed")),
    Row(
      name: "fail for good", transitions: [{ .fail($0, broken, retryIn: nil) }],
      outcomes: ends("deadLettered/deadLettered")),
    Row(
      name: "fail, and retry", transitions: eachDelay { .fail($0, broken, retryIn: $1) },
      outcomes: ends("queued/retried")),
    Row(
      name: "wait",
      transitions: [{ .wait($0, .approval("a"), limit: nil) }]
        + eachDelay { .wait($0, .providerJob("j"), limit: $1) }
        + eachDelay { .wait($0, .provider("p"), limit: $1) },
      outcomes: ends("waiting/waiting")),
    Row(name: "release", transitions: [{ .release($0) }], outcomes: ends("queued/released")),
    Row(name: "stop", transitions: [{ .stop($0) }], outcomes: ends("noCancelRequested")),
    Row(
      name: "reject", transitions: [{ .reject($0, .unknownKind("k")) }],
      outcomes: ends("deadLettered/deadLettered")),
    Row(
      name: "rescue for good", transitions: [{ .rescue($0, retryIn: nil) }],
      outcomes: [
        "deadLettered/deadLettered": [.runningExpired, .runningLastRescue],
        "cancelled/cancelled": [.stoppingExpired],
        "notRunOut": [
          .running, .runningHung, .runningOverdue, .stopping, .stoppingHung, .stoppingOverdue,
        ],
        "notRunning": queued.union(waiting), "alreadyEnded": ended,
      ]),
    Row(
      name: "rescue, and retry", transitions: eachDelay { .rescue($0, retryIn: $1) },
      outcomes: [
        "queued/retried": [.runningExpired], "deadLettered/deadLettered": [.runningLastRescue],
        "cancelled/cancelled": [.stoppingExpired],
        "notRunOut": [
          .running, .runningHung, .runningOverdue, .stopping, .stoppingHung, .stoppingOverdue,
        ],
        "notRunning": queued.union(waiting), "alreadyEnded": ended,
      ]),
    Row(
      name: "time out for good", transitions: [{ .timeOut($0, retryIn: nil) }],
      outcomes: [
        "deadLettered/deadLettered": [.runningHung], "cancelled/cancelled": [.stoppingHung],
        "notRunOut": running.union(stopping).subtracting([.runningHung, .stoppingHung]),
        "notRunning": queued.union(waiting), "alreadyEnded": ended,
      ]),
    Row(
      name: "time out, and retry", transitions: eachDelay { .timeOut($0, retryIn: $1) },
      outcomes: [
        "queued/retried": [.runningHung], "cancelled/cancelled": [.stoppingHung],
        "notRunOut": running.union(stopping).subtracting([.runningHung, .stoppingHung]),
        "notRunning": queued.union(waiting), "alreadyEnded": ended,
      ]),
    Row(
      name: "cancel", transitions: [{ _ in .cancel(reason: "stop it") }],
      outcomes: [
        "cancelled/cancelled": queued.union(waiting), "running/cancelRequested": running,
        "running/-": stopping, "alreadyEnded": ended,
      ], needsLease: false),
    Row(
      name: "wake", transitions: [{ _ in .wake(input: nil) }, { _ in .wake(input: "yes") }],
      outcomes: [
        "queued/woken": waiting, "notWaiting": queued.union(running).union(stopping),
        "alreadyEnded": ended,
      ], needsLease: false),
    Row(
      name: "end the wait", transitions: [{ _ in .endWait }],
      outcomes: [
        "queued/woken": [.waitingDue], "notRunOut": [.waiting, .waitingLater, .waitingOverdue],
        "notWaiting": queued.union(running).union(stopping), "alreadyEnded": ended,
      ], needsLease: false),
    Row(
      name: "expire", transitions: [{ _ in .expire }],
      outcomes: [
        "deadLettered/deadLettered": [.queuedOverdue, .runningOverdue, .waitingOverdue],
        "cancelled/cancelled": [.stoppingOverdue],
        "notRunOut": queued.union(running).union(stopping).union(waiting)
          .subtracting([.queuedOverdue, .runningOverdue, .waitingOverdue, .stoppingOverdue]),
        "alreadyEnded": ended,
      ], needsLease: false),
    Row(
      name: "requeue",
      transitions: eachDelay { .requeue(reason: "again", delay: $1, limit: requeueLimit) },
      outcomes: [
        "queued/requeued": [.dead, .deadReviewed, .deadCooling], "deadlinePassed": [.deadOverdue],
        "retriesExhausted": [.deadSpent],
        "notDeadLettered": Set(TaskShape.allCases).subtracting(dead),
      ], needsLease: false),
    Row(
      name: "leave to a person", transitions: [{ _ in .leaveToPerson }],
      outcomes: [
        "deadLettered/leftToPerson": [.dead, .deadCooling, .deadOverdue, .deadSpent],
        "deadLettered/-": [.deadReviewed], "notDeadLettered": Set(TaskShape.allCases).subtracting(dead),
      ], needsLease: false),
  ]

  @Test func `the table says of every shape and transition what comes of it, once`() {
    for row in Self.rows {
      let listed = row.outcomes.values.flatMap(Array.init)
      #expect(listed.count == TaskShape.allCases.count, "\(row.name)")
      #expect(Set(listed) == Set(TaskShape.allCases), "\(row.name)")
    }
  }

  @Test(arguments: TaskShape.allCases)
  func `every transition of every shape comes to what the table says`(shape: TaskShape) throws {
    let task = try shape.task
    for row in Self.rows {
      let expected = row.outcomes.first { $0.value.contains(shape) }?.key
      for transition in row.transitions.map({ $0(task.lease) }) {
        #expect(outcome(of: transition, on: task) == expected, "\(shape) × \(transition)")
      }
    }
  }

  @Test(arguments: TaskShape.allCases)
  func `another lease than the current one changes nothing`(shape: TaskShape) throws {
    let task = try shape.task
    for row in Self.rows where row.needsLease {
      for distance in [-1, 1, -1000, 1000] as [Int64] {
        let lease = LeaseNumber(rawValue: task.lease.rawValue + distance)
        for transition in row.transitions.map({ $0(lease) }) {
          let refusal: TransitionRefusal =
            TaskShape.finished.union(TaskShape.deadOnes).contains(shape)
            ? .alreadyEnded(task.state.name) : .staleLease(held: lease, current: task.lease)
          #expect(throws: refusal, "\(transition)") { try task.applying(transition, at: now) }
        }
      }
    }
  }

  @Test(arguments: TaskShape.allCases)
  func `a claim is accepted where the task is claimable, and only there`(shape: TaskShape) throws {
    let task = try shape.task
    let claim = TaskTransition.claim(by: WorkerID(bits: 9), leaseLength: .seconds(1), attemptLimit: nil)
    for time in [at(0), at(994), at(995), now, at(1999), at(2000), .distantFuture] {
      #expect(task.isClaimable(at: time) == ((try? task.applying(claim, at: time)) != nil), "\(time)")
    }
  }

  /// What passes the extremes must still hold what always holds; nothing may trap.
  @Test(arguments: TaskShape.allCases)
  func `the extremes of time and of durations are taken like any other`(shape: TaskShape) throws {
    let task = try shape.task
    let lease = task.lease
    for length in [
      Duration.seconds(Int64.max), .seconds(Int64.min), .nanoseconds(Int64.max), .nanoseconds(Int64.min),
      .seconds(Int64.max) * 16, .seconds(Int64.min) * 16, .zero,
    ] {
      let asked = TaskFailure.provider(ProviderFailure(.rateLimited, retryAfter: length))
      let transitions: [TaskTransition] = [
        .claim(by: WorkerID(bits: 9), leaseLength: length, attemptLimit: length),
        .renew(lease, leaseLength: length), .fail(lease, asked, retryIn: length),
        .fail(lease, asked, retryIn: nil), .wait(lease, .answer("a"), limit: length),
        .rescue(lease, retryIn: length), .timeOut(lease, retryIn: length), .expire, .endWait,
        .requeue(reason: "again", delay: length, limit: .max),
        .requeue(reason: "again", delay: length, limit: .min), .cancel(reason: ""), .leaveToPerson,
        .report(lease, TaskProgress(fraction: .nan), usage: TokenUsage(input: .max, output: .max)),
      ]
      for transition in transitions {
        for time in [Timestamp(nanosecondsSinceEpoch: .min), .epoch, now, .distantFuture] {
          guard let change = try? task.applying(transition, at: time) else { continue }
          #expect(brokenInvariants(of: change, from: task, by: transition, at: time) == [])
          _ = (change.task.alarm, change.task.rank, change.task.elapsed(at: .distantFuture))
        }
      }
    }
  }

  /// The refusal, or the next state and the event; also checks what must hold after every transition.
  private func outcome(of transition: TaskTransition, on task: GenerationTask) -> String {
    do throws(TransitionRefusal) {
      let change = try task.applying(transition, at: now)
      #expect(brokenInvariants(of: change, from: task, by: transition, at: now) == [])
      return "\(change.task.state.name)/\(change.event?.kind.name ?? "-")"
    } catch {
      #expect(error.description.hasSuffix("."))
      return error.name
    }
  }
}
