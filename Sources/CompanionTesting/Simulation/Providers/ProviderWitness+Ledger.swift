import CompanionDomain
import CompanionPorts

extension ProviderWitness {
  /// An entry as it follows from a call.
  private struct Mark: Hashable {
    let version: Int?
    let time: Timestamp
    let latency: Duration
  }

  /// What a process has not stored so long after a call is lost with it.
  private static let delay = Duration.seconds(90)

  /// Every call is in the ledger once, by its end and how long it took. A look after a job is not; the job is, once
  /// at the most: when its end was seen, or nobody asks after it any more.
  func checkLedger(_ entries: [LedgerEntry], jobs: [RemoteService.Job], _ seen: SeenCalls) {
    var places: [Mark: [Int]] = [:]
    for (place, call) in seen.calls.enumerated() where call.isEntered {
      guard let end = call.end?.time else { continue }
      let time = end.advanced(by: seen.lives[call.life].offset)
      places[Mark(version: call.version, time: time, latency: call.begin.duration(to: end)), default: []]
        .append(place)
    }
    var entered: Set<Int> = []
    var jobEntries: [TaskID: Int] = [:]
    for entry in entries {
      let version = entry.model.model.split(separator: "-").last.flatMap { Int($0) }
      let mark = Mark(version: version, time: entry.time, latency: entry.latency)
      if let place = places[mark]?.popLast() {
        entered.insert(place)
      } else if entry.failure == .cancelled, entry.latency == .zero {
        // Whoever was cancelled before anything was sent has called nobody.
      } else if entry.purpose == .task, let task = entry.task {
        jobEntries[task, default: 0] += 1
        guard jobEntries[task, default: 0] > jobs.count(where: { $0.task == task }) else { continue }
        report(.ledgerIsExact, at: entry.time, "\(task) has more entries in the ledger than calls and jobs")
      } else {
        report(.ledgerIsExact, at: entry.time, "the ledger has an entry of no call, by \(entry.model.model)")
      }
    }
    for (place, call) in seen.calls.enumerated() where call.isEntered && !entered.contains(place) {
      let life = seen.lives[call.life]
      guard let end = call.end?.time, !life.hasLostEntries,
        life.end.map({ end.advanced(by: Self.delay) < $0 }) ?? true
      else { continue }
      report(.ledgerIsExact, at: end, "call \(place) is not in the ledger")
    }
  }
}

extension WireCall {
  /// Whether it is in the ledger by itself: what belongs to a job is not.
  fileprivate var isEntered: Bool {
    switch kind {
    case .answer, .intent, .task, .test: true
    case .submit: !hasSucceeded
    case .poll, .fetch, .cancel: false
    }
  }
}
