import CompanionDomain
import Testing

struct TaskHistoryTests {
  @Test(arguments: TaskShape.allCases)
  func `the history of every shape, and each beginning of it, is accepted`(shape: TaskShape) throws {
    let events = try shape.history.events
    for count in 0...events.count {
      #expect(TaskHistory.firstFlaw(in: Array(events.prefix(count))) == nil)
    }
  }

  @Test func `random transitions keep what must hold and make histories that are accepted`() throws {
    var random = SplitMix64(seed: 20_260_306)
    var kinds: [String: Int] = [:]
    for _ in 0..<2000 {
      let events = try randomHistory(steps: 200, with: &random)
      #expect(TaskHistory.firstFlaw(in: events) == nil)
      for event in events { kinds[event.kind.name, default: 0] += 1 }
    }
    // The walk goes everywhere.
    #expect(kinds.count == 13)
    #expect(kinds.values.allSatisfy { $0 > 50 }, "\(kinds)")
  }

  /// A store that loses, repeats or mixes up events numbers them as they are.
  @Test func `a history with a change in it is rejected by its numbers`() throws {
    var random = SplitMix64(seed: 7)
    for _ in 0..<200 {
      let events = try randomHistory(steps: 100, with: &random)
      for index in events.indices.dropLast() {
        for mutation in Mutation.allCases {
          #expect(TaskHistory.firstFlaw(in: mutation.applied(to: events, at: index)) != nil)
        }
      }
      #expect(TaskHistory.firstFlaw(in: Mutation.duplicate.applied(to: events, at: events.count - 1)) != nil)
    }
  }

