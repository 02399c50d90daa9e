import CompanionKit
import ExampleSupport

/// How everything stands, as text.
struct StatusCommand {
  let companion: Companion
  let session: SessionID
  let storeName: String
  let workspace: Workspace?

  func overview() async throws -> String {
    let status = try await companion.status()
    var rows: [(name: String, lines: [String])] = [
      ("model", status.providers.map(line)),
      ("mode", [status.mode.rawValue]),
      ("store", [storeName]),
      ("session", try await linesOfSession()),
      ("sessions", ["\(status.openSessions.count) in memory"]),
      ("tasks", [tasks(status)]),
    ]
    let waiting = status.approvals.map(ApprovalCommands.row) + status.questions.map(QuestionCommands.line)
    if !waiting.isEmpty { rows.append(("waiting", waiting)) }
    rows.append(("workspace", [workspace?.summary ?? "none: --workspace DIR gives it one"]))
    rows.append(("memory", memory(status)))
    rows.append(("vectors", vectors(status.embedding)))
    rows.append(("prompts", prompts(status.prompts)))
    return rows.flatMap { name, lines in
      lines.enumerated().map { place, line in
        (place == 0 ? name : "").padded(to: Self.width) + line.singleLine
      }
    }.joined(separator: "\n")
  }

  private static let width = 11

  /// A line for each kind of prompt: its tokens, and what did not fit.
  private func prompts(_ reports: [CallPurpose: PromptReport]) -> [String] {
    guard !reports.isEmpty else { return ["none yet"] }
    return reports.sorted { $0.key.rawValue < $1.key.rawValue }.map { purpose, report in
      let cuts = report.cuts.map(\.id)
      return "\(purpose.rawValue): about \(report.tokens) of \(report.budget.available) tokens"
        + (cuts.isEmpty ? "" : ", shortened: \(cuts.joined(separator: ", "))")
    }
  }

  private func line(_ provider: ProviderStatus) -> String {
    let row = ProviderRow(provider)
    let totals = provider.totals
    var parts = ["\(provider.model.provider) / \(provider.model.model): \(row.state)"]
    parts.append(totals.calls == 1 ? "1 call" : "\(totals.calls) calls")
    if totals.failures > 0 { parts.append("\(totals.failures) failed") }
    if let usage = totals.usage { parts.append("\(usage.input)/\(usage.output) tokens in/out") }
    if let budget = row.budget { parts.append(budget) }
    return parts.joined(separator: ", ")
  }

  private func linesOfSession() async throws -> [String] {
    let details = try await companion.details(of: session)
    var name = "\(session)"
    if let item = details.item { name += ", about \(item)" }
    if let fork = details.fork {
      name += ", forked from \(fork.session) behind message \(fork.through.rawValue)"
    }
    if let closing = details.closing {
      name += ", closed\(closing.reason.isEmpty ? "" : " (\(closing.reason))"): /reopen takes messages again"
    }
    return [name, try await companion.statistics(of: session).words]
  }

  private func tasks(_ status: CompanionStatus) -> String {
    let counts =
      "\(status.queuedTasks) queued, \(status.runningTasks) running, \(status.waitingTasks) waiting, "
      + "\(status.deadLetteredTasks) failed"
    if status.paused.all { return counts + "; all are paused" }
    let kinds = status.paused.kinds.map { "\($0)" }.sorted().joined(separator: ", ")
    return counts + (kinds.isEmpty ? "" : "; paused: \(kinds)")
  }

  private func memory(_ status: CompanionStatus) -> [String] {
    let run = status.lastMemoryRun.map { run in
      "last run \(run.startedAt.clockAndDate): \(run.messages) messages read, \(run.memories.count) memories and "
        + "\(run.facts) facts stored, \(run.failures) failures"
    }
    return [status.isFormingMemory ? "is formed by itself" : "is not formed by itself"]
      + [run].compactMap(\.self)
  }

  private func vectors(_ status: EmbeddingStatus) -> [String] {
    guard let model = status.model else { return ["no provider makes vectors: found by words alone"] }
    let spaces = status.spaces.map { space in
      "\(space.space.model.model): \(space.coverage.embedded) of \(space.coverage.total) embedded"
        + (space.coverage.parked > 0 ? ", \(space.coverage.parked) cannot be" : "")
    }
    return ["\(model.provider) / \(model.model)"] + spaces
  }
}

extension SessionStatistics {
  /// For a person, in a line.
  var words: String {
    var parts = [
      messages == 1 ? "1 message" : "\(messages) messages", tasks == 1 ? "1 task" : "\(tasks) tasks",
      calls == 1 ? "1 call" : "\(calls) calls",
    ]
    if let usage { parts.append("\(usage.input)/\(usage.output) tokens in/out") }
    if !costs.isEmpty {
      parts.append(costs.map { "\(amount($0.amount)) \($0.currency)" }.joined(separator: " + "))
    }
    parts.append(span(duration))
    return parts.joined(separator: ", ")
  }
}

extension String {
  /// With spaces behind it, up to a width.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
