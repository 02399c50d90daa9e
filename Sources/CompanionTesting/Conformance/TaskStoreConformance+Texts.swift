import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let texts: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a task's text is kept scalar by scalar") { store, clock in
      try await textIsKept(store, clock)
    },
    ConformanceCheck("a task with NUL or too much text is refused") { store, _ in
      try await badTextIsRefused(store)
    },
  ]

  static func textIsKept(_ store: any TaskStore, _ clock: FakeClock) async throws {
    for (index, text) in Make.texts.enumerated() {
      let task = Make.task(index + 1, text, metadata: [text: text], key: text)
      try await store.insert(task)
      try await expect(store.task(task.id), task, "the task")
      try await expect(store.task(idempotencyKey: text), task, "the task of its key")
      var steps: [TaskTransition] = [
        Make.claim(), .report(Make.lease(), TaskProgress(note: text, checkpoint: text), usage: nil),
        .wait(Make.lease(), .answer(text), limit: nil), .wake(input: .text(text)), Make.claim(),
        .wait(Make.lease(2), .providerJob(text), limit: nil), .wake(input: .leave("a")), Make.claim(),
      ]
      // Not all ends suit one task.
      switch index % 3 {
      case 0: steps.append(.complete(Make.lease(3), text: text, usage: nil))
      case 1: steps.append(.cancel(reason: text))
      default:
        steps.append(.fail(Make.lease(3), .handler(text, isPermanent: true), retryIn: nil))
        steps.append(.requeue(reason: text, delay: .zero, limit: 1))
      }
      var expected = task
      var events = [task.creation]
      for step in steps {
        let change = try expected.applying(step, at: clock.now)
        expected = change.task
        if let event = change.event { events.append(event) }
        try await store.change(task.id, step)
        try await expect(store.task(task.id), expected, "the task")
      }
      try await expect(store.events(of: task.id).map(\.event), events, "the events")
    }
  }

  static func badTextIsRefused(_ store: any TaskStore) async throws {
    let text = Make.textWithNUL
    let running = try await store.insert(Make.task(1), Make.claim())
    let long = Make.text(bytes: ChangeSet.maximumTextBytes + 1)
    let lease = running.lease
    let transitions: [TaskTransition] = [
      .complete(lease, text: text, usage: nil), .complete(lease, text: long, usage: nil),
      .report(lease, TaskProgress(note: text), usage: nil),
      .report(lease, TaskProgress(checkpoint: text), usage: nil),
      .fail(lease, .handler(text, isPermanent: false), retryIn: .zero), .reject(lease, .undecodable(text)),
      .wait(lease, .approval(text), limit: nil), .wait(lease, .answer(text), limit: nil),
      .wait(lease, .providerJob(text), limit: nil), .wait(lease, .provider(text), limit: nil),
      .cancel(reason: text), .wake(input: .text(text)),
      .requeue(reason: text, delay: .zero, limit: 1),
    ]
    for transition in transitions {
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.transition(running.id, transition, revision: nil))
      }
    }
    let tasks = [
      Make.task(2, text), Make.task(2, key: text), Make.task(2, metadata: [text: ""]),
      Make.task(2, metadata: ["": text]), Make.task(2, long),
    ]
    for task in tasks {
      // What is refused takes with it what comes before.
      try await expectInvalid { () throws(StoreFailure) in
        try await store.commit(.insertTask(Make.task(3)), .insertTask(task))
      }
    }
    try await expect(store.allTasks(), [running], "the tasks")
  }
}
