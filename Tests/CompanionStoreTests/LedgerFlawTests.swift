import CompanionDomain
import CompanionPorts
import CompanionTesting
import Synchronization
import Testing

@Suite struct `The conformance suite of the ledger` {
  @Test(arguments: LedgerFlaw.allCases)
  func `finds what a store does wrong`(flaw: LedgerFlaw) async throws {
    let check = try #require(LedgerStoreConformance.checks.first { $0.name == flaw.check })
    await #expect(throws: ConformanceFailure.self) {
      try await check.run(on: { _ in FlawedLedger(flaw: flaw) })
    }
  }

  @Test func `passes the store that keeps every promise`() async throws {
    try await LedgerStoreConformance.run(on: { _ in FlawedLedger(flaw: nil) })
  }
}

/// What a store may do wrong.
enum LedgerFlaw: CaseIterable {
  case forgetsWhatItWasFor, forgetsFailures, roundsLatencies, losesThoughts, entersAgain, entersTwiceInSet
  case comparesNames, composesText, holdsTimesInSeconds, clampsTokens, losesConcurrentCalls, takesInfinity
  case takesNegativeCosts, takesNUL, entersWhatComesBefore, listsAnyOrder, listsTiesInOrderOfEntering,
    ignoresLimit
  case ignoresProvider, ignoresTask, ignoresSession, ignoresSince, includesEnd, addsAllProviders
  case countsNoFailures, addsCurrencies, takesUnknownForZero, countsNoUnknown, overflows, subtractsTokens
  case losesExcessiveCosts, prunesFirst, prunesTooMuch, prunesTooLittle, leavesTotals

  /// The name of the check that finds it.
  var check: String {
    switch self {
    case .forgetsWhatItWasFor, .forgetsFailures, .roundsLatencies, .losesThoughts:
      "an entry is read as it was entered"
    case .entersAgain, .entersTwiceInSet: "a call is entered once, under its name"
    case .comparesNames: "names of entries differ by their bytes"
    case .composesText: "an entry's text is kept scalar by scalar"
    case .holdsTimesInSeconds, .clampsTokens: "the most extreme numbers are kept"
    case .losesConcurrentCalls: "calls that end at the same time are all entered"
    case .takesInfinity, .takesNegativeCosts, .takesNUL, .entersWhatComesBefore:
      "an entry with NUL, too much text or a cost that cannot be is refused"
    case .listsAnyOrder, .listsTiesInOrderOfEntering, .ignoresLimit:
      "entries come newest first, those of one time by their names"
    case .ignoresProvider, .ignoresTask, .ignoresSession, .ignoresSince, .includesEnd:
      "entries are found by what they are"
    case .addsAllProviders, .countsNoFailures, .addsCurrencies: "totals are what the entries come to"
    case .takesUnknownForZero, .countsNoUnknown: "a cost that is not known is counted, and never zero"
    case .overflows: "sums of tokens end at the highest number"
    case .subtractsTokens: "negative numbers of tokens count as zero in a sum"
    case .losesExcessiveCosts: "sums of costs end at the greatest finite number"
    case .prunesFirst: "changes of the ledger build on those before them"
    case .prunesTooMuch, .prunesTooLittle: "what ended before a time is removed, and nothing else"
    case .leavesTotals: "nothing is left of an entry that was removed"
    }
  }
}

/// A store of the ledger alone, in one array, that does one thing wrong.
private final class FlawedLedger: LedgerStore {
  private struct Content {
    var entries: [LedgerEntry] = []
    /// All that there have ever been.
    var entered: [LedgerEntry] = []
  }

  private let flaw: LedgerFlaw?
  private let content = Mutex(Content())

  init(flaw: LedgerFlaw?) { self.flaw = flaw }

  func commit(_ changes: ChangeSet) async throws(StoreFailure) -> [TaskChange] {
    var changes = changes.changes
    if flaw == .entersWhatComesBefore, changes.count > 1 {
      _ = try await commit(ChangeSet([changes.removeFirst()]))
    }
    if flaw != .takesInfinity || !changes.contains(where: \.hasInfiniteCost),
      flaw != .takesNegativeCosts || !changes.contains(where: \.hasNegativeCost),
      flaw != .takesNUL || !changes.contains(where: \.hasNUL)
    {
      try ChangeSet(changes).validate()
    }
    if flaw == .prunesFirst {
      changes.sort { left, _ in if case .pruneLedger = left { true } else { false } }
    }
    var next = content.withLock { $0 }
    let isBefore = next.entries
    for change in changes { apply(change, to: &next, before: isBefore) }
    if flaw == .losesConcurrentCalls { await Task.yield() }
    content.withLock { content in
      guard flaw != .losesConcurrentCalls else {
        content = next
        return
      }
      for change in changes { apply(change, to: &content, before: isBefore) }
    }
    return []
  }

