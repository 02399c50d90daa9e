import CompanionDomain
import CompanionPorts

/// What became of the calls by one configuration of a provider in one process, and what was told of its breaker.
struct BreakerHistory: Sendable {
  struct Call {
    let begin: Timestamp
    /// Whether something was stored between its admission and its beginning, which takes its time.
    let isHandOver: Bool
    let end: Timestamp?
    let failure: ProviderFailure?
    let hasSucceeded: Bool
  }

  struct Change {
    let time: Timestamp
    let phase: CircuitBreaker.Phase
  }

  let name: String
  let policy: CircuitBreaker.Policy
  /// In the order in which they began.
  let calls: [Call]
  /// In the order in which they were told.
  let changes: [Change]
  /// When another configuration took its place: what its calls still come to changes nothing.
  let replaced: Timestamp?

  init(of version: Int, in seen: SeenCalls) {
    let (life, provider) = (seen.versions[version].life, seen.versions[version].provider)
    name = "\(ProviderScenario.ids[provider]), in life \(life) by version \(version),"
    policy = seen.versions[version].configuration.breaker
    calls = seen.calls.filter { $0.version == version && $0.kind.isRouted }.map { call in
      Call(
        begin: call.begin, isHandOver: call.kind == .submit, end: call.end?.time, failure: call.failure,
        hasSucceeded: call.hasSucceeded)
    }
    var changes: [Change] = []
    var counting = seen.succession(of: provider, in: life).first?.version
    for told in seen.told where told.life == life && told.provider == provider {
      switch told.what {
      case .updated(let version): counting = version
      case .phase(let phase): if counting == version { changes.append(Change(time: told.time, phase: phase)) }
      }
    }
    self.changes = changes
    let succession = seen.succession(of: provider, in: life)
    let place = succession.firstIndex { $0.version == version }
    replaced = place.flatMap { $0 + 1 < succession.count ? succession[$0 + 1].since : nil }
  }

  /// How often the phase had changed when a call began. Opening comes last at its time, and closing first.
  func era(ofBegin time: Timestamp) -> Int {
    changes.count { $0.time < time || $0.time == time && $0.phase != .open }
  }

  /// How often it had changed when a result came: what it brought about itself is not among it.
  func era(ofResult time: Timestamp) -> Int { changes.count { $0.time < time } }

  func phase(inEra era: Int) -> CircuitBreaker.Phase { era == 0 ? .closed : changes[era - 1].phase }

  /// Whether a call's result was one of the present era: a late one changes nothing.
  func counts(_ call: Call) -> Bool {
    guard let end = call.end, replaced.map({ end < $0 }) ?? true else { return false }
    return era(ofBegin: call.begin) == era(ofResult: end)
  }

  func hasOpened(at time: Timestamp) -> Bool { changes.contains { $0.time == time && $0.phase == .open } }
}

extension ProviderWitness {
  func checkBreaker(_ history: BreakerHistory) {
    checkPauses(history)
    checkRests(history)
    checkProbes(history)
    checkChanges(history)
  }

  /// No call begins while the provider wants to be left alone.
  private func checkPauses(_ history: BreakerHistory) {
    for failed in history.calls {
      guard let failure = failed.failure, failure.isAboutProvider, let pause = failure.retryAfter,
        let end = failed.end, history.counts(failed)
      else { continue }
      for call in history.calls where call.begin > end && call.begin < end.advanced(by: pause) {
        report(
          .noEarlyRetry, at: call.begin,
          "\(history.name) is called \(end.duration(to: call.begin)) after it asked for \(pause)")
      }
    }
  }

  /// No call begins before the cooldown of an open breaker has passed.
  private func checkRests(_ history: BreakerHistory) {
    var openings = 0
    for change in history.changes {
      if change.phase == .closed { openings = 0 }
      guard change.phase == .open else { continue }
      var cooldown = min(history.policy.cooldown, history.policy.maximumCooldown)
      for _ in 0..<openings { cooldown = min(cooldown * 2, history.policy.maximumCooldown) }
      openings += 1
      let cause = history.calls.first { $0.end == change.time && $0.failure != nil }?.failure
      if cause?.disposition == .permanentForProvider {
        cooldown = max(cooldown, history.policy.permanentCooldown)
      }
      let end = change.time.advanced(by: max(cooldown, cause?.retryAfter ?? .zero))
      for call in history.calls where call.begin > change.time && call.begin < end {
        report(
          .breakersHold, at: call.begin,
          "\(history.name) is called \(change.time.duration(to: call.begin)) after its breaker opened for \(cooldown)"
        )
      }
    }
  }

  /// Half-open, it gets one probe at a time. One that does not come back holds up the next for a cooldown.
  private func checkProbes(_ history: BreakerHistory) {
    let patience = max(history.policy.cooldown, .seconds(1))
    for (place, call) in history.calls.enumerated() {
      let era = history.era(ofBegin: call.begin)
      guard history.phase(inEra: era) == .halfOpen else { continue }
      for earlier in history.calls[..<place] where history.era(ofBegin: earlier.begin) == era {
        guard !earlier.isHandOver, earlier.end.map({ $0 > call.begin }) ?? true,
          earlier.begin.duration(to: call.begin) < patience
        else { continue }
        report(.breakersHold, at: call.begin, "\(history.name) is probed twice at the same time")
      }
    }
  }

  /// The breaker opens when its policy says so, and does not close before.
  private func checkChanges(_ history: BreakerHistory) {
    var failures = 0
    var successes = 0
    var era = 0
    /// When somebody asked for a rest: what was under way then finds the same limit.
    var rests: [Timestamp] = []
    let results = history.calls.filter { history.counts($0) && ($0.hasSucceeded || $0.failure != nil) }
      .sorted { ($0.end ?? $0.begin) < ($1.end ?? $1.begin) }
    for call in results {
      guard let end = call.end else { continue }
      let present = history.era(ofResult: end)
      if present != era {
        (era, failures, successes, rests) = (present, 0, 0, [])
      }
      let isProbe = history.phase(inEra: era) == .halfOpen
      if call.hasSucceeded {
        failures = 0
        guard isProbe else { continue }
        successes += 1
        let isClosed = history.changes.contains { $0.time == end && $0.phase == .closed }
        if isClosed != (successes >= max(history.policy.successesToClose, 1)) {
          report(
            .breakersHold, at: end,
            "\(history.name) is \(isClosed ? "" : "not ")called again after \(successes) successes")
        }
        continue
      }
      guard let failure = call.failure, failure.isAboutProvider else { continue }
      // The order of what happens at the same time is not known.
      let isUnderWay = rests.contains { $0 >= call.begin }
      if !isUnderWay { failures += 1 }
      let mustOpen =
        isProbe || failure.disposition == .permanentForProvider
        || failures >= max(history.policy.consecutiveFailures, 1)
      if mustOpen, !history.hasOpened(at: end) {
        report(
          .breakersHold, at: end, "\(history.name) is not left alone after \(failures) failures in a row")
      }
      if !isProbe, !mustOpen, let pause = failure.retryAfter, pause > .zero, !isUnderWay { rests.append(end) }
    }
  }
}
