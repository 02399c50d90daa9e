import CompanionDomain
import CompanionPorts
import Synchronization

extension ModelRouter {
  /// Whether a call that has not been made yet may still be made.
  func isCurrent(_ call: ProviderTable.Call) -> Bool { table.withLock { $0.isCurrent(call, at: time.now) } }

  /// Who is called for a request: at once, or when it is its turn.
  ///
  /// - Parameter latest: when the call has to be made at the latest.
  /// - Returns: `wait` when nobody can be called by then.
  func choice(
    for needs: RoutingNeeds, latest: Timestamp, _ context: EventContext
  ) async -> ProviderTable.Choice {
    await lookUpSpending()
    var hasTold = false
    while !Task.isCancelled {
      let wakeUp = WakeUp()
      var wakeUps: [WakeUp] = []
      let (choice, place) = table.withLock { table -> (ProviderTable.Choice, Int?) in
        let now = time.now
        wakeUps = table.serve(at: now)
        let choice = table.choose(needs, at: now)
        guard case .wait(let wait) = choice, now < latest, wait.mayEnd(by: latest) else {
          return (choice, nil)
        }
        return (choice, table.lineUp(needs, latest: latest, wait, wakeUp))
      }
      for wakeUp in wakeUps { wakeUp() }
      guard let place, case .wait(let wait) = choice else { return choice }
      if !hasTold {
        events.emit(.callWaits(wait.provider, until: wait.until, reason: wait.description), in: context)
        hasTold = true
      }
      if let choice = await waitInLine(place, wakeUp, wait, latest: latest, context) { return choice }
    }
    return .none(ProviderFailure(.cancelled))
  }

  /// Waits for its turn.
  ///
  /// - Returns: what came of it; `nil` when what it has got is void already, so that it has to line up again.
  private func waitInLine(
    _ place: Int, _ wakeUp: WakeUp, _ wait: ProviderTable.Wait, latest: Timestamp, _ context: EventContext
  ) async -> ProviderTable.Choice? {
    while true {
      let isCancelled = Task.isCancelled
      if !isCancelled { await lookUpSpending() }
      var wakeUps: [WakeUp] = []
      let (answer, nextLook) = table.withLock { table -> (ProviderTable.Choice?, Timestamp) in
        let now = time.now
        wakeUps = table.serve(at: now)
        if let answer = table.takeAnswer(of: place) { return (answer, now) }
        guard isCancelled || now >= latest else { return (nil, table.nextLook(of: place)) }
        let last = table.leave(place) ?? wait
        wakeUps += table.serve(at: now)
        return (isCancelled ? .none(ProviderFailure(.cancelled)) : .wait(last), now)
      }
      for wakeUp in wakeUps { wakeUp() }
      if let answer { return confirmed(answer, isCancelled: isCancelled, context) }
      await wakeUp.wait(until: nextLook == .distantFuture ? nil : nextLook, on: time)
    }
  }

  /// What one who waited has got, as far as it is still good: it may have taken a moment to wake up.
  private func confirmed(
    _ answer: ProviderTable.Choice, isCancelled: Bool, _ context: EventContext
  ) -> ProviderTable.Choice? {
    guard case .call(let call, let event) = answer else { return answer }
    if !isCancelled, isCurrent(call) { return answer }
    if let event { events.emit(event, in: context) }
    settleUnentered(call, .notMade, context)
    return isCancelled ? ProviderTable.Choice.none(ProviderFailure(.cancelled)) : nil
  }
}
