/// A sorted set: elements come out in order, however they went in.
///
/// It is an array of short sorted runs, so that inserting and removing cost one binary search and one short
/// move, wherever they happen. At either end, where lines are joined and left, they cost the search alone.
struct OrderedIndex<Element: Comparable & Sendable>: Sendable {
  /// Sorted, none of them empty, and each before the next.
  private var runs: [ArraySlice<Element>] = []

  private static var longestRun: Int { 256 }

  /// How many elements there are. Complexity: one step for each short run.
  var count: Int { runs.reduce(0) { $0 + $1.count } }

  /// Adds an element; nothing changes when it is there already.
  mutating func insert(_ element: Element) {
    guard let last = runs.last?.last else { return runs.append([element]) }
    if last < element { return append(element) }
    let run = runIndex { $0 >= element }
    let place = Self.place(in: runs[run]) { $0 >= element }
    if runs[run][place] == element { return }
    runs[run].insert(element, at: place)
    if runs[run].count > Self.longestRun { split(run) }
  }

  /// Removes an element; nothing changes when it is not there.
  mutating func remove(_ element: Element) {
    let run = runIndex { $0 >= element }
    guard run < runs.count else { return }
    let place = Self.place(in: runs[run]) { $0 >= element }
    guard runs[run][place] == element else { return }
    if place == runs[run].startIndex {
      runs[run].removeFirst()
    } else {
      runs[run].remove(at: place)
    }
    if runs[run].isEmpty { runs.remove(at: run) }
  }

  /// The place of the first element for which a condition holds, which it does for all behind it too.
  func firstIndex(from condition: (Element) -> Bool) -> Index {
    let run = runIndex(where: condition)
    guard run < runs.count else { return endIndex }
    return Index(run: run, place: Self.place(in: runs[run], where: condition))
  }

  private mutating func append(_ element: Element) {
    let run = runs.count - 1
    if runs[run].count < Self.longestRun {
      runs[run].append(element)
    } else {
      runs.append([element])
    }
  }

  private mutating func split(_ run: Int) {
    let middle = runs[run].startIndex + runs[run].count / 2
    runs.insert(ArraySlice(Array(runs[run][middle...])), at: run + 1)
    runs[run].removeSubrange(middle...)
  }

  /// The first run whose last element fulfils the condition.
  private func runIndex(where condition: (Element) -> Bool) -> Int {
    Self.firstIndex(from: 0, to: runs.count) { condition(runs[$0][runs[$0].endIndex - 1]) }
  }

  private static func place(in run: ArraySlice<Element>, where condition: (Element) -> Bool) -> Int {
    firstIndex(from: run.startIndex, to: run.endIndex) { condition(run[$0]) }
  }

  /// The lowest index for which the condition holds, which it does for all behind it too; `end` if none.
  private static func firstIndex(from start: Int, to end: Int, where condition: (Int) -> Bool) -> Int {
    var low = start
    var high = end
    while low < high {
      let middle = low + (high - low) / 2
      if condition(middle) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

extension OrderedIndex: BidirectionalCollection {
  /// The place of an element; any change makes it worthless.
  struct Index: Comparable, Sendable {
    fileprivate var run: Int
    fileprivate var place: Int

    static func < (left: Index, right: Index) -> Bool {
      left.run == right.run ? left.place < right.place : left.run < right.run
    }
  }

  var startIndex: Index { Index(run: 0, place: runs.first?.startIndex ?? 0) }

  var endIndex: Index { Index(run: runs.count, place: 0) }

  var isEmpty: Bool { runs.isEmpty }

  subscript(index: Index) -> Element { runs[index.run][index.place] }

  func index(after index: Index) -> Index {
    if index.place + 1 < runs[index.run].endIndex { return Index(run: index.run, place: index.place + 1) }
    let next = index.run + 1
    return next < runs.count ? Index(run: next, place: runs[next].startIndex) : endIndex
  }

  func index(before index: Index) -> Index {
    if index.run < runs.count, index.place > runs[index.run].startIndex {
      return Index(run: index.run, place: index.place - 1)
    }
    return Index(run: index.run - 1, place: runs[index.run - 1].endIndex - 1)
  }
}
