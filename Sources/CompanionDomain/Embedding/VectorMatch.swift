/// A vector that was found.
package struct VectorMatch: Hashable, Sendable {
  /// Where the index keeps it.
  package let slot: Int32
  /// How near it is, by the metric that was asked for.
  package let score: Float

  package init(slot: Int32, score: Float) {
    self.slot = slot
    self.score = score
  }

  /// Whether this comes before another: by its score, and of equals by its slot.
  package func comes(before other: Self) -> Bool {
    score == other.score ? slot < other.slot : score > other.score
  }
}
