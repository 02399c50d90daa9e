import CompanionDomain

/// Those who wait until a provider can be called for them, in the order in which they came.
///
/// Those who may have the same calls form a group, of which the first goes first. Whether anybody
/// can go on is a question to the first ones alone, so that a change costs as much as there are groups, however
/// many wait.
struct CallLine: Sendable {
  /// What a group waits for.
  struct Calls: Hashable, Sendable {
    /// The providers that may be called, by their places.
    var places: Set<Int>
    /// Whether no budget stands in the way.
    var arePaidFor: Bool
  }

  /// One who waits.
  struct Waiter: Sendable {
    /// Rises with each that comes.
    let id: Int
    let needs: RoutingNeeds
    /// When the call has to be made at the latest.
    let latest: Timestamp
    let wakeUp: WakeUp
    /// What it waits for, as far as it has been told.
    var wait: ProviderTable.Wait?
  }

  private struct Group {
    /// Those who have gone may still be in it, from `first` on.
    var ids: [Int] = []
    var first = 0
    var count = 0
    var demand = ProviderTable.Demand()
  }

  private var waiters: [Int: Waiter] = [:]
  private var groups: [Calls: Group] = [:]
  private var calls: [Int: Calls] = [:]

  var isEmpty: Bool { waiters.isEmpty }

  subscript(id: Int) -> Waiter? { waiters[id] }

  /// Whether somebody waits for the same.
  func hasGroup(of calls: Calls) -> Bool { groups[calls] != nil }

  /// - Parameter calls: what it waits for.
  mutating func append(_ waiter: Waiter, for calls: Calls) {
    waiters[waiter.id] = waiter
    self.calls[waiter.id] = calls
    var group = groups.removeValue(forKey: calls) ?? Group()
    group.ids.append(waiter.id)
    group.count += 1
    group.demand.requests += 1
    group.demand.tokens += waiter.needs.expectedTokens
    groups[calls] = group
  }

  @discardableResult
  mutating func remove(_ id: Int) -> Waiter? {
    guard let waiter = waiters.removeValue(forKey: id), let calls = calls.removeValue(forKey: id),
      var group = groups.removeValue(forKey: calls)
    else { return nil }
    group.count -= 1
    guard group.count > 0 else { return waiter }
    group.demand.requests -= 1
    group.demand.tokens -= waiter.needs.expectedTokens
    while group.first < group.ids.count, waiters[group.ids[group.first]] == nil { group.first += 1 }
    // Each is moved once for each that has gone, at the most.
    if group.ids.count > 2 * group.count + 16 {
      group.ids = group.ids[group.first...].filter { waiters[$0] != nil }
      group.first = 0
    }
    groups[calls] = group
    return waiter
  }

  mutating func tell(_ wait: ProviderTable.Wait, to id: Int) { waiters[id]?.wait = wait }

  /// The first of each group, in the order in which they came.
  func heads() -> [(id: Int, calls: Calls)] {
    groups.compactMap { calls, group in
      group.ids.indices.contains(group.first) ? (group.ids[group.first], calls) : nil
    }
    .sorted { $0.id < $1.id }
  }

  /// What those who wait will take of each provider, by its place.
  ///
  /// - Parameter unpayable: the places of providers whose calls cannot be paid for now. There only those count
  ///   who wait for calls that are paid for.
  func demand(places count: Int, unpayable: Set<Int> = []) -> [ProviderTable.Demand] {
    var demand = Array(repeating: ProviderTable.Demand(), count: count)
    for calls in groups.keys { add(demandFor: calls, unpayable: unpayable, to: &demand) }
    return demand
  }

  /// Adds what a group will take; see ``demand(places:unpayable:)``.
  func add(demandFor calls: Calls, unpayable: Set<Int>, to demand: inout [ProviderTable.Demand]) {
    guard let group = groups[calls] else { return }
    for place in calls.places where demand.indices.contains(place) {
      guard calls.arePaidFor || !unpayable.contains(place) else { continue }
      demand[place].requests += group.demand.requests
      demand[place].tokens += group.demand.tokens
    }
  }

  /// Groups all of them anew.
  mutating func regroup(_ calls: (Waiter) -> Calls) {
    let all = waiters.values.sorted { $0.id < $1.id }
    self = CallLine()
    for waiter in all { append(waiter, for: calls(waiter)) }
  }
}
