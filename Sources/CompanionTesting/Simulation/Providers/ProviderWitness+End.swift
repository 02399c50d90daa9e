import CompanionApplication
import CompanionDomain
import CompanionInMemory
import CompanionPorts
import Synchronization

extension ProviderWitness {
  /// Goes through everything that was seen.
  func checkEnd(_ world: ProviderWorld) async throws(StoreFailure) {
    try await tasks.checkEnd(world.content, session: ProviderWorld.session(of: 0))
    let seen = state.withLock { state in
      SeenCalls(
        calls: state.calls, versions: state.versions, lives: state.lives, told: state.told, remotes: remotes)
    }
    for version in seen.versions.indices { checkBreaker(BreakerHistory(of: version, in: seen)) }
    for life in seen.lives.indices {
      for provider in remotes.indices { checkLimits(of: provider, in: life, seen) }
    }
    checkTests(seen)
    checkTries(seen)
    checkStops(world, seen)
    let entries = try await world.content.ledgerEntries(matching: LedgerFilter(), limit: .max)
    checkLedger(entries, jobs: world.remote.jobs, seen)
  }

  // MARK: Configurations

  private func checkTests(_ seen: SeenCalls) {
    var tested = Set(seen.versions.indices.filter { seen.versions[$0].isInitial })
    let tests = seen.calls.filter { $0.kind == .test && $0.hasSucceeded }
    for call in seen.calls where call.kind.isRouted && !tested.contains(call.version) {
      if tests.contains(where: { $0.version == call.version && $0.isOver(by: call.begin) }) {
        tested.insert(call.version)
      } else {
        report(
          .configurationsAreTested, at: call.begin,
          "\(seen.name(of: call)) is called by version \(call.version), which has not passed its test")
      }
    }
  }

  // MARK: Tries

  private struct Request: Hashable {
    let life: Int
    let subject: WireCall.Subject
  }

  private func checkTries(_ seen: SeenCalls) {
    var providers: [Request: Set<Int>] = [:]
    var answering: [Request: Timestamp] = [:]
    for call in seen.calls where call.kind.isTry {
      guard let subject = call.subject else { continue }
      let request = Request(life: call.life, subject: subject)
      if let first = answering[request], first < call.begin {
        report(
          .noSwitchMidway, at: call.begin,
          "\(seen.name(of: call)) is asked for \(subject), which is being answered")
      }
      if let first = call.firstPiece { answering[request] = min(answering[request] ?? first, first) }
      if !providers[request, default: []].insert(call.provider).inserted {
        report(.oneTryEach, at: call.begin, "\(seen.name(of: call)) is asked twice for \(subject)")
      }
    }
  }

  // MARK: Jobs

  /// How long after something was decided a process must have lived to have done it.
  private static let moment = Duration.seconds(60)

  private func checkStops(_ world: ProviderWorld, _ seen: SeenCalls) {
    let jobs = world.remote.jobs
    for known in tasks.state.withLock({ $0.tasks }) {
      // Whoever was not told that it is cancelled asks again, or lives with it.
      guard case .cancelled(let cancellation) = known.task.state, known.isCancelAcknowledged else { continue }
      let ended = cancellation.cancelledAt
      // What a process did not live to do is not done.
      let isExcused = seen.lives.contains { life in
        life.end.map { ended.advanced(by: .zero - Self.moment) < $0 && $0 < ended.advanced(by: Self.moment) }
          ?? false
      }
      guard !isExcused else { continue }
      for job in jobs where job.task == known.task.id {
        guard let knownSince = job.knownSince, knownSince < ended, job.isLive(at: ended), !job.stopTried
        else {
          continue
        }
        report(.jobsAreStopped, at: ended, "\(job.id) of task \(known.number) goes on after it was cancelled")
      }
    }
  }
}

/// Everything that was seen in a run.
struct SeenCalls: Sendable {
  let calls: [WireCall]
  let versions: [ProviderWitness.Version]
  let lives: [ProviderWitness.Life]
  let told: [ProviderWitness.Told]
  let remotes: [ProviderScenario.Remote]

  func name(of call: WireCall) -> String { "\(ProviderScenario.ids[call.provider]), in life \(call.life)," }

  /// The versions of a provider that counted one after the other in a life, and from when.
  func succession(of provider: Int, in life: Int) -> [(version: Int, since: Timestamp)] {
    guard
      let first = versions.firstIndex(where: { $0.life == life && $0.provider == provider && $0.isInitial })
    else { return [] }
    var succession = [(version: first, since: lives[life].start)]
    for told in told where told.life == life && told.provider == provider {
      if case .updated(let version) = told.what { succession.append((version, told.time)) }
    }
    return succession
  }
}

extension WireCall {
  var hasSucceeded: Bool { if case .succeeded? = end?.how { true } else { false } }

  var failure: ProviderFailure? { if case .failed(let failure)? = end?.how { failure } else { nil } }

  /// Whether it had ended at a time, or ended at it.
  func isOver(by time: Timestamp) -> Bool { end.map { $0.time <= time } ?? false }
}
