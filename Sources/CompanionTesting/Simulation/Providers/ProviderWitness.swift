import CompanionApplication
import CompanionDomain
import CompanionPorts
import Synchronization

/// Sees every request that reaches a provider, and says at the end of a run what must not have been.
///
/// It knows nothing of routers: what it keeps comes from the providers' side of the wire, from the events that
/// hosts are told, and from the store. What tasks do is seen by a ``TaskWitness``.
final class ProviderWitness: SimulationWitness {
  /// One configuration of a provider, as one life of a process has made it.
  struct Version: Sendable {
    let life: Int
    let provider: Int
    let configuration: ProviderConfiguration
    let isInitial: Bool
  }

  /// One life of a process.
  struct Life: Sendable {
    let process: Int
    let offset: Duration
    let start: Timestamp
    /// What the ledger said had been spent when it began.
    let spent: [Double]
    /// When it died, or had stopped.
    var end: Timestamp?
    /// Whether it said that entries of the ledger were lost.
    var hasLostEntries = false
  }

  /// Something that a process told of a provider.
  struct Told: Sendable {
    enum What: Sendable {
      case phase(CircuitBreaker.Phase)
      /// The version that counts from here on.
      case updated(Int)
    }

    let life: Int
    let provider: Int
    let time: Timestamp
    let what: What
  }

  struct State {
    var calls: [WireCall] = []
    /// How many beginnings and ends of calls have been seen.
    var seen = 0
    var versions: [Version] = []
    var lives: [Life] = []
    var told: [Told] = []
    var runs = 0
    /// How each life knows its providers at present.
    var phases: [[CircuitBreaker.Phase]] = []
  }

  let tasks: TaskWitness
  let remotes: [ProviderScenario.Remote]
  let notes: SimulationNotes
  let state = Mutex(State())
  private var time: any TimeSource { tasks.time }

  init(tasks: TaskWitness, remotes: [ProviderScenario.Remote]) {
    self.tasks = tasks
    self.remotes = remotes
    notes = SimulationNotes(time: tasks.time, most: 20, onStory: tasks.notes.onStory)
  }

  /// What has not ended by then never does.
  var limit: Timestamp { start.advanced(by: ProviderScenario.limit) }

  /// What was violated, by its time.
  var violations: [SimulationViolation] {
    (tasks.violations + notes.violations).enumerated()
      .sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
  }

  var hash: UInt64 {
    var hash = TraceHash()
    hash.combine(tasks.hash)
    hash.combine(notes.hash)
    return hash.value
  }

  // MARK: Lives

  func beginLife(of process: Int, offset: Duration, spent: [Double]) -> Int {
    state.withLock { state in
      state.lives.append(Life(process: process, offset: offset, start: time.now, spent: spent))
      state.phases.append(Array(repeating: .closed, count: remotes.count))
      return state.lives.count - 1
    }
  }

  func endLife(_ life: Int) { state.withLock { $0.lives[life].end = $0.lives[life].end ?? time.now } }

  func addVersion(
    _ configuration: ProviderConfiguration, of provider: Int, in life: Int, isInitial: Bool
  ) -> Int {
    state.withLock { state in
      state.versions.append(
        Version(life: life, provider: provider, configuration: configuration, isInitial: isInitial))
      return state.versions.count - 1
    }
  }

  /// A handler begins to run.
  func beginRun() -> Int {
    state.withLock { state in
      state.runs += 1
      return state.runs
    }
  }

  // MARK: Calls

  func noteBegin(
    _ kind: WireCall.Kind, of subject: WireCall.Subject?, at provider: Int, by version: Int, in life: Int
  ) -> Int {
    state.withLock { state in
      let call = WireCall(
        life: life, provider: provider, version: version, kind: kind, subject: subject, begin: time.now,
        beginOrder: state.seen)
      state.seen += 1
      state.calls.append(call)
      notes.combine(provider)
      notes.combine(call.begin.nanosecondsSinceEpoch)
      let place = state.calls.count - 1
      tell("call \(place): life \(life) to \(ProviderScenario.ids[provider]), \(kind) by version \(version)")
      return place
    }
  }

  func notePiece(of place: Int) {
    state.withLock { $0.calls[place].firstPiece = $0.calls[place].firstPiece ?? time.now }
  }

  func noteEnd(of place: Int, _ end: WireCall.End, _ usage: TokenUsage?) {
    state.withLock { state in
      state.calls[place].end = (time.now, end, state.seen)
      state.seen += 1
      state.calls[place].usage = usage
      notes.combine(place)
      notes.combine(time.now.nanosecondsSinceEpoch)
      tell("call \(place): \(Self.words(end))")
    }
  }

  private static func words(_ end: WireCall.End) -> String {
    switch end {
    case .succeeded: "succeeded"
    case .abandoned: "abandoned"
    case .failed(let failure):
      "failed, \(failure.kind.rawValue)" + (failure.retryAfter.map { ", again after \($0)" } ?? "")
    }
  }

  /// The last version of a provider in a life.
  func version(of provider: Int, in life: Int) -> Int? {
    state.withLock { $0.versions.lastIndex { $0.life == life && $0.provider == provider } }
  }

  /// Whether a life has told that it probes a provider.
  func isProbing(_ provider: Int, in life: Int) -> Bool {
    state.withLock { $0.phases[life][provider] == .halfOpen }
  }

  // MARK: Events

  func note(_ event: CompanionEvent, in life: Int) {
    switch event.kind {
    case .providerHealthChanged(let id, let phase, _, _):
      note(.phase(phase), of: id, in: life)
      state.withLock { state in
        guard let provider = ProviderScenario.ids.firstIndex(of: id) else { return }
        state.phases[life][provider] = phase
      }
      tell("life \(life): \(id) is \(phase.rawValue)")
    case .callWaits(let id, let until?, let reason):
      tell("life \(life): a call waits for \(id) until \(start.duration(to: until)): \(reason)")
    case .providerUpdated(let id):
      guard let provider = ProviderScenario.ids.firstIndex(of: id) else { return }
      let version = state.withLock { state in
        state.phases[life][provider] = .closed
        return state.versions.lastIndex { $0.life == life && $0.provider == provider }
      }
      tell("life \(life): \(id) is called by version \(version ?? -1)")
      if let version { note(.updated(version), of: id, in: life) }
    case .ledgerEntriesLost: state.withLock { $0.lives[life].hasLostEntries = true }
    case .serviceFailed(let service, let failure): tell("life \(life): \(service) failed: \(failure)")
    default: break
    }
  }

  private func note(_ what: Told.What, of id: ProviderID, in life: Int) {
    guard let provider = ProviderScenario.ids.firstIndex(of: id) else { return }
    state.withLock { state in
      state.told.append(Told(life: life, provider: provider, time: time.now, what: what))
      notes.combine(time.now.nanosecondsSinceEpoch)
    }
  }
}
