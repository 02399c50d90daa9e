import CompanionDomain
import CompanionPorts

extension ModelCaller {
  /// What a call has come to, before its end is told.
  typealias Made<Beginning: Sendable> = (call: RunningCall, result: Result<Beginning, ProviderFailure>)

  private enum Step<Beginning: Sendable>: Sendable {
    case made(RunningCall, Result<Beginning, ProviderFailure>)
    /// The first call has taken so long that a second may be made.
    case isLate
    case isNotLate
  }

  /// Makes an attempt, and a second one at another provider when the first has not begun to answer after the
  /// configured time. The first to begin wins, and the other is stopped.
  ///
  /// - Returns: the call that has won, or the last that has failed. The end of any other has been told.
  func hedged<Beginning: Sendable>(
    _ first: RunningCall, _ tries: inout RoutedTries,
    _ attempt: @escaping @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async -> Made<Beginning> {
    guard let hedgeAfter = router.hedgeAfter, tries.purpose == .answer else {
      return await Self.made(first, attempt)
    }
    let (race, lost) = await withTaskGroup(of: Step<Beginning>.self) { [tries] group in
      group.addTask { await Self.step(first, attempt) }
      group.addTask { [time] in
        let due = first.start.advanced(by: hedgeAfter)
        return (try? await time.sleep(until: due, tolerance: nil)) == nil ? .isNotLate : .isLate
      }
      var race = Race<Beginning>(first)
      while race.isOpen, let step = await group.next() {
        switch step {
        case .isNotLate: break
        case .isLate:
          // Calls are made here alone, so that none begins that nobody ends.
          guard let call = tries.another(than: first.call) else { continue }
          let second = RunningCall(call, tries.purpose, tries.context, router)
          race.underWay.append(second)
          group.addTask { await Self.step(second, attempt) }
        case .made(let call, let result): race.take(call, result, tries)
        }
      }
      group.cancelAll()
      for call in race.underWay { call.end(.abandoned, ModelCallOutcome(duration: .zero)) }
      return (race.end, race.lost)
    }
    for (call, failure) in lost { tries.note(call, failure) }
    return race ?? (first, .failure(ProviderFailure(.cancelled)))
  }

  /// Two calls for one request.
  private struct Race<Beginning: Sendable> {
    var underWay: [RunningCall]
    /// Those that have failed while the other went on.
    var lost: [(call: ProviderTable.Call, failure: ProviderFailure)] = []
    var end: Made<Beginning>?

    init(_ first: RunningCall) { underWay = [first] }

    var isOpen: Bool { end == nil }

    mutating func take(
      _ call: RunningCall, _ result: Result<Beginning, ProviderFailure>, _ tries: RoutedTries
    ) {
      underWay.removeAll { $0.call.number == call.call.number }
      // What is no failure of the provider is the answer, whatever another one would say.
      if case .failure(let failure) = result, !underWay.isEmpty, tries.mayBePassedOn(failure, of: call.call) {
        call.end(.failed(failure), ModelCallOutcome(failure: failure, duration: .zero))
        lost.append((call.call, failure))
      } else {
        end = (call, result)
      }
    }
  }

  private static func step<Beginning: Sendable>(
    _ call: RunningCall, _ attempt: @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async -> Step<Beginning> {
    let made = await made(call, attempt)
    return .made(made.call, made.result)
  }

  private static func made<Beginning: Sendable>(
    _ call: RunningCall, _ attempt: @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async -> Made<Beginning> {
    let result = await attempt(call.call.setup.provider.services)
    if case .success = result { return (call.begun(), result) }
    return (call, result)
  }
}
