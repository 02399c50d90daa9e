/// Something found, and how well it fits.
package struct RankedItem<ID: Hashable & Comparable & Sendable>: Hashable, Sendable {
  package var id: ID
  /// Higher is better; what the number means says who ranked.
  package var score: Double

  package init(id: ID, score: Double) {
    self.id = id
    self.score = score
  }

  /// Whether this comes before another: by its score, and of equals by its identifier.
  package func comes(before other: Self) -> Bool {
    score == other.score ? id < other.id : score > other.score
  }
}