  private func apply(_ change: ChangeSet.Change, to content: inout Content, before: [LedgerEntry]) {
    switch change {
    case .enterCall(let entry):
      let others = flaw == .entersTwiceInSet ? before : content.entries
      guard flaw == .entersAgain || !others.contains(where: { isSame($0.id, entry.id) }) else { return }
      content.entries.append(flawed(entry))
      content.entered.append(flawed(entry))
    case .pruneLedger(let time):
      content.entries.removeAll {
        switch flaw {
        case .prunesTooMuch: $0.time <= time
        case .prunesTooLittle: $0.time.advanced(by: .seconds(1)) < time
        default: $0.time < time
        }
      }
    default: break
    }
  }

  private func isSame(_ left: LedgerEntryID, _ right: LedgerEntryID) -> Bool {
    // Strings are the same when they mean the same.
    flaw == .comparesNames ? left.rawValue == right.rawValue : left == right
  }

  private func flawed(_ entry: LedgerEntry) -> LedgerEntry {
    var entry = entry
    switch flaw {
    case .forgetsWhatItWasFor: entry.task = nil
    case .forgetsFailures: entry.failure = nil
    case .roundsLatencies: entry.latency = .seconds(entry.latency.components.seconds)
    case .losesThoughts: entry.usage?.reasoning = nil
    case .composesText where entry.model.model == "e\u{301}": entry.model.model = "\u{E9}"
    case .holdsTimesInSeconds:
      entry.time = Timestamp(
        nanosecondsSinceEpoch: entry.time.nanosecondsSinceEpoch / 1_000_000_000 * 1_000_000_000)
    case .clampsTokens:
      entry.usage = entry.usage.map { TokenUsage(input: max(0, $0.input), output: $0.output) }
    case .takesUnknownForZero: entry.cost = entry.cost ?? Cost(amount: 0, currency: "USD")
    default: break
    }
    return entry
  }

  func ledgerEntries(
    matching filter: LedgerFilter, limit: Int
  ) async throws(StoreFailure) -> [LedgerEntry] {
    var entries = content.withLock { $0.entries }.filter(flawed(filter).includes)
    if flaw == .includesEnd, let end = filter.before, filter.since.map({ $0 <= end }) ?? true {
      entries = content.withLock { $0.entries }.filter { entry in
        var filter = filter
        filter.before = nil
        return filter.includes(entry) && entry.time <= end
      }
    }
    switch flaw {
    case .listsAnyOrder: break
    case .listsTiesInOrderOfEntering: entries.sort { $0.time > $1.time }
    default: entries.sort { ($0.time, $0.id) > ($1.time, $1.id) }
    }
    return Array(entries.prefix(flaw == .ignoresLimit ? .max : max(0, limit)))
  }

  private func flawed(_ filter: LedgerFilter) -> LedgerFilter {
    var filter = filter
    switch flaw {
    case .ignoresProvider: filter.provider = nil
    case .ignoresTask: filter.task = nil
    case .ignoresSession: filter.session = nil
    case .ignoresSince: filter.since = nil
    default: break
    }
    return filter
  }

  func ledgerTotals(
    matching filter: LedgerFilter
  ) async throws(StoreFailure) -> [ProviderID: LedgerTotals] {
    let entries = content.withLock { flaw == .leavesTotals ? $0.entered : $0.entries }
    var totals: [ProviderID: LedgerTotals] = [:]
    for var entry in entries where filter.includes(entry) {
      if flaw == .addsAllProviders { entry.provider = identifier(1) }
      if flaw == .countsNoFailures, entry.usage != nil { entry.failure = nil }
      if flaw == .addsCurrencies { entry.cost?.currency = "USD" }
      if flaw == .overflows, let input = entry.usage?.input,
        let sum = totals[entry.provider]?.usage?.input, sum > .max - input
      {
        entry.usage?.input = 0
        totals[entry.provider]?.usage?.input = sum &+ input
      }
      totals[entry.provider, default: LedgerTotals()].add(entry)
      if flaw == .subtractsTokens, let output = entry.usage?.output, output < 0 {
        totals[entry.provider]?.usage?.output &+= output
      }
      if flaw == .losesExcessiveCosts, totals[entry.provider]?.costs["USD"] == .greatestFiniteMagnitude {
        totals[entry.provider]?.costs["USD"] = .infinity
      }
    }
    if flaw == .countsNoUnknown {
      for provider in totals.keys { totals[provider]?.callsOfUnknownCost = 0 }
    }
    return totals
  }
}

extension ChangeSet.Change {
  fileprivate var hasInfiniteCost: Bool {
    if case .enterCall(let entry) = self, let cost = entry.cost { !cost.amount.isFinite } else { false }
  }

  fileprivate var hasNegativeCost: Bool {
    if case .enterCall(let entry) = self, let cost = entry.cost { cost.amount < 0 } else { false }
  }

  fileprivate var hasNUL: Bool {
    guard case .enterCall(let entry) = self else { return false }
    return [entry.model.provider, entry.model.model, entry.cost?.currency ?? ""]
      .contains { $0.utf8.prefix(9).contains(0) }
  }
}
