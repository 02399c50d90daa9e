import CompanionDomain

extension ProviderTable {
  /// Puts a request into the line.
  ///
  /// - Returns: its number there.
  mutating func lineUp(_ needs: RoutingNeeds, latest: Timestamp, _ wait: Wait, _ wakeUp: WakeUp) -> Int {
    let calls = calls(for: needs)
    // Only the first of a group looks at the time; the others are told when they are the first.
    let waiter = CallLine.Waiter(
      id: nextNumber(), needs: needs, latest: latest, wakeUp: wakeUp,
      wait: line.hasGroup(of: calls) ? nil : wait)
    line.append(waiter, for: calls)
    return waiter.id
  }

  /// What a request waits for in the line.
  func calls(for needs: RoutingNeeds) -> CallLine.Calls {
    CallLine.Calls(places: eligible(for: needs), arePaidFor: needs.isPaidFor)
  }

  /// What those who wait will take of each provider before anybody else.
  ///
  /// Where a budget stands in the way of a call, nothing is kept for it: all that could overtake it there is paid
  /// for, and must not wait for money.
  mutating func demandOfLine(at now: Timestamp) -> [Demand] {
    line.demand(places: rows.count, unpayable: unpayablePlaces(at: now))
  }

  /// The providers whose budgets let no call be made now.
  private mutating func unpayablePlaces(at now: Timestamp) -> Set<Int> {
    Set(rows.indices.filter { !rows[$0].isSpendingKnown || rows[$0].spending?.obstacle(at: now) != nil })
  }

  /// Gives calls to those who wait, in the order in which they came, as far as there is room. Whoever would have
  /// to wait for too long is told so.
  ///
  /// Complexity: O(*g*) for each that goes on, where *g* is how many groups there are.
  ///
  /// - Returns: who is to be woken.
  mutating func serve(at now: Timestamp) -> [WakeUp] {
    guard !line.isEmpty else { return [] }
    adjust(to: now)
    var wakeUps: [WakeUp] = []
    while let (id, choice) = nextAnswer(at: now, &wakeUps) {
      guard let waiter = line.remove(id) else { continue }
      answers[id] = choice
      wakeUps.append(waiter.wakeUp)
    }
    return wakeUps
  }

  /// The first that need not wait any more, and what it gets. Those who have to look at the time sooner than they
  /// know are told.
  private mutating func nextAnswer(at now: Timestamp, _ wakeUps: inout [WakeUp]) -> (Int, Choice)? {
    var demand = Array(repeating: Demand(), count: rows.count)
    let unpayable = unpayablePlaces(at: now)
    for (id, calls) in line.heads() {
      guard let waiter = line[id] else { continue }
      let choice = choice(pick(waiter.needs, behind: demand, at: now), waiter.needs, at: now)
      guard case .wait(let wait) = choice else { return (id, choice) }
      guard wait.mayEnd(by: waiter.latest) else { return (id, choice) }
      tell(wait, to: waiter, at: now, &wakeUps)
      line.add(demandFor: calls, unpayable: unpayable, to: &demand)
    }
    return nil
  }

  private mutating func tell(
    _ wait: Wait, to waiter: CallLine.Waiter, at now: Timestamp, _ wakeUps: inout [WakeUp]
  ) {
    guard let known = waiter.wait else {
      line.tell(wait, to: waiter.id)
      wakeUps.append(waiter.wakeUp)
      return
    }
    if let until = known.until, until <= now { return line.tell(wait, to: waiter.id) }
    // A moment sooner is a matter of rounding.
    guard let until = wait.until, known.until.map({ until.advanced(by: .milliseconds(1)) < $0 }) ?? true
    else { return }
    line.tell(wait, to: waiter.id)
    wakeUps.append(waiter.wakeUp)
  }

  /// What one who waits has got; `nil` when it still waits, until a time at the longest.
  mutating func takeAnswer(of id: Int) -> Choice? { answers.removeValue(forKey: id) }

  /// When one who waits has to look again by itself.
  func nextLook(of id: Int) -> Timestamp {
    guard let waiter = line[id] else { return .distantFuture }
    return min(waiter.wait?.until ?? .distantFuture, waiter.latest)
  }

  /// Takes one out of the line that does not want to wait any more.
  ///
  /// - Returns: what it waited for last.
  mutating func leave(_ id: Int) -> Wait? { line.remove(id)?.wait }
}
