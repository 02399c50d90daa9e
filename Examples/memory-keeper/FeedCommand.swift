import CompanionKit
import ExampleSupport

/// Stores what is new in a file, and forms memory of it.
struct FeedCommand {
  let keeper: Keeper

  func run(_ feed: Feed) async throws -> Status {
    var feed = feed
    let report = try await feed.store(in: keeper.store)
    Terminal.show("\(feed.path): \(report.summary)")
    try await keeper.tellUnknownChannels()
    let companion = try keeper.makeCompanion(events: FailureTeller())
    // So that what calls cost is in the ledger, whatever happens.
    companion.start()
    let run = await companion.generateMemory()
    await companion.stop()
    Terminal.show("memory: \(run.summary)")
    Terminal.tell(of: run)
    return Status(run)
  }
}

extension LogImport.Report {
  /// What came of it, on one line.
  var summary: String {
    var parts = [counted(stored, "new message", "new messages")]
    if edited > 0 { parts.append("\(edited) edited") }
    if known > 0 { parts.append("\(known) known") }
    if gone > 0 { parts.append("\(gone) deleted or forgotten") }
    return parts.joined(separator: ", ")
  }
}

extension Terminal {
  /// Tells what is left to do after a run.
  static func tell(of run: MemoryRun) {
    switch run.end {
    case .budget: tell("The budget is used up. The next run goes on; --budget-calls allows more.")
    case .failedPartly: tell("Some of it failed. The next run tries it again.")
    default: break
    }
  }
}
