import CompanionDomain

/// Those who wait until a provider can be called for them, in the order in which they came.
///
/// Those for whom the same providers may be called form a group, of which the first goes first. Whether anybody
/// can go on is a question to the first ones alone, so that a change costs as much as there are groups, however
/// many wait.
struct CallLine: Sendable {
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
  private var groups: [Set<Int>: Group] = [:]
  private var eligible: [Int: Set<Int>] = [:]

  var isEmpty: Bool { waiters.isEmpty }

  subscript(id: Int) -> Waiter? { waiters[id] }

  func hasGroup(of places: Set<Int>) -> Bool { groups[places] != nil }

  /// - Parameter places: the providers that may be called for it.
  mutating func append(_ waiter: Waiter, places: Set<Int>) {
    waiters[waiter.id] = waiter
    eligible[waiter.id] = places
    var group = groups.removeValue(forKey: places) ?? Group()
    group.ids.append(waiter.id)
    group.count += 1
    group.demand.requests += 1
    group.demand.tokens += waiter.needs.expectedTokens
    groups[places] = group
  }

  @discardableResult
  mutating func remove(_ id: Int) -> Waiter? {
    guard let waiter = waiters.removeValue(forKey: id), let places = eligible.removeValue(forKey: id),
      var group = groups.removeValue(forKey: places)
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
    groups[places] = group
    return waiter
  }

  mutating func tell(_ wait: ProviderTable.Wait, to id: Int) { waiters[id]?.wait = wait }

  /// The first of each group, in the order in which they came.
  func heads() -> [(id: Int, places: Set<Int>)] {
    groups.compactMap { places, group in
      group.ids.indices.contains(group.first) ? (group.ids[group.first], places) : nil
    }
    .sorted { $0.id < $1.id }
  }

  /// What those who wait will take of each provider, by its place.
  func demand(places count: Int) -> [ProviderTable.Demand] {
    var demand = Array(repeating: ProviderTable.Demand(), count: count)
    for places in groups.keys { add(demandOf: places, to: &demand) }
    return demand
  }

  /// Adds what a group will take.
  func add(demandOf places: Set<Int>, to demand: inout [ProviderTable.Demand]) {
    guard let group = groups[places] else { return }
    for place in places where demand.indices.contains(place) {
      demand[place].requests += group.demand.requests
      demand[place].tokens += group.demand.tokens
    }
  }

  /// Groups all of them anew.
  mutating func regroup(_ places: (Waiter) -> Set<Int>) {
    let all = waiters.values.sorted { $0.id < $1.id }
    self = CallLine()
    for waiter in all { append(waiter, places: places(waiter)) }
  }
}
