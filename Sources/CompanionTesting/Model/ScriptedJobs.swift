public import CompanionDomain
public import CompanionPorts
import Synchronization

/// A provider that runs jobs as a test has written down, and remembers every call with its time and key.
///
/// ```swift
/// let jobs = ScriptedJobs(time: simulator.time) { _ in .answering("42", after: .seconds(20)) }
/// ```
public final class ScriptedJobs: BackgroundLanguageModel {
  /// What a job comes to.
  public struct Job: Sendable {
    /// How long it runs after it was handed over.
    public var duration: Duration
    /// How it stands from then on.
    public var end: ProviderJobState
    /// The answer, or what there is of it.
    public var response: GenerationResponse
    /// What each look at it is told to wait; `nil` for nothing.
    public var pollAfter: Duration?

    /// A job of these parts.
    public init(
      duration: Duration = .zero, end: ProviderJobState = .completed,
      response: GenerationResponse = GenerationResponse(text: ""), pollAfter: Duration? = nil
    ) {
      self.duration = duration
      self.end = end
      self.response = response
      self.pollAfter = pollAfter
    }

    /// One that has an answer after a time.
    public static func answering(
      _ text: String, after duration: Duration = .zero, usage: TokenUsage? = nil, pollAfter: Duration? = nil
    ) -> Job {
      Job(
        duration: duration, response: GenerationResponse(text: text, usage: usage), pollAfter: pollAfter)
    }

    /// One that fails after a time.
    public static func failing(_ failure: ProviderFailure, after duration: Duration = .zero) -> Job {
      Job(duration: duration, end: .failed(failure))
    }

    /// One that ends before its answer is whole.
    public static func incomplete(
      _ text: String, _ failure: ProviderFailure = ProviderFailure(.incomplete),
      after duration: Duration = .zero
    ) -> Job {
      Job(
        duration: duration, end: .incomplete(failure),
        response: GenerationResponse(text: text, finish: .length))
    }

    /// One that never ends.
    public static var endless: Job { Job(duration: .seconds(1_000_000_000)) }
  }

  /// A call that was made.
  public struct Call: Hashable, Sendable {
    /// What is asked.
    @nonexhaustive
    public enum Kind: String, Hashable, Sendable, CaseIterable {
      case submit, poll, fetch, cancel
    }

    /// What was asked.
    public var kind: Kind
    /// When.
    public var time: Timestamp
    /// The job; `nil` for a submission.
    public var job: ProviderJobID?
    /// The submission's key; `nil` for other calls.
    public var key: String?
    /// Which call of its kind it is, from 1.
    public var number: Int
  }

  /// What goes wrong with a call.
  @nonexhaustive
  public enum Fault: Hashable, Sendable {
    /// The provider does not take it.
    case refused(ProviderFailure)
    /// The provider carries it out, and its answer gets lost.
    case lost(ProviderFailure)
  }

  private struct Running: Sendable {
    var job: Job
    var key: String
    var request: GenerationRequest
    var submittedAt: Timestamp
    var cancelledAt: Timestamp?
  }

  private struct State: Sendable {
    var jobs: [ProviderJobID: Running] = [:]
    var calls: [Call] = []
  }

  /// Which model this says it is.
  public let identity: ModelIdentity

  private let time: any TimeSource
  private let heedsKeys: Bool
  private let latency: Duration
  private let fault: @Sendable (Call) -> Fault?
  private let script: @Sendable (Int) -> Job
  private let state = Mutex(State())
  private let callCount = Gauge(0)

  /// A provider of jobs.
  ///
  /// - Parameters:
  ///   - identity: which model it says it is; its provider's name is that of its jobs, too.
  ///   - time: the clock.
  ///   - heedsKeys: whether a second submission under the same key gives the first one's job.
  ///   - latency: how long each call takes: half of it before the provider carries it out, half after.
  ///   - fault: what goes wrong with a call.
  ///   - script: what a job comes to, by its number, from 1.
  public init(
    identity: ModelIdentity = .scripted, time: any TimeSource, heedsKeys: Bool = true,
    latency: Duration = .zero,
    fault: @escaping @Sendable (Call) -> Fault? = { _ in nil }, script: @escaping @Sendable (Int) -> Job
  ) {
    self.identity = identity
    self.time = time
    self.heedsKeys = heedsKeys
    self.latency = latency
    self.fault = fault
    self.script = script
  }

  // MARK: What was asked

  /// All calls so far, in order.
  public var calls: [Call] { state.withLock(\.calls) }

  /// The calls of a kind so far, in order.
  public func calls(_ kind: Call.Kind) -> [Call] { calls.filter { $0.kind == kind } }

  /// How often a job was handed over under each key; a submission that was refused counts, too.
  public var submissions: [String: Int] {
    calls.reduce(into: [:]) { counts, call in
      if let key = call.key { counts[key, default: 0] += 1 }
    }
  }

  /// The jobs that the provider has taken, in the order of their numbers.
  public var jobs: [ProviderJobID] {
    let count = state.withLock(\.jobs.count)
    return (1...max(1, count)).prefix(count).map(id(ofJob:))
  }

