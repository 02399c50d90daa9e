import CompanionDomain
import CompanionPorts
import Synchronization

extension ModelCaller {
  private enum Step<Beginning: Sendable>: Sendable {
    case ended(RunningCall, Result<Beginning, ProviderFailure>)
    case second(RunningCall?)
  }

  /// Makes an attempt, and a second one at another provider when the first has not begun to answer after the
  /// configured time. The first to begin wins, and the other is stopped.
  func hedged<Beginning: Sendable>(
    _ first: RunningCall, _ tries: RoutedTries,
    _ attempt: @escaping @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async -> (winner: RunningCall, result: Result<Beginning, ProviderFailure>, lost: [RoutedTries.Failed]) {
    guard let hedgeAfter = router.hedgeAfter, tries.purpose == .answer else {
      let (winner, result) = await Self.made(first, attempt)
      return (winner, result, [])
    }
    return await withTaskGroup(of: Step<Beginning>.self) { group in
      group.addTask {
        let (call, result) = await Self.made(first, attempt)
        return .ended(call, result)
      }
      group.addTask {
        guard (try? await time.sleep(until: first.start.advanced(by: hedgeAfter), tolerance: nil)) != nil
        else { return .second(nil) }
        return .second(second(to: first, tries))
      }
      var underWay = [first.call.number: first]
      var isSecondComing = true
      var last: (RunningCall, Result<Beginning, ProviderFailure>)?
      var lost: [RoutedTries.Failed] = []
      while underWay.count + (isSecondComing ? 1 : 0) > 0, let step = await group.next() {
        switch step {
        case .second(let call):
          isSecondComing = false
          guard let call else { continue }
          underWay[call.call.number] = call
          group.addTask {
            let (call, result) = await Self.made(call, attempt)
            return .ended(call, result)
          }
        case .ended(let call, let result):
          underWay[call.call.number] = nil
          if case .failure(let failure) = result, !underWay.isEmpty {
            call.end(.failed(failure), ModelCallOutcome(failure: failure, duration: .zero))
            lost.append((call.call, failure))
            continue
          }
          last = (call, result)
          group.cancelAll()
          for other in underWay.values { other.end(.abandoned, ModelCallOutcome(duration: .zero)) }
          underWay = [:]
          isSecondComing = false
        }
      }
      let (winner, result) = last ?? (first, .failure(ProviderFailure(.cancelled)))
      return (winner, result, lost)
    }
  }

  /// A second provider, when one is ready now.
  private func second(to first: RunningCall, _ tries: RoutedTries) -> RunningCall? {
    var needs = tries.needs
    needs.excluded.insert(first.call.id)
    let now = time.now
    guard case .call(let call, let event) = router.table.withLock({ $0.choose(needs, latest: now, at: now) })
    else { return nil }
    if let event { events.emit(event, in: tries.context) }
    return RunningCall(call, tries.purpose, tries.context, router)
  }

  private static func made<Beginning: Sendable>(
    _ call: RunningCall, _ attempt: @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async -> (RunningCall, Result<Beginning, ProviderFailure>) {
    let result = await attempt(call.call.provider.services)
    if case .success = result { return (call.begun(), result) }
    return (call, result)
  }
}
