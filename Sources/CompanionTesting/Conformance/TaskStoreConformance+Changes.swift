import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let changes: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("whatever changes tasks, pauses or schedules is told") { store, clock in
      try await changesAreTold(store, clock)
    },
    ConformanceCheck("what changes before anybody waits is told all the same") { store, _ in
      try await changesAreNotLost(store)
    },
    ConformanceCheck("everybody is told") { store, _ in try await everybodyIsTold(store) },
  ]

  static func changesAreTold(_ store: any TaskStore, _ clock: FakeClock) async throws {
    let id: TaskID = Make.id(1)
    try await expectTold { try await store.insert(Make.task(1)) }
    try await expectTold { _ = try await store.take() }
    try await expectTold { try await store.change(id, .cancel(reason: "enough")) }
    try await expectTold { try await store.change(id, .stop(Make.lease())) }
    try await expectTold { try await store.commit(.pauseTasks(.reasoning)) }
    try await expectTold { try await store.commit(.resumeTasks(.reasoning)) }
    try await expectTold { try await store.commit(.pauseTasks(nil)) }
    try await expectTold { try await store.commit(.resumeTasks(nil)) }
    try await expectTold { try await store.commit(.moveSchedule(Make.id(1), from: nil, to: Make.time(1))) }
    clock.advance(by: .seconds(99))
    try await expectTold { _ = try await store.pruneTasks(finishedFor: .zero, deadFor: .zero, limit: 1) }

    func expectTold(of change: () async throws -> Void) async throws {
      var changes = store.taskChanges().makeAsyncIterator()
      try await change()
      try expect(await changes.next() != nil, "a stream that goes on while its store is there")
    }
  }

  static func changesAreNotLost(_ store: any TaskStore) async throws {
    // Who asks for the stream first and looks then, as a worker does, may wait as soon as there is nothing:
    // whatever comes after it has looked wakes it.
    var changes = store.taskChanges().makeAsyncIterator()
    for number in 1...50 {
      async let insertion = store.insert(Make.task(number))
      while try await store.task(Make.id(number)) == nil {
        try expect(await changes.next() != nil, "a stream that goes on while its store is there")
      }
      _ = try await insertion
    }
  }

  static func everybodyIsTold(_ store: any TaskStore) async throws {
    let streams = (1...5).map { _ in store.taskChanges() }
    // One who has left keeps nothing from the others.
    _ = store.taskChanges()
    try await store.insert(Make.task(1))
    for stream in streams {
      var changes = stream.makeAsyncIterator()
      try expect(await changes.next() != nil, "a stream that goes on while its store is there")
    }
  }
}
