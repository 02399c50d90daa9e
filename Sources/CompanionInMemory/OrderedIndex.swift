/// A sorted set: elements come out in order, however they went in.
///
/// It is an array of short sorted runs, so that inserting and removing cost one binary search and one short
/// move, wherever they happen. Which order that is says whoever calls, and always says the same.
struct OrderedIndex<Element: Equatable & Sendable>: Sendable {
  typealias Order = (_ left: Element, _ right: Element) -> Bool

  /// Sorted, none of them empty, and each before the next.
  private var runs: [ContiguousArray<Element>] = []

  private static var longestRun: Int { 64 }

  /// How many elements there are. Complexity: one step for each short run.
  var count: Int { runs.reduce(0) { $0 + $1.count } }

  /// Adds an element; nothing changes when it is there already.
  mutating func insert(_ element: Element, by isBefore: Order) {
    let run = runIndex { !isBefore($0, element) }
    guard run < runs.count else { return append(element) }
    let place = Self.place(in: runs[run]) { !isBefore($0, element) }
    if runs[run][place] == element { return }
    runs[run].insert(element, at: place)
    if runs[run].count > Self.longestRun { split(run) }
  }

  /// Removes an element; nothing changes when it is not there.
  mutating func remove(_ element: Element, by isBefore: Order) {
    let run = runIndex { !isBefore($0, element) }
    guard run < runs.count else { return }
    let place = Self.place(in: runs[run]) { !isBefore($0, element) }
    guard runs[run][place] == element else { return }
    runs[run].remove(at: place)
    if runs[run].isEmpty { runs.remove(at: run) }
  }

  /// The place of the first element for which a condition holds, which it does for all behind it too.
  func firstIndex(from condition: (Element) -> Bool) -> Index {
    let run = runIndex(where: condition)
    guard run < runs.count else { return endIndex }
    return Index(run: run, place: Self.place(in: runs[run], where: condition))
  }

  /// Adds an element behind all others. The runs stay full where all come in order.
  private mutating func append(_ element: Element) {
    if let last = runs.indices.last, runs[last].count < Self.longestRun {
      runs[last].append(element)
    } else {
      var run: ContiguousArray<Element> = []
      run.reserveCapacity(Self.longestRun + 1)
      run.append(element)
      runs.append(run)
    }
  }

  private mutating func split(_ run: Int) {
    let middle = runs[run].count / 2
    runs.insert(ContiguousArray(runs[run][middle...]), at: run + 1)
    runs[run].removeSubrange(middle...)
  }

  /// The first run whose last element fulfils the condition.
  private func runIndex(where condition: (Element) -> Bool) -> Int {
    // Most elements come at one end and leave at the other: a look there saves the way through all runs.
    guard let last = runs.indices.last, !isEnd(0) else { return 0 }
    guard isEnd(last) else { return runs.count }
    return isEnd(last - 1) ? Self.firstIndex(below: last, where: isEnd) : last

    func isEnd(_ run: Int) -> Bool { condition(runs[run][runs[run].count - 1]) }
  }

  private static func place(in run: ContiguousArray<Element>, where condition: (Element) -> Bool) -> Int {
    firstIndex(below: run.count) { condition(run[$0]) }
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

extension OrderedIndex where Element: Comparable {
  /// The elements behind one, in their order; all for `nil`. Complexity: a binary search.
  func elements(after element: Element?) -> Slice<Self> {
    self[(element.map { element in firstIndex { $0 > element } } ?? startIndex)...]
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

  var startIndex: Index { Index(run: 0, place: 0) }

  var endIndex: Index { Index(run: runs.count, place: 0) }

  subscript(index: Index) -> Element { runs[index.run][index.place] }

  func index(after index: Index) -> Index {
    if index.place + 1 < runs[index.run].count { return Index(run: index.run, place: index.place + 1) }
    return Index(run: index.run + 1, place: 0)
  }

  func index(before index: Index) -> Index {
    if index.place > 0 { return Index(run: index.run, place: index.place - 1) }
    return Index(run: index.run - 1, place: runs[index.run - 1].count - 1)
  }
}
