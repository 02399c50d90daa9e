import CompanionDomain
import CompanionPorts

extension LedgerStoreConformance {
  static let listings: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("entries come newest first, those of one time by their names") { store, _ in
      try await entriesComeInOrder(store)
    },
    ConformanceCheck("entries are found by what they are") { store, _ in try await filtersAreKept(store) },
  ]

  static let totals: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("totals are what the entries come to") { store, _ in try await totalsAreSums(store) },
    ConformanceCheck("a cost that is not known is counted, and never zero") { store, _ in
      try await unknownCostIsCounted(store)
    },
    ConformanceCheck("sums of tokens end at the highest number") { store, _ in
      try await tokensSaturate(store)
    },
    ConformanceCheck("negative numbers of tokens count as zero in a sum") { store, _ in
      try await negativeTokensCountAsZero(store)
    },
    ConformanceCheck("sums of costs end at the greatest finite number") { store, _ in
      try await costsSaturate(store)
    },
  ]

  static func entriesComeInOrder(_ store: any LedgerStore) async throws {
    for (number, second) in [(1, 10), (2, 30), (4, 20), (3, 20), (5, -10)] {
      try await store.commit(.enterCall(Make.call(number, at: Make.time(second))))
    }
    let expected = [2, 4, 3, 1, 5].map { Make.id($0, of: LedgerEntryID.self) }
    for limit in [.min, -1, 0, 1, 2, 3, 5, 6, .max] {
      try await expect(
        store.ledger(limit: limit).map(\.id), Array(expected.prefix(max(0, limit))),
        "the entries, at most \(limit)")
    }
    // More than one page of anything, and entered in no order: 37 has no divisor in common with the count.
    let many = (0..<300).map { Make.call(100 + $0, at: Make.time(1000 + $0 / 3)) }
    try await store.enter(many.indices.map { many[$0 * 37 % many.count] })
    try await expect(
      store.ledger(limit: many.count).map(\.id), many.reversed().map(\.id), "the entries of many")
    try await expect(
      store.ledger(LedgerFilter(before: Make.time(1000)), limit: 1).map(\.id), [expected[0]],
      "the newest before them")
  }

  static func filtersAreKept(_ store: any LedgerStore) async throws {
    try await store.enter(Make.calls)
    for filter in Self.filters {
      let expected = Make.calls.filter(filter.includes).sorted { ($0.time, $0.id) > ($1.time, $1.id) }
      for limit in [.min, 0, 1, 4, .max] {
        try await expect(
          store.ledger(filter, limit: limit), Array(expected.prefix(max(0, limit))),
          "the entries for \(filter), at most \(limit)")
      }
    }
  }

  static func totalsAreSums(_ store: any LedgerStore) async throws {
    try await store.enter(Make.calls)
    for filter in Self.filters {
      try await expectTotals(store, matching: filter, of: Make.calls.filter(filter.includes))
    }
  }

  static func unknownCostIsCounted(_ store: any LedgerStore) async throws {
    let usage = TokenUsage(input: 10, output: 20)
    let free = Cost(amount: 0, currency: "USD")
    var calls = [
      Make.call(1), Make.call(2, usage: usage), Make.call(3, usage: usage, failure: .rateLimited),
      Make.call(4, cost: free), Make.call(5, usage: usage, cost: free),
      Make.call(6, cost: free, failure: .streamCut),
    ]
    for (index, failure) in Make.failures.enumerated() {
      calls.append(Make.call(100 + index, failure: failure))
    }
    for (index, call) in calls.enumerated() {
      try await store.commit(.enterCall(call))
      try await expectTotals(store, of: Array(calls[...index]))
    }
    // Where nothing is known nothing is said, not even that it was nothing.
    let silent = Make.call(200, provider: Make.id(2), purpose: .embedding)
    try await store.commit(.enterCall(silent))
    let totals = try await store.ledgerTotals(matching: LedgerFilter(provider: silent.provider))
    try expect(totals.count, 1, "the number of providers")
    try expect(totals[silent.provider]?.costs, [:], "the costs of a call of which nothing is known")
    try expect(totals[silent.provider]?.usage, nil, "its tokens")
    try expect(totals[silent.provider]?.callsOfUnknownCost, 1, "the number of calls of unknown cost")
  }

  static func tokensSaturate(_ store: any LedgerStore) async throws {
    let most = TokenUsage(input: .max, output: .max - 1, cachedInput: .max)
    let entries = [
      Make.call(1, usage: most), Make.call(2, usage: TokenUsage(input: 1, output: 1, reasoning: 3)),
      Make.call(3, usage: most), Make.call(4), Make.call(5, usage: TokenUsage(input: 0, output: 0)),
    ]
    for (index, entry) in entries.enumerated() {
      try await store.commit(.enterCall(entry))
      try await expectTotals(store, of: Array(entries[...index]))
    }
    let totals = try await store.ledgerTotals(matching: LedgerFilter())
    try expect(
      totals[Make.id(1)]?.usage,
      TokenUsage(input: .max, output: .max, cachedInput: .max, reasoning: 3), "the sums")
  }

  static func negativeTokensCountAsZero(_ store: any LedgerStore) async throws {
    let negative = TokenUsage(input: -1, output: .min, cachedInput: -2, reasoning: .min)
    let entries = [
      Make.call(1, usage: TokenUsage(input: .max, output: 5, cachedInput: 3)), Make.call(2, usage: negative),
      Make.call(3, usage: TokenUsage(input: 1, output: 1)),
    ]
    for (index, entry) in entries.enumerated() {
      try await store.commit(.enterCall(entry))
      try await expectTotals(store, of: Array(entries[...index]))
    }
    let totals = try await store.ledgerTotals(matching: LedgerFilter())
    try expect(
      totals[Make.id(1)]?.usage, TokenUsage(input: .max, output: 6, cachedInput: 3, reasoning: 0), "the sums")
  }

  static func costsSaturate(_ store: any LedgerStore) async throws {
    let amounts: [Double] = [1, .greatestFiniteMagnitude, 0.5, .greatestFiniteMagnitude, 2]
    let entries = amounts.enumerated().map { index, amount in
      Make.call(index + 1, cost: Cost(amount: amount, currency: "USD"))
    }
    for (index, entry) in entries.enumerated() {
      try await store.commit(.enterCall(entry))
      try await expectTotals(store, of: Array(entries[...index]))
    }
    let totals = try await store.ledgerTotals(matching: LedgerFilter())
    try expect(totals[Make.id(1)]?.costs, ["USD": .greatestFiniteMagnitude], "the sum")
    try expect(totals[Make.id(1)]?.callsOfUnknownCost, 0, "the number of calls of unknown cost")
  }

  /// Filters of each part, of several, and of what nothing is.
  private static let filters: [LedgerFilter] = {
    let providers: [ProviderID?] = [nil, Make.id(1), Make.id(9)]
    let tasks: [TaskID?] = [nil, Make.id(4), Make.id(9)]
    let sessions: [SessionID?] = [nil, Make.id(3), Make.id(9)]
    let spans: [(Timestamp?, Timestamp?)] = [
      (nil, nil), (Make.time(5), nil), (nil, Make.time(5)), (Make.time(5), Make.time(15)),
      (Make.time(15), Make.time(5)), (Make.time(5), Make.time(5)), (Make.time(99), nil),
      (nil, Make.time(-99)),
    ]
    return providers.flatMap { provider in
      tasks.flatMap { task in
        sessions.flatMap { session in
          spans.map { span in
            LedgerFilter(provider: provider, task: task, session: session, since: span.0, before: span.1)
          }
        }
      }
    }
  }()
}
