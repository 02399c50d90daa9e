/// Makes one ranking of several, such as one by words and one by vectors.
///
/// Each ranking's scores are stretched to 0 to 1 over its window, weighted, and summed. Scores tell how much
/// better the first is than the tenth; ranks, as reciprocal rank fusion takes them, do not, and let a weak
/// ranking spoil a strong one.
package struct RankFusion: Hashable, Sendable {
  /// How many of each ranking count, from the best.
  package var window: Int

  package init(window: Int = 200) { self.window = max(1, window) }

  /// A ranking, best first, and what it counts beside the others.
  package struct Leg<ID: Hashable & Comparable & Sendable>: Sendable {
    package var weight: Double
    package var items: [RankedItem<ID>]

    package init(weight: Double = 1, _ items: [RankedItem<ID>]) {
      self.weight = weight
      self.items = items
    }
  }

  /// Everything in the windows of the rankings, best first. An item that a ranking has twice counts where it
  /// has it first; scores that are no finite numbers count nothing.
  ///
  /// Complexity: n log n in the sizes of the windows.
  package func fused<ID>(_ legs: [Leg<ID>]) -> [RankedItem<ID>] {
    var sums: [ID: Double] = [:]
    for leg in legs {
      let items = leg.items.prefix(window).filter(\.score.isFinite)
      guard let best = items.map(\.score).max(), let worst = items.map(\.score).min() else { continue }
      var seen: Set<ID> = []
      for item in items where seen.insert(item.id).inserted {
        sums[item.id, default: 0] += leg.weight * (best > worst ? (item.score - worst) / (best - worst) : 1)
      }
    }
    return sums.map { RankedItem(id: $0.key, score: $0.value) }.sorted { $0.comes(before: $1) }
  }
}
