/// What changes about a fact when the one that had superseded it goes.
package struct FactCorrection: Hashable, Sendable {
  package var fact: FactID
  /// Until when it holds, as far as is known.
  package var validTo: Timestamp?
  /// What supersedes it now, and since when; `nil` where it holds again.
  package var supersession: Supersession?

  /// A newer fact in the place of the one that goes.
  package struct Supersession: Hashable, Sendable {
    package var newer: FactID
    package var time: Timestamp

    package init(newer: FactID, time: Timestamp) {
      self.newer = newer
      self.time = time
    }
  }

  package init(fact: FactID, validTo: Timestamp? = nil, supersession: Supersession? = nil) {
    self.fact = fact
    self.validTo = validTo
    self.supersession = supersession
  }
}

extension ForgetPlan {
  /// What changes about facts that stay when others go: those that were superseded by one of them hold again,
  /// unless a fact that stays had superseded that one in turn.
  ///
  /// - Parameters:
  ///   - removed: the facts that go.
  ///   - facts: those that may have been superseded by them, and those that may have superseded them, by name.
  package static func corrections(removing removed: Set<FactID>, among facts: [Fact]) -> [FactCorrection] {
    let byName = Dictionary(facts.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    return facts.compactMap { fact in
      guard !removed.contains(fact.id), let newer = fact.supersededBy, removed.contains(newer) else {
        return nil
      }
      if let successor = successor(of: newer, removed, byName) {
        let time = fact.validTo ?? successor.validFrom ?? successor.createdAt
        let supersession = FactCorrection.Supersession(newer: successor.id, time: time)
        return FactCorrection(fact: fact.id, validTo: nil, supersession: supersession)
      }
      // An end from before the newer fact began is its own.
      let start = byName[newer].map { $0.validFrom ?? $0.createdAt }
      let ownEnd = fact.validTo.flatMap { end in start.map { end < $0 } ?? false ? end : nil }
      return FactCorrection(fact: fact.id, validTo: ownEnd)
    }
  }

  /// The first fact that stays of those that superseded each other after one.
  private static func successor(
    of first: FactID, _ removed: Set<FactID>, _ facts: [FactID: Fact]
  ) -> Fact? {
    var seen: Set<FactID> = []
    var next: FactID? = first
    while let id = next, seen.insert(id).inserted {
      guard let fact = facts[id] else { return nil }
      if !removed.contains(id) { return fact }
      next = fact.supersededBy
    }
    return nil
  }
}