  /// The jobs that were stopped.
  public var cancelledJobs: Set<ProviderJobID> {
    state.withLock { state in Set(state.jobs.filter { $0.value.cancelledAt != nil }.keys) }
  }

  /// The jobs that run now.
  public var runningJobs: Set<ProviderJobID> {
    let now = time.now
    return state.withLock { state in
      Set(state.jobs.filter { Self.stands($0.value, at: now) == .running }.keys)
    }
  }

  /// What a job was asked.
  public func request(of job: ProviderJobID) -> GenerationRequest? {
    state.withLock { $0.jobs[job]?.request }
  }

  /// Suspends until a call of a kind has been made so often; returns early when the waiting task is cancelled.
  public func calls(_ kind: Call.Kind, atLeast count: Int) async {
    while true {
      let calls = calls
      guard calls.count(where: { $0.kind == kind }) < count,
        (try? await callCount.wait(for: calls.count + 1)) != nil
      else { return }
    }
  }

  // MARK: The provider

  /// Takes a request as a job; see ``BackgroundLanguageModel/submit(_:key:)``.
  public func submit(
    _ request: GenerationRequest, key: String
  ) async throws(ProviderFailure) -> ProviderJob {
    try await call(.submit, key: key) { state, now in
      if self.heedsKeys, let known = state.jobs.first(where: { $0.value.key == key }) {
        return .success(Self.told(known.key, known.value, at: now))
      }
      let number = state.jobs.count + 1
      let id = self.id(ofJob: number)
      let running = Running(job: self.script(number), key: key, request: request, submittedAt: now)
      state.jobs[id] = running
      return .success(Self.told(id, running, at: now))
    }
  }

  /// How a job stands; see ``BackgroundLanguageModel/poll(_:)``.
  public func poll(_ job: ProviderJobID) async throws(ProviderFailure) -> ProviderJob {
    try await call(.poll, job) { state, now in
      guard let running = state.jobs[job] else { return .failure(.unknownJob) }
      return .success(Self.told(job, running, at: now))
    }
  }

  /// A job's answer; see ``BackgroundLanguageModel/fetch(_:)``.
  public func fetch(_ job: ProviderJobID) async throws(ProviderFailure) -> GenerationResponse {
    try await call(.fetch, job) { state, now in
      guard let running = state.jobs[job] else { return .failure(.unknownJob) }
      switch Self.stands(running, at: now) {
      case .completed, .incomplete: return .success(running.job.response)
      default: return .failure(ProviderFailure(.invalidRequest, message: "The job has no answer."))
      }
    }
  }

  /// Stops a job; see ``BackgroundLanguageModel/cancel(_:)``.
  public func cancel(_ job: ProviderJobID) async throws(ProviderFailure) {
    try await call(.cancel, job) { state, now -> Result<Void, ProviderFailure> in
      guard var running = state.jobs[job] else { return .failure(.unknownJob) }
      if Self.stands(running, at: now) == .running {
        running.cancelledAt = now
        state.jobs[job] = running
      }
      return .success(())
    }
  }

  private func call<Answer: Sendable>(
    _ kind: Call.Kind, _ job: ProviderJobID? = nil, key: String? = nil,
    _ work: (inout State, Timestamp) -> Result<Answer, ProviderFailure>
  ) async throws(ProviderFailure) -> Answer {
    try await pause()
    let now = time.now
    let (fault, answer, count) = state.withLock { state in
      let number = state.calls.count { $0.kind == kind } + 1
      let call = Call(kind: kind, time: now, job: job, key: key, number: number)
      state.calls.append(call)
      let fault = self.fault(call)
      if case .refused(let failure) = fault {
        return (fault, Result<Answer, ProviderFailure>.failure(failure), state.calls.count)
      }
      return (fault, work(&state, now), state.calls.count)
    }
    callCount.update { $0 = max($0, count) }
    try await pause()
    if case .lost(let failure) = fault { throw failure }
    return try answer.get()
  }

  private func pause() async throws(ProviderFailure) {
    guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
    guard latency > .zero else { return }
    do { try await time.sleep(for: latency / 2) } catch { throw ProviderFailure(.cancelled) }
  }

  private static func stands(_ running: Running, at now: Timestamp) -> ProviderJobState {
    if running.cancelledAt != nil { return .cancelled }
    return running.submittedAt.advanced(by: running.job.duration) <= now ? running.job.end : .running
  }

  private static func told(_ id: ProviderJobID, _ running: Running, at now: Timestamp) -> ProviderJob {
    ProviderJob(id: id, state: stands(running, at: now), pollAfter: running.job.pollAfter)
  }

  private func id(ofJob number: Int) -> ProviderJobID {
    ProviderJobID("\(identity.provider)-job-\(number)") ?? ProviderJobID(bits: UInt128(number))
  }
}

extension ProviderFailure {
  fileprivate static var unknownJob: ProviderFailure {
    ProviderFailure(.invalidRequest, status: 404, message: "There is no such job.")
  }
}
