/// Keeps the best of many matches; of equals, those with the smallest slots.
///
/// A heap with the worst of them on top, which the next better one replaces.
struct BestMatches {
  private let capacity: Int
  private var heap: ContiguousArray<VectorMatch> = []

  init(_ capacity: Int) { self.capacity = capacity }

  /// Whether a match would be kept. Complexity: constant.
  func wouldKeep(_ match: VectorMatch) -> Bool {
    guard heap.count == capacity, let worst = heap.first else { return capacity > 0 }
    return match.comes(before: worst)
  }

  /// Keeps a match, if it is among the best. Complexity: the logarithm of how many are kept.
  mutating func keep(_ match: VectorMatch) {
    guard wouldKeep(match) else { return }
    if heap.count < capacity {
      heap.append(match)
      rise(from: heap.count - 1)
    } else {
      heap[0] = match
      sink()
    }
  }

  /// All that are kept, best first.
  func sorted() -> [VectorMatch] { heap.sorted { $0.comes(before: $1) } }

  private mutating func rise(from start: Int) {
    var place = start
    while place > 0 {
      let parent = (place - 1) / 2
      guard heap[parent].comes(before: heap[place]) else { return }
      heap.swapAt(parent, place)
      place = parent
    }
  }

  private mutating func sink() {
    var place = 0
    while true {
      var worst = place
      let child = 2 * place + 1
      if child < heap.count, heap[worst].comes(before: heap[child]) { worst = child }
      if child + 1 < heap.count, heap[worst].comes(before: heap[child + 1]) { worst = child + 1 }
      guard worst != place else { return }
      heap.swapAt(worst, place)
      place = worst
    }
  }
}
