import CompanionDomain
import CompanionPorts
import Synchronization

extension ModelCaller {
  /// What a call has come to, before its end is told.
  typealias Made<Beginning: Sendable> = (call: RunningCall, result: Result<Beginning, ProviderFailure>)

  /// Makes an attempt, and a second one at another provider when the first has not begun to answer after the
  /// configured time. The first to begin wins, and the other is stopped.
  ///
  /// Nobody waits for the one that is stopped: it keeps its place among its provider's calls until it has ended,
  /// and its end is told then. Whoever is cancelled waits for both, as for a call without a second one.
  ///
  /// - Returns: the call that has won, or the last that has failed.
  func hedged<Beginning: Sendable>(
    _ first: RunningCall, _ tries: inout RoutedTries,
    _ attempt: @escaping @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async -> Made<Beginning> {
    guard let hedgeAfter = router.hedgeAfter, tries.purpose == .answer else {
      return await Self.made(first, attempt)
    }
    let race = Race(attempt)
    var underWay = [race.start(first)]
    var secondStart: Timestamp? = first.start.advanced(by: hedgeAfter)
    while true {
      if Task.isCancelled {
        for call in underWay { call.task.cancel() }
        for call in underWay { await call.task.value }
      }
      if let (call, result) = race.nextMade() {
        underWay.removeAll { $0.number == call.call.number }
        // What is no failure of the provider is the answer, whatever another one would say.
        guard case .failure(let failure) = result, !underWay.isEmpty,
          tries.mayBePassedOn(failure, of: call.call)
        else {
          race.close()
          for loser in underWay { loser.task.cancel() }
          return (call, result)
        }
        call.end(.failed(failure), ModelCallOutcome(failure: failure, duration: .zero))
        tries.note(call.call, failure)
      } else if let due = secondStart, time.now >= due {
        secondStart = nil
        // Calls are made here alone, so that none begins that nobody ends.
        guard let call = tries.another(than: first.call) else { continue }
        underWay.append(race.start(RunningCall(call, tries.purpose, tries.context, router)))
      } else {
        await race.arrival.wait(until: secondStart, on: time)
      }
    }
  }

  fileprivate static func made<Beginning: Sendable>(
    _ call: RunningCall, _ attempt: @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async -> Made<Beginning> {
    let result = await attempt(call.call.setup.provider.services)
    if case .success = result { return (call.begun(), result) }
    return (call, result)
  }
}

/// Calls for one request, each in a task of its own, so that the one that wins need not wait for the other's end.
private final class Race<Beginning: Sendable>: Sendable {
  private struct State {
    /// What calls have come to that nobody has looked at yet.
    var made: [ModelCaller.Made<Beginning>] = []
    var isOver = false
  }

  /// Says that a call has come to something.
  let arrival = WakeUp()
  private let attempt: @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  private let state = Mutex(State())

  init(_ attempt: @escaping @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>) {
    self.attempt = attempt
  }

  /// Makes a call. Whoever starts it stops it, and takes what it comes to, or closes the race.
  func start(_ call: RunningCall) -> (number: Int, task: Task<Void, Never>) {
    let task = Unstructured.start(name: "hedged call") {
      guard await !self.run(call) else { return }
      call.end(.abandoned, ModelCallOutcome(duration: .zero))
    }
    return (call.call.number, task)
  }

  /// - Returns: whether somebody looks at what came of it. Otherwise it has been let go of.
  private func run(_ call: RunningCall) async -> Bool {
    let made = await ModelCaller.made(call, attempt)
    let isTaken = state.withLock { state in
      if !state.isOver { state.made.append(made) }
      return !state.isOver
    }
    if isTaken { arrival() }
    return isTaken
  }

  /// What a call has come to, in the order in which they have; `nil` for nothing new.
  func nextMade() -> ModelCaller.Made<Beginning>? {
    state.withLock { $0.made.isEmpty ? nil : $0.made.removeFirst() }
  }

  /// Looks at nothing more: whatever else comes of a call is let go of, and then its end is told.
  func close() {
    var rest = state.withLock { state in
      state.isOver = true
      defer { state.made = [] }
      return state.made
    }
    let calls = rest.map(\.call)
    rest = []
    for call in calls { call.end(.abandoned, ModelCallOutcome(duration: .zero)) }
  }
}
