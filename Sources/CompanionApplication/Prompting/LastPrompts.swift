package import CompanionDomain
import Synchronization

/// What became of the last prompt of each kind, in this process.
package final class LastPrompts: Sendable {
  private let reports = Mutex<[CallPurpose: PromptReport]>([:])

  /// By what they were for.
  package var all: [CallPurpose: PromptReport] { reports.withLock(\.self) }

  func note(_ report: PromptReport, for purpose: CallPurpose) {
    reports.withLock { $0[purpose] = report }
  }
}
