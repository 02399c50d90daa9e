import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let schedules: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("a schedule moves from its next occurrence alone") { store, _ in
      try await scheduleMoves(store)
    },
    ConformanceCheck("each occurrence becomes one task") { store, _ in try await occurrenceIsOneTask(store) },
  ]

  static func scheduleMoves(_ store: any TaskStore) async throws {
    let (one, other): (ScheduleID, ScheduleID) = (Make.id(1), Make.id(2))
    try await expect(store.nextOccurrence(of: one), nil, "the next occurrence of an unknown schedule")
    try await expectConflict(.scheduleMoved) { () throws(StoreFailure) in
      try await store.commit(.moveSchedule(one, from: Make.time(1), to: Make.time(2)))
    }
    try await store.commit(.moveSchedule(one, from: nil, to: Make.time(1)))
    try await store.commit(.moveSchedule(other, from: nil, to: .distantFuture))
    for from in [nil, Make.time(2), Make.time(1).advanced(by: .nanoseconds(1))] as [Timestamp?] {
      try await expectConflict(.scheduleMoved) { () throws(StoreFailure) in
        try await store.commit(.moveSchedule(one, from: from, to: Make.time(3)))
      }
      try await expect(store.nextOccurrence(of: one), Make.time(1), "the next occurrence")
    }
    try await store.commit(
      .moveSchedule(one, from: Make.time(1), to: Make.time(2)),
      .moveSchedule(one, from: Make.time(2), to: Make.time(3)))
    try await expect(store.nextOccurrence(of: one), Make.time(3), "the next occurrence after two moves")
    try await store.commit(.moveSchedule(one, from: Make.time(3), to: nil))
    try await expect(store.nextOccurrence(of: one), nil, "the next occurrence of a forgotten schedule")
    try await store.commit(.moveSchedule(one, from: nil, to: nil))
    try await expect(store.nextOccurrence(of: one), nil, "the next occurrence of one never known")
    try await expect(store.nextOccurrence(of: other), .distantFuture, "the other schedule")
  }

  static func occurrenceIsOneTask(_ store: any TaskStore) async throws {
    let schedule: ScheduleID = Make.id(1)
    try await store.commit(.moveSchedule(schedule, from: nil, to: Make.time(1)))
    let outcomes = await outcomes(of: 20) { number throws(StoreFailure) in
      try await store.commit(
        .insertTask(Make.task(number)), .moveSchedule(schedule, from: Make.time(1), to: Make.time(2)))
    }
    try expect(outcomes.count { $0 == nil }, 1, "the number of moves that won")
    try expect(outcomes.count { $0 == .conflict(.scheduleMoved) }, 19, "the number of those that lost")
    try await expect(store.allTasks().count, 1, "the number of tasks")
    try await expect(store.events().count, 1, "the number of events")
  }
}
