import CompanionDomain
import CompanionPorts
import Synchronization

/// The providers themselves, as all processes share them: how they react to each request, and the jobs that they
/// run.
final class RemoteService: Sendable {
  /// How a provider reacts to one request.
  struct Reaction: Sendable {
    /// Until it reacts at all, or until the next piece.
    var latency: Duration
    var pieces: Int
    var fault: RemoteFault?
    var usage: TokenUsage
  }

  /// A job that a provider runs.
  struct Job: Sendable {
    let id: ProviderJobID
    let provider: Int
    let key: String
    let task: TaskID?
    let begin: Timestamp
    let end: Timestamp
    let outcome: ProviderJobState
    let usage: TokenUsage
    /// When somebody was told of its name.
    var knownSince: Timestamp?
    var stopTried = false
    var stoppedAt: Timestamp?

    func state(at now: Timestamp) -> ProviderJobState {
      if stoppedAt != nil { return .cancelled }
      if now < begin { return .queued }
      return now < end ? .running : outcome
    }

    func isLive(at now: Timestamp) -> Bool { stoppedAt == nil && now < end }
  }

  fileprivate struct State {
    var dice: Dice
    var isCalm = false
    var jobs: [Job] = []
  }

  private let remotes: [ProviderScenario.Remote]
  private let time: any TimeSource
  private let start: Timestamp
  private let state: Mutex<State>

  init(_ remotes: [ProviderScenario.Remote], seed: UInt64, time: any TimeSource) {
    self.remotes = remotes
    self.time = time
    start = time.now
    state = Mutex(State(dice: Dice(seed: ~seed)))
  }

  /// From now on nothing goes wrong any more.
  func calmDown() { state.withLock { $0.isCalm = true } }

  func reaction(of provider: Int) -> Reaction {
    let remote = remotes[provider]
    let age = start.duration(to: time.now)
    return state.withLock { state in
      Reaction(
        // To the nanosecond, so that no two results come at the same time.
        latency: state.dice.milliseconds(in: remote.latency)
          + .nanoseconds(state.dice.number(in: 1...999_999)),
        pieces: state.dice.number(in: 1...4), fault: state.fault(of: remote, after: age),
        usage: state.usage())
    }
  }

  // MARK: Jobs

  var jobs: [Job] { state.withLock { $0.jobs } }

  /// Takes a job, or finds the one that was submitted under the same name.
  func submit(_ key: String, for task: TaskID?, at provider: Int) -> ProviderJobID? {
    let remote = remotes[provider]
    return state.withLock { state -> ProviderJobID? in
      if remote.honoursKeys, let known = state.jobs.first(where: { $0.provider == provider && $0.key == key })
      {
        return known.id
      }
      guard let id = ProviderJobID("job-\(state.jobs.count)") else { return nil }
      let begin = time.now.advanced(by: state.dice.milliseconds(in: 0...5_000))
      state.jobs.append(
        Job(
          id: id, provider: provider, key: key, task: task, begin: begin,
          end: begin.advanced(by: state.dice.milliseconds(in: remote.jobLength)),
          outcome: state.outcome(), usage: state.usage()))
      return id
    }
  }

  /// Notes that whoever submitted a job has been told of its name.
  func noteKnown(_ id: ProviderJobID) { change(id) { $0.knownSince = $0.knownSince ?? time.now } }

  /// How a job stands, and what it used.
  func look(at id: ProviderJobID) -> (job: ProviderJob, usage: TokenUsage)? {
    state.withLock { state in
      guard let job = state.jobs.first(where: { $0.id == id }) else { return nil }
      let pause: Duration? =
        state.dice.happens(percent: 20) ? state.dice.milliseconds(in: 500...10_000) : nil
      return (ProviderJob(id: id, state: job.state(at: time.now), pollAfter: pause), job.usage)
    }
  }

  func stop(_ id: ProviderJobID) {
    change(id) { job in
      if job.isLive(at: time.now) { job.stoppedAt = time.now }
    }
  }

  func noteTriedStop(_ id: ProviderJobID) { change(id) { $0.stopTried = true } }

  private func change(_ id: ProviderJobID, _ body: (inout Job) -> Void) {
    state.withLock { state in
      guard let place = state.jobs.firstIndex(where: { $0.id == id }) else { return }
      body(&state.jobs[place])
    }
  }
}

extension RemoteService.State {
  fileprivate mutating func fault(of remote: ProviderScenario.Remote, after age: Duration) -> RemoteFault? {
    guard !isCalm else { return nil }
    for trouble in remote.troubles where (trouble.from..<trouble.to).contains(age) {
      if dice.happens(percent: trouble.percent) { return trouble.fault }
    }
    return dice.happens(percent: remote.oddsOfFault) ? RemoteFault(&dice) : nil
  }

  fileprivate mutating func usage() -> TokenUsage {
    TokenUsage(input: dice.number(in: 5...200), output: dice.number(in: 1...300))
  }

  fileprivate mutating func outcome() -> ProviderJobState {
    guard !isCalm else { return .completed }
    let choices: [(weight: Int, element: ProviderJobState)] = [
      (8, .completed),
      (1, .failed(ProviderFailure(.serverError, status: 500))),
      (1, .failed(ProviderFailure(.quotaExhausted))),
      (1, .incomplete(ProviderFailure(.incomplete))),
      (1, .incomplete(ProviderFailure(.contentFiltered))),
    ]
    return dice.pick(weighted: choices)
  }
}
