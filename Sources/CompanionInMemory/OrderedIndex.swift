import CompanionDomain

/// A sorted set for listings: elements come out in order, however they went in.
///
/// It is an array of short sorted runs, so that inserting and removing cost one binary search and one short
/// move, wherever they happen.
struct OrderedIndex<Element: Comparable & Sendable>: Sendable {
  /// Sorted, none of them empty, and each before the next.
  private var runs: [[Element]] = []

  private static var longestRun: Int { 512 }

  /// All elements, ascending.
  var ascending: some Sequence<Element> { runs.lazy.joined() }

  /// All elements, descending.
  var descending: some Sequence<Element> { runs.lazy.reversed().map { $0.lazy.reversed() }.joined() }

  /// How many elements there are. Complexity: one step for each short run.
  var count: Int { runs.reduce(0) { $0 + $1.count } }

  /// Adds an element; nothing changes when it is there already.
  mutating func insert(_ element: Element) {
    guard !runs.isEmpty else { return runs.append([element]) }
    let run = min(self.run(for: element), runs.count - 1)
    let place = Self.place(of: element, in: runs[run])
    if place < runs[run].count, runs[run][place] == element { return }
    runs[run].insert(element, at: place)
    if runs[run].count > Self.longestRun {
      let half = runs[run].count / 2
      runs.insert(Array(runs[run][half...]), at: run + 1)
      runs[run].removeSubrange(half...)
    }
  }

  /// Removes an element; nothing changes when it is not there.
  mutating func remove(_ element: Element) {
    let run = run(for: element)
    guard run < runs.count else { return }
    let place = Self.place(of: element, in: runs[run])
    guard runs[run][place] == element else { return }
    runs[run].remove(at: place)
    if runs[run].isEmpty { runs.remove(at: run) }
  }

  /// The first run that ends at the element or behind it.
  private func run(for element: Element) -> Int {
    Self.firstIndex(below: runs.count) { runs[$0][runs[$0].count - 1] >= element }
  }

  private static func place(of element: Element, in run: [Element]) -> Int {
    firstIndex(below: run.count) { run[$0] >= element }
  }

  /// The lowest index for which the condition holds, which it does for all behind it too; `count` if none.
  private static func firstIndex(below count: Int, where condition: (Int) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if condition(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// An identifier at a time; ordered by time, of the same time by identifier.
struct TimedKey<ID: Comparable & Hashable & Sendable>: Comparable, Sendable {
  var time: Timestamp
  var id: ID

  static func < (left: TimedKey, right: TimedKey) -> Bool {
    left.time == right.time ? left.id < right.id : left.time < right.time
  }
}
