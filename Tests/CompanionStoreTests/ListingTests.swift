import CompanionDomain
import CompanionInMemory
import CompanionPorts
import CompanionSQLite
import Testing

@Suite struct `With many tasks` {
  /// More than one run of the index in memory, and more than one page of the index in SQLite.
  static let count = 3000

  @Test func `memory keeps every order`() async throws {
    try await check(InMemoryStore(time: StoppedClock()))
  }

  @Test func `SQLite keeps every order`() async throws {
    try await withDatabase { path in try await check(open(path)) }
  }

  func check(_ store: some TaskStore) async throws {
    // 7919 has no divisor in common with the count: every number once, in no order.
    let numbers = (0..<Self.count).map { $0 * 7919 % Self.count + 1 }
    try await store.commit(ChangeSet(numbers.map { .insertTask(task($0)) }))
    let third = numbers.filter { $0.isMultiple(of: 3) }
    try await store.commit(
      ChangeSet(third.map { .transition(identifier($0), .cancel(reason: "third"), revision: 0) }))

    let all = try await store.tasks(matching: TaskFilter(), limit: .max)
    #expect(all.map(\.id) == (1...Self.count).reversed().map { identifier($0) })
    let cancelled = try await store.tasks(matching: TaskFilter(states: [.cancelled]), limit: 2)
    #expect(cancelled.map(\.id) == [3000, 2997].map { identifier($0) })

    let claim = TaskClaim(worker: identifier(1), limit: 700, leaseLength: .seconds(1))
    var claimed: [TaskID] = []
    while let next = try await store.claim(claim).changes.nonEmpty { claimed += next.map(\.task.id) }
    #expect(claimed == (1...Self.count).filter { !$0.isMultiple(of: 3) }.map { identifier($0) })
  }
}

extension Array {
  fileprivate var nonEmpty: Self? { isEmpty ? nil : self }
}
