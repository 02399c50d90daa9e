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
    var ended: [ChangeSet.Change] = []
    for number in numbers where number.isMultiple(of: 3) {
      ended.append(.updateTask(try task(number).applying(.cancel(reason: "third"), at: .epoch)))
    }
    try await store.commit(ChangeSet(ended))

    let all = try await store.tasks(in: [.queued, .cancelled], limit: .max)
    #expect(all.map(\.id) == (1...Self.count).reversed().map { identifier($0) })
    let cancelled = try await store.tasks(in: [.cancelled], limit: 2)
    #expect(cancelled.map(\.id) == [3000, 2997].map { identifier($0) })

    var claimed: [TaskID] = []
    while let next = try await store.claim(limit: 700, worker: identifier(1), leaseLength: .seconds(1))
      .nonEmpty
    {
      claimed += next.map(\.id)
    }
    #expect(claimed == (1...Self.count).filter { !$0.isMultiple(of: 3) }.map { identifier($0) })
  }
}

extension Array {
  fileprivate var nonEmpty: Self? { isEmpty ? nil : self }
}
