/// What of a ranking fits into a budget of tokens.
package struct RecallPacking<Item> {
  /// What fits, in its order.
  package private(set) var packed: [Item] = []
  /// What does not, in its order.
  package private(set) var leftOut: [Item] = []
  /// The tokens of what fits: never more than the budget.
  package private(set) var tokens = 0

  /// Packs items in their order, each whole or not at all. Where one does not fit, shorter ones behind it may.
  ///
  /// - Parameter tokenCount: the tokens of an item; less than none counts as none.
  /// - Complexity: linear in the number of items.
  package init(_ items: [Item], budget: Int, tokenCount: (Item) -> Int) {
    for item in items {
      let count = max(0, tokenCount(item))
      // Subtracted, since a sum may overflow.
      if count <= budget - tokens {
        packed.append(item)
        tokens += count
      } else {
        leftOut.append(item)
      }
    }
  }
}

extension RecallPacking: Sendable where Item: Sendable {}
extension RecallPacking: Equatable where Item: Equatable {}
