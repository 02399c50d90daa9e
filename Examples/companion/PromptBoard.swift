import CompanionKit
import Synchronization

/// How large the last prompts were.
final class PromptBoard: EventSink {
  private let reports = Mutex<[CallPurpose: PromptReport]>([:])

  func emit(_ event: CompanionEvent) {
    guard case .promptCompiled(let purpose, _, let report) = event.kind else { return }
    reports.withLock { $0[purpose] = report }
  }

  /// A line for each purpose: its tokens, and what did not fit.
  var lines: [String] {
    reports.withLock(\.self).sorted { $0.key.rawValue < $1.key.rawValue }.map { purpose, report in
      let cuts = report.cuts.map(\.id)
      return "\(purpose.rawValue): about \(report.tokens) of \(report.budget.available) tokens"
        + (cuts.isEmpty ? "" : ", shortened: \(cuts.joined(separator: ", "))")
    }
  }
}
