import CompanionDomain
import Testing

/// Every state against every input.
struct GenerationTaskTests {
  private let start = Timestamp(nanosecondsSinceEpoch: 0)
  private let worker = WorkerID(bits: 1)
  private let lease = LeaseNumber(rawValue: 1)

  private func later(_ seconds: Int64) -> Timestamp { start.advanced(by: .seconds(seconds)) }

  private var queued: GenerationTask {
    GenerationTask(
      id: TaskID(bits: 1), session: SessionID(bits: 2), turn: TurnID(bits: 3),
      request: .init(instruction: "summarise", intent: IntentRules.intent(of: "summarise")),
      createdAt: start)
  }

  private func running() throws -> GenerationTask {
    try queued.applying(.claim(by: worker, leaseLength: .seconds(90)), at: start)
  }

  private func asked() throws -> GenerationTask {
    try running().applying(.cancel(reason: "enough"), at: later(1))
  }

  private func states() throws -> [(name: String, GenerationTask)] {
    [
      ("queued", queued), ("running", try running()), ("asked", try asked()),
      ("completed", try running().applying(.complete(lease, text: "done"), at: later(1))),
      ("cancelled", try queued.applying(.cancel(reason: "no"), at: later(1))),
      (
        "deadLettered",
        try running().applying(.fail(lease, .provider(ProviderFailure(.refused))), at: later(1))
      ),
    ]
  }

  private var inputs: [(name: String, TaskTransition)] {
    [
      ("claim", .claim(by: WorkerID(bits: 9), leaseLength: .seconds(90))),
      ("renew", .renew(lease, leaseLength: .seconds(90))),
      ("complete", .complete(lease, text: "done")),
      ("fail", .fail(lease, .provider(ProviderFailure(.refused)))),
      ("release", .release(lease)),
      ("cancel", .cancel(reason: "stop it")),
      ("stop", .stop(lease)),
    ]
  }

  /// At second 2, while a lease of 90 s is held.
  @Test func `every state takes just the inputs it should`() throws {
    let expected: [String: [String: TaskStateName]] = [
      "queued": ["claim": .running, "cancel": .cancelled],
      "running": [
        "renew": .running, "complete": .completed, "fail": .deadLettered, "release": .queued,
        "cancel": .running,
      ],
      "asked": [
        "renew": .running, "complete": .cancelled, "fail": .cancelled, "release": .cancelled,
        "cancel": .running, "stop": .cancelled,
      ],
      "completed": [:], "cancelled": [:], "deadLettered": [:],
    ]
    for (state, task) in try states() {
      for (input, transition) in inputs {
        let next = try? task.applying(transition, at: later(2))
        #expect(next?.state.name == expected[state]?[input], "\(state) × \(input)")
        if let next {
          #expect(next.revision == task.revision + 1, "\(state) × \(input)")
          #expect(next.lease >= task.lease, "\(state) × \(input)")
        }
      }
    }
  }

  @Test func `an ended task refuses everything and says that it has ended`() throws {
    for (_, task) in try states() where task.state.isFinal {
      for (_, transition) in inputs {
        #expect(throws: TransitionRefusal.alreadyEnded(task.state.name)) {
          try task.applying(transition, at: later(2))
        }
      }
    }
  }

  @Test func `an older lease changes nothing`() throws {
    let second = try running().applying(.claim(by: worker, leaseLength: .seconds(90)), at: later(90))
    #expect(second.lease.rawValue == 2)
    for (name, transition) in inputs where name != "claim" && name != "cancel" {
      #expect(throws: TransitionRefusal.staleLease(held: lease, current: second.lease), "\(name)") {
        try second.applying(transition, at: later(91))
      }
    }
  }

  @Test func `a task that is not running has nothing to finish`() throws {
    let released = try running().applying(.release(lease), at: later(1))
    #expect(throws: TransitionRefusal.notRunning) {
      try released.applying(.complete(lease, text: ""), at: later(2))
    }
    #expect(throws: TransitionRefusal.noCancelRequested) {
      try running().applying(.stop(lease), at: later(2))
    }
  }

  @Test func `a lease holds until its last nanosecond`() throws {
    let task = try running()
    let expiry = later(90)
    let justBefore = expiry.advanced(by: .nanoseconds(-1))
    #expect(!task.isClaimable(at: justBefore))
    #expect(throws: TransitionRefusal.leased(until: expiry)) {
      try task.applying(.claim(by: worker, leaseLength: .seconds(1)), at: justBefore)
    }
    #expect(task.isClaimable(at: expiry))
    let rescued = try task.applying(.claim(by: worker, leaseLength: .seconds(1)), at: expiry)
    #expect(rescued.rescues == 1)
  }

  @Test func `renewing never shortens a lease`() throws {
    let task = try running().applying(.renew(lease, leaseLength: .seconds(1)), at: later(2))
    guard case .running(let hold) = task.state else {
      Issue.record("The task is not running.")
      return
    }
    #expect(hold.expiresAt == later(90))
  }

  @Test func `the fourth dead worker in a row ends the task`() throws {
    var task = try running()
    for rescue in 1...3 {
      task = try task.applying(
        .claim(by: worker, leaseLength: .seconds(90)), at: later(Int64(rescue) * 90))
      #expect(task.rescues == rescue)
    }
    task = try task.applying(.claim(by: worker, leaseLength: .seconds(90)), at: later(360))
    #expect(task.state == .deadLettered(.abandoned(rescues: 4)))
  }

  @Test func `a release says that the worker was well`() throws {
    let rescued = try running().applying(.claim(by: worker, leaseLength: .seconds(90)), at: later(90))
    let released = try rescued.applying(.release(rescued.lease), at: later(91))
    #expect(released.rescues == 0)
    #expect(released.state == .queued)
  }

  @Test func `a dead worker's task that was to stop does not start again`() throws {
    let task = try asked().applying(.claim(by: worker, leaseLength: .seconds(90)), at: later(90))
    #expect(task.state == .cancelled(reason: "enough"))
  }

  @Test func `the first reason to cancel is kept`() throws {
    let task = try asked().applying(.cancel(reason: "again"), at: later(3))
    #expect(task.cancelRequest == "enough")
  }
}
