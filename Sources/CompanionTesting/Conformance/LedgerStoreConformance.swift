import CompanionDomain
public import CompanionPorts

/// The promises of `LedgerStore`, for every store to be checked against.
///
/// The checks need a new, empty store each. They take no real time: what time the store sees stands still. A
/// store that is a `ConversationStore` or a `TaskStore` too is also checked to keep a call together with what
/// it was made for.
public enum LedgerStoreConformance {
  /// Makes a new, empty store.
  public typealias MakeStore = CompanionTesting.MakeStore<any LedgerStore>

  /// All checks, for a test that is parameterised over them.
  public static let checks: [ConformanceCheck<MakeStore>] =
    entries + refusals + listings + totals + changeSets + retention

  /// Runs all checks, each on a store of its own.
  ///
  /// - Throws: ``ConformanceReport`` with every broken promise, or what `makeStore` throws.
  public static func run(on makeStore: @escaping MakeStore) async throws {
    try await ConformanceCheck.run(checks, on: makeStore, within: .zero, measuredBy: nil)
  }

  static let entries: [ConformanceCheck<MakeStore>] = [
    ConformanceCheck("an entry is read as it was entered") { store, _ in try await entryIsKept(store) },
    ConformanceCheck("a call is entered once, under its name") { store, _ in
      try await callIsEnteredOnce(store)
    },
    ConformanceCheck("names of entries differ by their bytes") { store, _ in
      try await namesDifferByBytes(store)
    },
    ConformanceCheck("an entry's text is kept scalar by scalar") { store, _ in try await textIsKept(store) },
    ConformanceCheck("the most extreme numbers are kept") { store, _ in try await extremesAreKept(store) },
    ConformanceCheck("calls that end at the same time are all entered") { store, _ in
      try await concurrentCallsAreEntered(store)
    },
  ]

  static func entryIsKept(_ store: any LedgerStore) async throws {
    try await expect(store.ledger(), [], "the entries of an empty store")
    try await expect(store.ledgerTotals(matching: LedgerFilter()), [:], "the totals of an empty store")
    let bare = Make.call(1, at: Make.time(1))
    let full = Make.call(
      2, at: Make.time(2), provider: Make.id(2), purpose: .task, session: 3, task: 4,
      usage: TokenUsage(input: 5, output: 6, cachedInput: 7, reasoning: 8),
      cost: Cost(amount: 0.1 + 0.2, currency: "EUR"), latency: .nanoseconds(1_234_567_890_123),
      failure: .incomplete)
    let half = Make.call(
      3, at: Make.time(3), session: 3, usage: TokenUsage(input: 0, output: 0, reasoning: 0),
      cost: Cost(amount: 0, currency: ""), latency: .zero)
    let otherHalf = Make.call(
      4, at: Make.time(4), task: 4, usage: TokenUsage(input: 1, output: 1, cachedInput: 0),
      failure: .cancelled)
    for entry in [bare, full, half, otherHalf] {
      let changed = try await store.commit(.enterCall(entry))
      try expect(changed, [], "what is returned for a call")
      try await expect(store.ledger(limit: 1), [entry], "the entry")
    }
    for (index, purpose) in CallPurpose.allCases.enumerated() {
      let entry = Make.call(10 + index, at: Make.time(10 + index), purpose: purpose)
      try await store.commit(.enterCall(entry))
      try await expect(store.ledger(limit: 1), [entry], "the entry of a call for \(purpose)")
    }
    for (index, failure) in Make.failures.enumerated() {
      let entry = Make.call(100 + index, at: Make.time(100 + index), failure: failure)
      try await store.commit(.enterCall(entry))
      try await expect(store.ledger(limit: 1), [entry], "the entry of a call that failed: \(failure)")
    }
  }

