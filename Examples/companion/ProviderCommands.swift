import CompanionKit
import ExampleSupport

/// The commands about providers, as text.
struct ProviderCommands {
  let companion: Companion
  let board: ProviderBoard

  // MARK: /providers

  func list() -> String {
    let now = SystemTimeSource().now
    let providers = companion.providers
    let heads = ["", "provider", "model", "state", "calls", "failed", "tokens in/out", "cost", "latency"]
    let rows = providers.enumerated().map { row($0.element, number: $0.offset + 1) }
    var lines = TextTable.lines([heads] + rows)
    let head = lines.removeFirst()
    let blocks = zip(lines, providers).map { line, provider in
      ([line] + notes(provider, at: now).map { "   \($0)" }).joined(separator: "\n")
    }
    return ([head] + blocks).joined(separator: "\n")
  }

  private func row(_ provider: ProviderStatus, number: Int) -> [String] {
    let totals = provider.totals
    return [
      "\(number)", provider.configuration.id.rawValue, "\(provider.model.provider) / \(provider.model.model)",
      ProviderRow(provider).state, "\(totals.calls)", "\(totals.failures)",
      totals.usage.map { "\($0.input)/\($0.output)" } ?? "-", cost(of: totals),
      provider.latency.map { "\(Int($0.milliseconds.rounded())) ms" } ?? "-",
    ]
  }

  private func cost(of totals: LedgerTotals) -> String {
    sum(totals.costs, isWhole: totals.callsOfUnknownCost == 0)
  }

  private func notes(_ provider: ProviderStatus, at now: Timestamp) -> [String] {
    var notes: [String] = []
    if let until = provider.restsUntil {
      notes.append("rests \(span(now.duration(to: until))) more, until \(until.clock(on: now))")
    }
    if let failure = provider.lastFailure { notes.append("last failure: \(failure.inShort)") }
    for (target, failovers) in board.failovers(from: provider.configuration.id) {
      let calls = failovers.count == 1 ? "1 call" : "\(failovers.count) calls"
      notes.append(
        "\(calls) went on to \(target), the last at \(failovers.time.clock(on: now)): \(failovers.failure.inShort)"
      )
    }
    if provider.callsUnderWay > 0 { notes.append("\(provider.callsUnderWay) under way") }
    let left = [
      provider.requestsLeft.map { "\(whole($0)) requests" },
      provider.tokensLeft.map { "\(whole($0)) tokens" },
    ].compactMap(\.self)
    if !left.isEmpty { notes.append("left of this minute: \(left.joined(separator: ", "))") }
    if let budget = ProviderRow(provider).budget { notes.append(budget) }
    let unknown = provider.totals.callsOfUnknownCost
    if unknown > 0 { notes.append("\(unknown == 1 ? "1 call" : "\(unknown) calls") of unknown cost") }
    return notes
  }

  // MARK: /switch

  func switchOver(from source: String, to target: String, reason: String?) async throws -> String {
    guard let from = ProviderID(source), let to = ProviderID(target) else {
      throw UsageError("/switch needs the names of two providers. /providers lists them.")
    }
    let moved = try await companion.switchProvider(
      from: from, to: to, reason: reason ?? "The person asked for it.")
    let tasks = moved == 0 ? "" : moved == 1 ? " 1 task goes on." : " \(moved) tasks go on."
    return "\(to) is asked first now, and \(from) last.\(tasks)"
  }

  // MARK: /ledger

  func ledger(_ limit: Int) async throws -> String {
    let entries = try await companion.ledger(limit: limit)
    guard !entries.isEmpty else { return "Nothing has been called yet." }
    let rows = entries.reversed().map { entry in
      [
        entry.time.clockAndDate, entry.purpose.rawValue, entry.provider.rawValue,
        entry.usage.map { "\($0.input)/\($0.output)" } ?? "-",
        entry.cost.map { "\(amount($0.amount)) \($0.currency)" } ?? (entry.mayHaveCost ? "unknown" : "-"),
        "\(Int(entry.latency.milliseconds.rounded()))", entry.failure?.words ?? "",
      ]
    }
    let heads = ["time", "purpose", "provider", "tokens in/out", "cost", "ms", "failure"]
    return TextTable.lines([heads] + rows).joined(separator: "\n")
  }

  private func whole(_ number: Double) -> Int { Int(exactly: max(0, number).rounded(.down)) ?? .max }
}
