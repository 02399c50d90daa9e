import CompanionDomain
import CompanionPorts

extension ProviderWitness {
  /// Checks what one process asked of one provider.
  func checkLimits(of provider: Int, in life: Int, _ seen: SeenCalls) {
    let calls = seen.calls.filter { $0.life == life && $0.provider == provider && $0.kind.isRouted }
    guard !calls.isEmpty else { return }
    let succession = seen.succession(of: provider, in: life)
    for (version, _) in succession {
      guard let limit = seen.versions[version].configuration.limits.concurrentCalls else { continue }
      checkConcurrency(calls.filter { $0.version == version }, limit, seen)
    }
    checkRate(calls, succession, seen)
    checkBudget(calls, succession, seen)
  }

  private func checkConcurrency(_ calls: [WireCall], _ limit: Int, _ seen: SeenCalls) {
    for (place, call) in calls.enumerated() {
      // Who ends at the same time makes room.
      let count = calls[..<place].count { !$0.isOver(by: call.begin) }
      guard count >= limit else { continue }
      report(
        .limitsHold, at: call.begin, "\(seen.name(of: call)) has \(count + 1) calls at once, not \(limit)")
    }
  }

  /// In any time there are at most as many requests as a full bucket holds, and as flow into it meanwhile.
  private func checkRate(
    _ calls: [WireCall], _ succession: [(version: Int, since: Timestamp)], _ seen: SeenCalls
  ) {
    var rate: Int?
    var begins: [Timestamp] = []
    // A job's hand-over is stored before it is made: it was let through some time ago.
    let calls = calls.filter { $0.kind != .submit }
    for (place, era) in succession.enumerated() {
      let own = seen.versions[era.version].configuration.limits.requestsPerMinute
      if own != rate { (rate, begins) = (own, []) }
      let end = place + 1 < succession.count ? succession[place + 1].since : nil
      guard let own else { continue }
      for call in calls where call.version == era.version && (end.map { call.begin <= $0 } ?? true) {
        begins.append(call.begin)
        let perNanosecond = Double(own) / 60e9
        var count = 0
        for first in begins.reversed() {
          count += 1
          let time = first.duration(to: call.begin)
          guard Double(count) > Double(own) + perNanosecond * Double(time.nanoseconds) + 1e-3 else {
            continue
          }
          report(
            .limitsHold, at: call.begin,
            "\(seen.name(of: call)) gets \(count) requests in \(time), at \(own) a minute")
          return
        }
      }
    }
  }

  /// No call begins when what is known to be spent has reached the limit.
  private func checkBudget(
    _ calls: [WireCall], _ succession: [(version: Int, since: Timestamp)], _ seen: SeenCalls
  ) {
    guard let first = succession.first?.version, let life = calls.first?.life,
      let provider = calls.first?.provider, let price = seen.versions[first].configuration.price,
      let budget = seen.versions[first].configuration.limits.budget
    else { return }
    // A look after a job costs nothing. Before a job is handed over that is stored, which takes its time.
    for call in calls where call.kind.isTry {
      var spent = seen.lives[life].spent[provider]
      for other in calls where isKnown(other, before: call, seen) {
        if let usage = other.usage { spent += price.cost(of: usage) }
      }
      guard spent >= budget.limit + 1e-9 else { continue }
      report(
        .limitsHold, at: call.begin,
        "\(seen.name(of: call)) is called when \(spent) of \(budget.limit) are spent")
      return
    }
  }

  /// Whether what a call has cost was known when it was decided to make another.
  private func isKnown(_ call: WireCall, before next: WireCall, _ seen: SeenCalls) -> Bool {
    guard let end = call.end else { return false }
    guard next.kind != .submit else { return end.time < next.begin.advanced(by: .seconds(-20)) }
    guard end.time == next.begin, end.order < next.beginOrder else { return end.time < next.begin }
    // An answer of a job makes room as a call before its cost is counted as the job's: whoever waited for that room,
    // or for the success of a probe, was let through without knowing.
    return call.kind != .fetch
      || seen.versions[call.version].configuration.limits.concurrentCalls == nil
        && !seen.told.contains { $0.life == call.life && $0.provider == call.provider && $0.time == end.time }
  }
}