  static func callIsEnteredOnce(_ store: any LedgerStore) async throws {
    let first = Make.call(1, usage: TokenUsage(input: 1, output: 2), cost: Cost(amount: 1, currency: "USD"))
    let again = Make.call(
      1, at: Make.time(9), provider: Make.id(2), session: 1, task: 1, cost: Cost(amount: 8, currency: "USD"))
    try await store.commit(.enterCall(first))
    for entry in [first, again] {
      let changed = try await store.commit(.enterCall(entry))
      try expect(changed, [], "what is returned for a call that has been entered")
    }
    try await expect(store.ledger(), [first], "the entries after one was entered three times")
    let other = Make.call(2, at: Make.time(1))
    try await store.commit(.enterCall(other), .enterCall(first), .enterCall(other), .enterCall(again))
    try await expect(store.ledger(), [other, first], "the entries after two were entered twice in a set")
    try await expectTotals(store, of: [first, other])
    for filter in [LedgerFilter(provider: again.provider), LedgerFilter(task: again.task)] {
      try await expect(store.ledger(filter), [], "the entries where only what came too late would be")
    }
  }

  static func namesDifferByBytes(_ store: any LedgerStore) async throws {
    let names = ["e\u{301}", "\u{E9}", "E\u{301}", "e"].compactMap { LedgerEntryID(rawValue: $0) }
    for name in names {
      var entry = Make.call()
      entry.id = name
      try await store.commit(.enterCall(entry))
    }
    try await expect(store.ledger().map(\.id), names.sorted(by: >), "the names")
  }

  static func textIsKept(_ store: any LedgerStore) async throws {
    for (index, text) in Make.texts.enumerated() {
      var entry = Make.call(
        index + 1, at: Make.time(index), cost: Cost(amount: 1, currency: text))
      entry.model = ModelIdentity(provider: text, model: text)
      try await store.commit(.enterCall(entry))
      try await expect(store.ledger(limit: 1), [entry], "the entry")
    }
  }

  static func extremesAreKept(_ store: any LedgerStore) async throws {
    let times = [Int64.min, -1, .max].map { Timestamp(nanosecondsSinceEpoch: $0) }
    for (index, time) in times.enumerated() {
      let entry = Make.call(index + 1, at: time)
      try await store.commit(.enterCall(entry))
      try await expect(store.ledger(LedgerFilter(since: time), limit: 1), [entry], "the entry of a time")
    }
    try await expect(
      store.ledger(LedgerFilter(before: .distantFuture)).map(\.time), [times[1], times[0]],
      "the times before the last")
    try await expect(
      store.ledger(LedgerFilter(before: Timestamp(nanosecondsSinceEpoch: .min))), [],
      "the entries before the first time")
    for (index, tokens) in [Int.min, -1, .max].enumerated() {
      let entry = Make.call(
        11 + index, task: 11 + index,
        usage: TokenUsage(input: tokens, output: tokens, cachedInput: tokens, reasoning: tokens))
      try await store.commit(.enterCall(entry))
      try await expect(store.ledger(LedgerFilter(task: entry.task)), [entry], "the entry of \(tokens) tokens")
    }
    let amounts: [Double] = [
      .greatestFiniteMagnitude, .leastNonzeroMagnitude, 0, 1e15 + 0.25,
    ]
    for (index, amount) in amounts.enumerated() {
      let entry = Make.call(21 + index, task: 21 + index, cost: Cost(amount: amount, currency: "USD"))
      try await store.commit(.enterCall(entry))
      try await expect(store.ledger(LedgerFilter(task: entry.task)), [entry], "the entry of a cost")
    }
    let latencies: [Duration] = [
      .nanoseconds(-1), .nanoseconds(Int64.max), .nanoseconds(Int64.min), .seconds(Int64.max),
      .seconds(Int64.min),
    ]
    for (index, latency) in latencies.enumerated() {
      let entry = Make.call(31 + index, task: 31 + index, latency: latency)
      try await store.commit(.enterCall(entry))
      // What is longer than nanoseconds can say need not be told apart from the longest that they can.
      try await expect(
        store.ledger(LedgerFilter(task: entry.task)).map(\.latency.nanoseconds), [latency.nanoseconds],
        "the nanoseconds of a latency")
    }
  }