  /// One that counts what it writes has them gapless: then what follows what tells the truth.
  @Test func `a renumbered history with a change in it is rejected where it cannot have happened`() throws {
    var random = SplitMix64(seed: 8)
    var rejected = 0
    for _ in 0..<300 {
      let events = try randomHistory(steps: 100, with: &random)
      for index in events.indices.dropLast() {
        for mutation in Mutation.allCases {
          let changed = renumbered(mutation.applied(to: events, at: index))
          let isIllegal = mutation.isIllegal(
            for: events[index].kind.name, before: events[index + 1].kind.name)
          guard isIllegal else { continue }
          rejected += 1
          #expect(
            TaskHistory.firstFlaw(in: changed) != nil,
            "\(mutation) at \(index + 1): \(changed.map(\.kind.name))")
        }
      }
    }
    #expect(rejected > 5000)
  }

  @Test func `a flaw is told by the number of its event`() throws {
    let task = newTask()
    func history(_ kinds: TaskEvent.Kind...) -> [TaskEvent] {
      kinds.enumerated().map { index, kind in
        TaskEvent(task: task.id, number: Int64(index) + 1, time: now, kind: kind)
      }
    }
    func start(lease: Int64 = 1, attempt: Int = 1, rescues: Int = 0) -> TaskEvent.Kind {
      .started(
        TaskStart(
          worker: WorkerID(bits: 1), lease: LeaseNumber(rawValue: lease), attempt: attempt, rescues: rescues))
    }
    let failure = TaskFailure.handler("broken", isPermanent: false)
    let retry = TaskEvent.Kind.retried(failure, notBefore: now)
    let death = TaskEvent.Kind.retried(.abandoned(rescues: 1), notBefore: now)
    let requeue = TaskEvent.Kind.requeued(reason: "again", notBefore: now)
    let wait = TaskEvent.Kind.waiting(TaskWait(reason: .answer("a"), since: now))
    let flaws: [([TaskEvent], String?)] = [
      (history(), nil),
      (history(start()), "Event 1 is the first, and tells of no creation."),
      (history(.created, .created), "Event 2 (created) cannot come when the task is queued."),
      (history(.created, .completed), "Event 2 (completed) cannot come when the task is queued."),
      (
        history(.created, start(), start(lease: 2)), "Event 3 (started) cannot come when the task is running."
      ),
      (history(.created, start(lease: 0)), "Event 2 starts with lease 0 where 1 is expected."),
      (history(.created, start(lease: 2)), "Event 2 starts with lease 2 where 1 is expected."),
      (history(.created, start(attempt: 2)), "Event 2 starts attempt 2 where 1 is expected."),
      (history(.created, start(rescues: 1)), "Event 2 starts after 1 dead workers where 0 are expected."),
      (history(.created, start(), retry, start(lease: 2)), "Event 4 starts attempt 1 where 2 is expected."),
      (history(.created, start(), retry, start(lease: 2, attempt: 2)), nil),
      (history(.created, start(), death, start(lease: 2, attempt: 2, rescues: 1)), nil),
      (history(.created, start(), .released, start(lease: 2)), nil),
      (
        history(.created, start(), .released, start(lease: 1)),
        "Event 4 starts with lease 1 where 2 is expected."
      ),
      (history(.created, start(), wait, .woken(hasInput: true), start(lease: 2)), nil),
      (
        history(.created, start(), wait, start(lease: 2)),
        "Event 4 (started) cannot come when the task is waiting."
      ),
      (
        history(.created, start(), wait, .completed),
        "Event 4 (completed) cannot come when the task is waiting."
      ),
      (
        history(.created, start(), .completed, .completed),
        "Event 4 (completed) cannot come when the task is completed."
      ),
      (
        history(.created, .cancelled(reason: "x"), requeue),
        "Event 3 (requeued) cannot come when the task is cancelled."
      ),
      (history(.created, .deadLettered(failure), .leftToPerson, requeue, start()), nil),
      (
        history(.created, .deadLettered(failure), .leftToPerson, .leftToPerson),
        "Event 4 (left to a person) cannot come when the task is dead-lettered and left to a person."
      ),
      (
        history(
          .created, start(), retry, start(lease: 2, attempt: 2), .deadLettered(failure), requeue,
          start(lease: 3)), nil
      ),
      (
        history(.created, start(), .cancelRequested(reason: "x"), .completed),
        "Event 4 (completed) cannot come when the task is running and asked to stop."
      ),
      (
        history(.created, start(), .cancelRequested(reason: "x"), retry),
        "Event 4 (retried) cannot come when the task is running and asked to stop."
      ),
      (
        history(.created, start(), .cancelRequested(reason: "x"), .deadLettered(failure)),
        "Event 4 (dead-lettered) cannot come when the task is running and asked to stop."
      ),
      (
        history(.created, start(), .cancelRequested(reason: "x"), .cancelled(reason: "y")),
        "Event 4 cancels for another reason than was asked for: y."
      ),
      (
        history(
          .created, start(), .cancelRequested(reason: "x"), .progressed(TaskProgress()),
          .cancelled(reason: "x")),
        nil
      ),
    ]
    for (events, flaw) in flaws {
      #expect(TaskHistory.firstFlaw(in: events) == flaw, "\(events.map(\.kind.name))")
    }
  }

  @Test func `events of another task, and gaps, are flaws`() throws {
    var events = try TaskShape.running.history.events
    events[1].task = TaskID(bits: 99)
    #expect(try #require(TaskHistory.firstFlaw(in: events)).hasPrefix("Event 2 is of the task"))
    events = Array(try TaskShape.running.history.events.dropFirst())
    #expect(TaskHistory.firstFlaw(in: events) == "Event 2 stands where event 1 is expected.")
    // Clocks may go back.
    events = try TaskShape.running.history.events
    events[1].time = .epoch
    #expect(TaskHistory.firstFlaw(in: events) == nil)
  }
}

private enum Mutation: CaseIterable {
  case drop, swap, duplicate

  func applied(to events: [TaskEvent], at index: Int) -> [TaskEvent] {
    var events = events
    switch self {
    case .drop: events.remove(at: index)
    case .swap: events.swapAt(index, index + 1)
    case .duplicate: events.insert(events[index], at: index)
    }
    return events
  }

