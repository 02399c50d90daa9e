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

  /// Every call is in the ledger once, by its end and how long it took; a job when a look has shown its end.
  func checkLedger(_ entries: [LedgerEntry], _ seen: SeenCalls) {
    var counts: [Mark: Int] = [:]
    for entry in entries {
      // Whoever was cancelled before anything was sent has called nobody.
      if entry.failure == .cancelled, entry.latency == .zero { continue }
      let version = entry.model.model.split(separator: "-").last.flatMap { Int($0) }
      counts[Mark(version: version, time: entry.time, latency: entry.latency), default: 0] += 1
    }
    var calls: [Mark: (count: Int, place: Int, isSure: Bool)] = [:]
    var looks: Set<Timestamp> = []
    for (place, call) in seen.calls.enumerated() {
      guard let end = call.end?.time else { continue }
      let life = seen.lives[call.life]
      let time = end.advanced(by: life.offset)
      switch call.kind {
      case .cancel: continue
      case .poll, .fetch:
        looks.insert(time)
        continue
      case .submit: guard !call.hasSucceeded else { continue }
      case .answer, .intent, .task, .test: break
      }
      let isSure = !life.hasLostEntries && (life.end.map { end.advanced(by: Self.delay) < $0 } ?? true)
      let mark = Mark(version: call.version, time: time, latency: call.begin.duration(to: end))
      let known = calls[mark]
      calls[mark] = ((known?.count ?? 0) + 1, place, (known?.isSure ?? true) && isSure)
    }
    for (mark, call) in calls.sorted(by: { $0.value.place < $1.value.place }) {
      let count = counts.removeValue(forKey: mark) ?? 0
      guard count > call.count || count < call.count && call.isSure else { continue }
      report(
        .ledgerIsExact, at: seen.calls[call.place].end?.time,
        "call \(call.place) is in the ledger \(count) times, not \(call.count)")
    }
    for (mark, count) in counts.sorted(by: { $0.key.time < $1.key.time }) {
      guard !looks.contains(mark.time) || count > 1 else { continue }
      report(
        .ledgerIsExact, at: mark.time,
        "the ledger has \(count) entries of no call by version \(mark.version ?? -1) that took \(mark.latency)"
      )
    }
  }
}
