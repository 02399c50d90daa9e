import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let transitions: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a task is read as its transitions have left it, in every state") { store, clock in
      try await scriptsAreKept(store, clock)
    },
    ConformanceCheck("a transition happens at the store's time") { store, clock in
      try await storeTellsTheTime(store, clock)
    },
    ConformanceCheck("a transition names a task that is there") { store, _ in
      try await unknownIsRefused(store)
    },
    ConformanceCheck("a transition from another revision is refused") { store, _ in
      try await otherRevisionIsRefused(store)
    },
    ConformanceCheck("a transition that is not possible says why, and changes nothing") { store, clock in
      try await refusalsSayWhy(store, clock)
    },
    ConformanceCheck("of many transitions of one revision one wins") { store, _ in
      try await oneTransitionWins(store)
    },
    ConformanceCheck("of many outcomes of one lease one is accepted") { store, _ in
      try await oneOutcomeIsAccepted(store)
    },
  ]

  static func scriptsAreKept(_ store: any TaskStore, _ clock: FakeClock) async throws {
    for script in TaskScript.all {
      clock.advance(to: Make.start)
      var task = script.task
      var events = [task.creation]
      try await store.insert(task)
      for step in script.steps {
        clock.advance(by: .seconds(step.seconds))
        let expected = try task.applying(step.transition, at: clock.now)
        let changed = try await store.change(task.id, step.transition, revision: task.revision)
        try expect(changed, expected, "what is returned for \(step.transition)")
        task = expected.task
        if let event = expected.event { events.append(event) }
        try await expect(store.task(task.id), task, "the task after \(step.transition)")
      }
      let tasks = try await store.tasks(matching: TaskFilter(states: [task.state.name]), limit: .max)
      try expect(tasks.filter { $0.id == task.id }, [task], "the listed task")
      try await expect(store.events(of: task.id).map(\.event), events, "the task's events")
    }
  }

  static func storeTellsTheTime(_ store: any TaskStore, _ clock: FakeClock) async throws {
    clock.advance(to: Make.time(1000))
    let task = try await store.insert(
      Make.task(), Make.claim(lease: .seconds(30), attemptLimit: .seconds(90)))
    guard case .running(let lease) = task.state else {
      throw BrokenPromise(expected: "a running task", found: "\(task.state)")
    }
    try expect(lease.startedAt, Make.time(1000), "the start")
    try expect(lease.expiresAt, Make.time(1030), "the end of the lease")
    try expect(lease.deadline, Make.time(1090), "the attempt's deadline")
    try await expect(store.events().last?.event.time, Make.time(1000), "the time of the event")
  }

  static func unknownIsRefused(_ store: any TaskStore) async throws {
    try await store.insert(Make.task(1))
    for revision in [nil, 0] as [Int64?] {
      try await expectConflict(.noSuchTask) { () throws(StoreFailure) in
        try await store.commit(.transition(Make.id(2), .cancel(reason: "enough"), revision: revision))
      }
    }
    try await expect(store.allTasks(), [Make.task(1)], "the tasks")
  }

  static func otherRevisionIsRefused(_ store: any TaskStore) async throws {
    let task = try await store.insert(Make.task(), Make.claim())
    try expect(task.revision, 1, "the revision after one change")
    for revision in [0, 2, -1, .min, .max] as [Int64] {
      try await expectConflict(.taskMoved) { () throws(StoreFailure) in
        try await store.commit(.transition(task.id, .release(task.lease), revision: revision))
      }
      try await expect(store.task(task.id), task, "the task")
    }
    // Another revision is another task to whoever asks: it matters before what the transition does.
    try await expectConflict(.taskMoved) { () throws(StoreFailure) in
      try await store.commit(.transition(task.id, .leaveToPerson, revision: 0))
    }
    try await store.change(task.id, .release(task.lease), revision: 1)
    try await expect(store.task(task.id)?.revision, 2, "the revision after the right one was named")
    try await expect(store.events(of: task.id).count, 3, "the number of events")
  }

  static func refusalsSayWhy(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let queued = try await store.insert(Make.task(1, notBefore: Make.time(90)))
    let running = try await store.insert(Make.task(2), Make.claim(attemptLimit: .seconds(300)))
    let limit = TaskTransition.wait(Make.lease(), .answer("which?"), limit: .seconds(60))
    let waiting = try await store.insert(Make.task(3), Make.claim(), limit)
    let done = try await store.insert(
      Make.task(4), Make.claim(), .complete(Make.lease(), text: "done", usage: nil))
    let dead = try await store.insert(
      Make.task(5), Make.claim(), .reject(Make.lease(), .undecodable("it")))
    let overdue = try await store.insert(Make.task(6, deadline: Make.time(-1)))
    let refused: [(GenerationTask, TaskTransition, TransitionRefusal)] = [
      (queued, Make.claim(), .notDue(until: Make.time(90))), (overdue, Make.claim(), .deadlinePassed),
      (running, Make.claim(), .notQueued(.running)), (done, Make.claim(), .alreadyEnded(.completed)),
      (
        running, .complete(Make.lease(2), text: "", usage: nil),
        .staleLease(held: Make.lease(2), current: Make.lease())
      ),
      (waiting, .renew(Make.lease(), leaseLength: .seconds(1)), .notRunning(.waiting)),
      (running, .rescue(Make.lease(), retryIn: nil), .notRunOut(until: Make.time(30))),
      (running, .timeOut(Make.lease(), retryIn: nil), .notRunOut(until: Make.time(300))),
      (running, .stop(Make.lease()), .noCancelRequested), (running, .wake(input: "x"), .notWaiting(.running)),
      (waiting, .endWait, .notRunOut(until: Make.time(60))), (queued, .expire, .notRunOut(until: nil)),
      (done, .cancel(reason: "x"), .alreadyEnded(.completed)),
      (dead, .cancel(reason: "x"), .alreadyEnded(.deadLettered)),
      (done, .leaveToPerson, .notDeadLettered(.completed)),
      (dead, .requeue(reason: "x", delay: .zero, limit: 0), .retriesExhausted(limit: 0)),
    ]
    let events = try await store.events()
    for (task, transition, refusal) in refused {
      try await expectRefusal(refusal) { () throws(StoreFailure) in
        try await store.commit(.transition(task.id, transition, revision: nil))
      }
      try await expect(store.task(task.id), task, "the task that \(transition) leaves alone")
    }
    try await expect(store.events(), events, "the events")
  }

  static func oneTransitionWins(_ store: any TaskStore) async throws {
    let task = try await store.insert(Make.task())
    let outcomes = await outcomes(of: 50) { number throws(StoreFailure) in
      try await store.commit(.transition(task.id, .cancel(reason: "by \(number)"), revision: 0))
    }
    try expect(outcomes.count { $0 == nil }, 1, "the number of transitions that won")
    try expect(outcomes.count { $0 == .conflict(.taskMoved) }, 49, "the number of those that lost")
    try await expect(store.task(task.id)?.revision, 1, "the revision")
    try await expect(store.events(of: task.id).count, 2, "the number of events")
  }

  static func oneOutcomeIsAccepted(_ store: any TaskStore) async throws {
    let task = try await store.insert(Make.task(), Make.claim())
    let outcomes = await outcomes(of: 50) { number throws(StoreFailure) in
      let outcome = TaskTransition.complete(task.lease, text: "by \(number)", usage: nil)
      try await store.commit(.transition(task.id, outcome, revision: nil))
    }
    let refused = StoreFailure.conflict(.refused(.alreadyEnded(.completed)))
    try expect(outcomes.count { $0 == nil }, 1, "the number of outcomes that were accepted")
    try expect(outcomes.count { $0 == refused }, 49, "the number of those refused")
    try await expect(store.events(of: task.id).count, 3, "the number of events")
  }
}