  static func concurrentCallsAreEntered(_ store: any LedgerStore) async throws {
    let entries = (1...40).map { Make.call($0, usage: TokenUsage(input: $0, output: 0)) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      // Each of them twice, as by somebody who has not seen the first being acknowledged.
      for entry in entries + entries { group.addTask { try await store.commit(.enterCall(entry)) } }
      try await group.waitForAll()
    }
    try await expect(store.ledger(), entries.reversed(), "the entries")
    try await expectTotals(store, of: entries)
  }
}

/// The steps of which the checks are made.
extension LedgerStore {
  /// The entries that match, newest first.
  func ledger(
    _ filter: LedgerFilter = LedgerFilter(), limit: Int = .max
  ) async throws -> [LedgerEntry] {
    try await ledgerEntries(matching: filter, limit: limit)
  }

  /// Enters calls in one set.
  func enter(_ entries: [LedgerEntry]) async throws {
    try await commit(ChangeSet(entries.map { .enterCall($0) }))
  }
}

/// Compares the totals with what the domain makes of entries.
func expectTotals(
  _ store: any LedgerStore, matching filter: LedgerFilter = LedgerFilter(), of entries: [LedgerEntry]
) async throws {
  let expected = entries.reduce(into: [ProviderID: LedgerTotals]()) { totals, entry in
    totals[entry.provider, default: LedgerTotals()].add(entry)
  }
  try await expect(store.ledgerTotals(matching: filter), expected, "the totals for \(filter)")
}

extension Make {
  static func call(
    _ number: Int = 1, at time: Timestamp = start, provider: ProviderID = id(1),
    purpose: CallPurpose = .answer, session: Int? = nil, task: Int? = nil, usage: TokenUsage? = nil,
    cost: Cost? = nil, latency: Duration = .milliseconds(250), failure: ProviderFailure.Kind? = nil
  ) -> LedgerEntry {
    LedgerEntry(
      id: id(number), time: time, provider: provider,
      model: ModelIdentity(provider: "example", model: "model-1"), purpose: purpose,
      session: session.map { id($0) }, task: task.map { id($0) }, usage: usage, cost: cost,
      latency: latency, failure: failure)
  }

  /// Calls of three providers, for conversations and tasks and for neither, of known and unknown cost, three at
  /// each time. The costs are such that their sum does not depend on the order.
  static let calls = (1...60).map { number in
    let usage = TokenUsage(
      input: number, output: 2 * number, cachedInput: number % 4 == 0 ? number : nil,
      reasoning: number % 7 == 0 ? 1 : nil)
    let cost = Cost(amount: Double(number) / 8, currency: number % 2 == 0 ? "USD" : "EUR")
    return call(
      number, at: time(number * 7 % 20), provider: id(number % 3),
      purpose: CallPurpose.allCases[number % CallPurpose.allCases.count],
      session: number % 4 == 1 ? nil : 1 + number % 4, task: number % 5 < 3 ? nil : 1 + number % 5,
      usage: number % 6 == 5 ? nil : usage, cost: number % 3 == 2 ? nil : cost,
      failure: number % 2 == 0 ? nil : failures[number / 2 % failures.count])
  }

  static let failures: [ProviderFailure.Kind] = [
    .rateLimited, .overloaded, .timedOut, .unreachable, .connectionLost, .authentication, .quotaExhausted,
    .modelNotFound, .invalidRequest, .contextLengthExceeded, .contentFiltered, .refused, .malformedResponse,
    .streamCut, .cancelled, .incomplete, .serverError, .budgetExhausted, .notCapable, .noProviderReady,
    .unknown,
  ]
}
