import CompanionDomain

/// What happens to a task, step by step, so that it is in every state and has every detail once.
struct TaskScript: Sendable {
  /// The clock moves on by so many seconds, and the task makes a transition.
  typealias Step = (seconds: Int, transition: TaskTransition)

  var task: GenerationTask
  var steps: [Step]

  /// A task for each, with numbers from 1.
  static var all: [TaskScript] {
    let steps = beginnings + ends + failures + waits
    var scripts = steps.enumerated().map { TaskScript(task: Make.task($0 + 1), steps: $1) }
    for request in requests {
      let task = GenerationTask(id: Make.id(scripts.count + 1), request: request, createdAt: Make.start)
      scripts.append(TaskScript(task: task, steps: [(1, Make.claim())]))
    }
    let doomed = Make.task(scripts.count + 1, deadline: Make.time(50))
    return scripts + [TaskScript(task: doomed, steps: [(60, .expire)])]
  }

  private static let claim: Step = (2, Make.claim(attemptLimit: .seconds(300)))

  private static let beginnings: [[Step]] = [
    [], [(0, Make.claim())], [claim], [claim, (9, .renew(Make.lease(), leaseLength: .seconds(90)))],
    [claim, (1, .release(Make.lease()))], [claim, (1, .release(Make.lease())), claim],
    [claim, (1, .report(Make.lease(), TaskProgress(fraction: 0.1 + 0.2), usage: nil))],
    [
      claim,
      (
        1,
        .report(
          Make.lease(), TaskProgress(fraction: 0.5, note: "half", checkpoint: "job-1"),
          usage: TokenUsage(input: 10, output: 20, cachedInput: 3))
      ),
      (
        1,
        .report(
          Make.lease(), TaskProgress(note: "more"),
          usage: TokenUsage(input: .max, output: 1, cachedInput: 1, reasoning: 7))
      ),
    ],
  ]

  private static let ends: [[Step]] = [
    [claim, (3, .complete(Make.lease(), text: "done", usage: TokenUsage(input: 1, output: 2)))],
    [claim, (3, .complete(Make.lease(), text: "", usage: nil))],
    [(4, .cancel(reason: "no need"))],
    [claim, (1, .cancel(reason: "changed my mind"))],
    [claim, (1, .cancel(reason: "first")), (1, .cancel(reason: "second"))],
    [claim, (1, .cancel(reason: "changed my mind")), (1, .stop(Make.lease()))],
    [claim, (1, .cancel(reason: "too late")), (1, .complete(Make.lease(), text: "done", usage: nil))],
    [claim, (1, .reject(Make.lease(), .unknownKind("other"))), (5, .leaveToPerson), (1, .leaveToPerson)],
    [
      claim, (1, .fail(Make.lease(), .handler("no", isPermanent: true), retryIn: nil)),
      (5, .requeue(reason: "again", delay: .seconds(7), limit: 3)),
    ],
    [claim, (31, .rescue(Make.lease(), retryIn: .milliseconds(1500)))],
    [claim, (31, .rescue(Make.lease(), retryIn: nil))],
    [claim, (301, .timeOut(Make.lease(), retryIn: .seconds(1)))],
    [claim, (301, .timeOut(Make.lease(), retryIn: nil))],
  ]

  /// Every kind of failure there is.
  private static let failures: [[Step]] = [
    .provider(
      ProviderFailure(
        .rateLimited, disposition: .ambiguous, retryAfter: .milliseconds(1500), status: 429,
        code: "slow_down", requestID: "r-1", message: "one moment")),
    .provider(ProviderFailure(.unknown)),
    .attemptTimedOut(after: .seconds(300)), .abandoned(rescues: 4), .deadlinePassed,
    .unknownKind("Ünknown"), .undecodable("the payload is no prompt"),
    .oversized(bytes: 70_000_000, limit: 67_108_864), .unstorable("a NUL"),
    .handler("not now", isPermanent: false), .handler("never", isPermanent: true),
  ].flatMap { (failure: TaskFailure) in
    [
      [claim, (1, .fail(Make.lease(), failure, retryIn: .milliseconds(250)))],
      [claim, (1, .fail(Make.lease(), failure, retryIn: nil))],
    ] as [[Step]]
  }

  private static let waits: [[Step]] = [
    .approval("may it?"), .answer("which one?"), .providerJob("batch-1"),
    .provider("all rest"),
  ].flatMap { (reason: WaitReason) in
    let wait: Step = (1, .wait(Make.lease(), reason, limit: .seconds(60)))
    return [
      [claim, (1, .wait(Make.lease(), reason, limit: nil))], [claim, wait],
      [claim, wait, (1, .wake(input: "yes"))], [claim, wait, (1, .wake(input: nil))],
      [claim, wait, (61, .endWait)], [claim, wait, (1, .cancel(reason: "never mind"))],
      [claim, wait, (1, .wake(input: "yes")), (1, Make.claim(6))],
    ] as [[Step]]
  }

  private static let requests: [TaskRequest] = [
    TaskRequest(
      kind: "host's-own", payload: TaskPayload(json: #"{"a":[1,2.5,null]}"#, version: 7),
      requester: .named(Make.id(9)), priority: .high, metadata: ["a": "1", "": "", "Ünï": "日本"],
      idempotencyKey: "key-1", deadline: .distantFuture),
    TaskRequest(
      kind: .reasoning, payload: TaskPayload(json: ""), requester: .conversation(Make.id(3), Make.id(4)),
      priority: .low, idempotencyKey: "", notBefore: Make.time(-9)),
  ]
}
