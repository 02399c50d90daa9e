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
        guard case .failure(let failure) = result else {
          race.close()
          for loser in underWay { loser.task.cancel() }
          return (call, result)
        }
        // A second one is no longer asked for what any would refuse.
        secondStart = tries.mayBePassedOn(failure, of: call.call) ? secondStart : nil
        // One that fails does not end the other's try, whatever it says of the request.
        guard !underWay.isEmpty else { return (call, result) }
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
      if let unwanted = await self.run(call) { unwanted.end() }
    }
    return (call.call.number, task)
  }

  /// - Returns: what is to end the call when nobody looks at what came of it, which has been let go of by then.
  private func run(_ call: RunningCall) async -> Unwanted? {
    let made = await ModelCaller.made(call, attempt)
    let isTaken = state.withLock { state in
      if !state.isOver { state.made.append(made) }
      return !state.isOver
    }
    if isTaken { arrival() }
    return isTaken ? nil : Unwanted(made)
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
    let unwanted = rest.map { Unwanted($0) }
    rest = []
    for call in unwanted { call.end() }
  }

  /// A call that has lost: that it has failed is known all the same.
  private struct Unwanted {
    private let call: RunningCall
    private let failure: ProviderFailure?

    init(_ made: ModelCaller.Made<Beginning>) {
      call = made.call
      if case .failure(let failure) = made.result { self.failure = failure } else { failure = nil }
    }

    func end() {
      call.end(
        failure.map { .failed($0) } ?? .abandoned, ModelCallOutcome(failure: failure, duration: .zero))
    }
  }
}
