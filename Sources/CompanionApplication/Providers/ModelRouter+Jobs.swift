import CompanionDomain
import CompanionPorts
import Synchronization

extension ModelRouter {
  /// Takes in that a job was handed over, or a look after one has ended. What the job costs is entered when it is
  /// over.
  func settleLook(_ call: ProviderTable.Call, _ end: ProviderTable.End, _ context: EventContext) {
    settleUnentered(call, end, context)
  }

  /// Holds back what a task's job is expected to cost, as long as it runs.
  func noteJob(of task: TaskID?, at id: ProviderID, cost: Double = 0) {
    guard let task else { return }
    table.withLock { $0.noteJob(of: task, at: id, cost: cost, at: time.now) }
  }

  /// Enters a job that is over in the ledger, once, and counts its cost.
  ///
  /// - Parameters:
  ///   - job: the job, whose entry has the same name in every process.
  ///   - id: its provider, which need not be configured any more.
  func enterJob(
    _ job: ProviderJobID, at id: ProviderID, usage: TokenUsage?, latency: Duration,
    failure: ProviderFailure.Kind?, _ context: EventContext
  ) {
    let name = LedgerEntryID(job: job, at: id)
    guard enteredJobs.withLock({ $0.insert(name) }) else {
      guard let task = context.task else { return }
      for wakeUp in table.withLock({ $0.endJob(of: task, at: id, at: time.now) }) { wakeUp() }
      return
    }
    let known = table.withLock { $0.row(id)?.setup.provider }
    guard let known else {
      // What is not known of it is no reason to keep quiet about it.
      ledger.enter(
        LedgerEntry(
          id: name, time: time.now, provider: id,
          model: ModelIdentity(provider: id.rawValue, model: "unknown"), purpose: .task,
          session: context.session, task: context.task, usage: usage?.counted,
          latency: max(latency, .zero), failure: failure))
      return
    }
    enter(
      known, .task, context, name: name, endingJobOf: context.task, usage: usage, latency: latency,
      failure: failure)
  }
}

/// The jobs that were entered last, so that none of them is counted twice.
struct EnteredJobs: Sendable {
  private var names: Set<LedgerEntryID> = []
  private var order: [LedgerEntryID] = []

  private static let limit = 10_000

  /// - Returns: whether it was not among them.
  mutating func insert(_ name: LedgerEntryID) -> Bool {
    guard names.insert(name).inserted else { return false }
    order.append(name)
    if order.count > Self.limit {
      // Many at a time, so that it need not be done at each.
      names.subtract(order.prefix(Self.limit / 2))
      order.removeFirst(Self.limit / 2)
    }
    return true
  }
}

extension LedgerEntryID {
  /// The name of a job's entry: the same one for the same job.
  init(job: ProviderJobID, at provider: ProviderID) {
    // No name has a zero in it, so that the zero tells where one ends.
    self.init(bits: ContentHash(of: "\(provider.rawValue)\0\(job.rawValue)").rawValue)
  }
}
