import CompanionDomain
import CompanionPorts

extension TaskStoreConformance {
  static let events: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("the events of a task are numbered without a gap") { store, clock in
      try await eventsAreGapless(store, clock)
    },
    ConformanceCheck("events are read from any place on") { store, _ in try await eventsAreRead(store) },
    ConformanceCheck("whoever follows the events misses none") { store, _ in
      try await followerMissesNone(store)
    },
  ]

  static func eventsAreGapless(_ store: any TaskStore, _ clock: FakeClock) async throws {
    try await expect(store.events(), [], "the events of an empty store")
    try await expect(store.lastTaskEvent(), .start, "the place of the newest in an empty store")
    try await expect(store.events(of: Make.id(1)), [], "the events of an unknown task")
    let scripts = TaskScript.all
    // All at once, so that the events of different tasks are mixed.
    try await store.insert(scripts.map(\.task))
    for step in 0..<4 {
      for script in scripts where step < script.steps.count {
        clock.advance(to: Make.start)
        for earlier in script.steps[...step] { clock.advance(by: .seconds(earlier.seconds)) }
        try await store.change(script.task.id, script.steps[step].transition)
      }
    }
    let events = try await store.events()
    try expect(events.first.map { $0.cursor > .start } ?? false, "the first place to be behind the start")
    let isGrowing = zip(events, events.dropFirst()).allSatisfy { $0.cursor < $1.cursor }
    try expect(isGrowing, "places that only grow")
    try await expect(store.lastTaskEvent(), events.last?.cursor ?? .start, "the place of the newest")
    for script in scripts {
      let own = try await store.events(of: script.task.id)
      try expect(own, events.filter { $0.event.task == script.task.id }, "the events of one task")
      let last = try await store.task(script.task.id)?.lastEvent ?? 0
      try expect(own.map(\.event.number), Array(1...last), "the numbers of a task's events")
    }
  }

  static func eventsAreRead(_ store: any TaskStore) async throws {
    for number in 1...3 { try await store.insert(Make.task(number)) }
    for number in 1...3 { try await store.change(Make.id(number), Make.claim()) }
    let events = try await store.events()
    let own = try await store.events(of: Make.id(2))
    try expect(events.count, 6, "the number of events")
    let places = [EventCursor(rawValue: .min), .start] + events.map(\.cursor) + [EventCursor(rawValue: .max)]
    for place in places {
      for limit in [.min, -1, 0, 1, 2, 5, .max] {
        let all = events.filter { $0.cursor > place }.prefix(max(0, limit))
        let ofOne = own.filter { $0.cursor > place }.prefix(max(0, limit))
        try await expect(
          store.taskEvents(after: place, of: nil, limit: limit), Array(all),
          "the events after \(place.rawValue), at most \(limit)")
        try await expect(
          store.taskEvents(after: place, of: Make.id(2), limit: limit), Array(ofOne),
          "the events of one task after \(place.rawValue), at most \(limit)")
      }
    }
    // What is not a transition tells nothing.
    try await store.change(Make.id(1), .renew(Make.lease(), leaseLength: .seconds(90)))
    try await expect(store.events(), events, "the events after a lease was renewed")
  }

  static func followerMissesNone(_ store: any TaskStore) async throws {
    let count = 60
    let followed = try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 1...count { group.addTask { try await store.insert(Make.task(number), Make.claim()) } }
      var seen: [RecordedTaskEvent] = []
      while seen.count < 2 * count {
        let cursor = seen.last?.cursor ?? .start
        let more = try await store.taskEvents(after: cursor, of: nil, limit: 7)
        seen += more
        // Nothing new, and nobody left to bring it: whatever is missing has been missed.
        if more.isEmpty, try await group.next() == nil {
          seen += try await store.taskEvents(after: seen.last?.cursor ?? .start, of: nil, limit: .max)
          break
        }
      }
      return seen
    }
    try await expect(followed, store.events(), "the events that were read while they came")
    try expect(followed.count, 2 * count, "their number")
  }
}