  /// Whether the change makes, of a history that can be, one that cannot, though it is numbered anew.
  func isIllegal(for event: String, before next: String) -> Bool {
    switch self {
    case .drop:
      switch event {
      case "created", "requeued", "deadLettered": true
      // A task ends from anywhere.
      case "started", "waiting", "woken", "retried", "released":
        !["cancelled", "deadLettered"].contains(next)
      default: false
      }
    case .swap: !(Set([event, next]).isSubset(of: ["progressed", "cancelRequested"]))
    case .duplicate: event != "progressed"
    }
  }
}

private func renumbered(_ events: [TaskEvent]) -> [TaskEvent] {
  events.enumerated().map { index, event in
    var event = event
    event.number = Int64(index) + 1
    return event
  }
}

/// The events of a task that so much happens to, by chance; much of it is refused.
private func randomHistory(steps: Int, with random: inout SplitMix64) throws -> [TaskEvent] {
  var time = at(800)
  var task = newTask(
    notBefore: Bool.random(using: &random) ? at(810) : nil,
    deadline: Int.random(in: 0..<8, using: &random) == 0 ? at(900) : nil)
  var events = [task.creation]
  for _ in 0..<steps {
    if task.state.name == .completed || task.state.name == .cancelled { break }
    // Clocks go back now and then.
    time = time.advanced(by: .seconds(Int.random(in: -2...10, using: &random)))
    let transition = randomTransition(for: task, with: &random)
    guard let change = try? task.applying(transition, at: time) else { continue }
    let broken = brokenInvariants(of: change, from: task, by: transition, at: time)
    if !broken.isEmpty { Issue.record("\(broken)") }
    task = change.task
    if let event = change.event { events.append(event) }
  }
  return events
}

private func randomTransition(
  for task: GenerationTask, with random: inout SplitMix64
) -> TaskTransition {
  let slip = Int64.random(in: 0..<10, using: &random)
  let lease = LeaseNumber(rawValue: task.lease.rawValue + (slip == 0 ? -1 : slip == 1 ? 1 : 0))
  let delay =
    [nil, Duration.zero, .seconds(3), .seconds(-3), .seconds(20)].randomElement(using: &random) ?? nil
  let failure =
    [
      TaskFailure.handler("broken", isPermanent: false), .abandoned(rescues: 1),
      .provider(ProviderFailure(.rateLimited, retryAfter: .seconds(30))),
    ].randomElement(using: &random) ?? .deadlinePassed
  switch Int.random(in: 0..<200, using: &random) {
  case 0..<40:
    return .claim(by: WorkerID(bits: 1), leaseLength: .seconds(9), attemptLimit: delay.map { $0 * 2 })
  case 40..<50: return .renew(lease, leaseLength: .seconds(9))
  case 50..<65:
    return .report(lease, TaskProgress(fraction: 0.1), usage: TokenUsage(input: 1, output: 1))
  case 65..<67: return .complete(lease, text: "done", usage: nil)
  case 67..<77: return .fail(lease, failure, retryIn: delay)
  case 77..<82: return .wait(lease, .answer("a"), limit: delay)
  case 82..<87: return .wait(lease, .provider("p"), limit: delay)
  case 87..<97: return .release(lease)
  case 97..<102: return .stop(lease)
  case 102..<104: return .cancel(reason: "reason \(slip)")
  case 104..<119: return .wake(input: slip < 5 ? nil : "yes")
  case 119..<129: return .endWait
  case 129..<149: return .rescue(lease, retryIn: delay)
  case 149..<164: return .timeOut(lease, retryIn: delay)
  case 164..<169: return .expire
  case 169..<171: return .reject(lease, .unknownKind("k"))
  case 171..<191: return .requeue(reason: "again", delay: delay ?? .zero, limit: 5)
  default: return .leaveToPerson
  }
}
