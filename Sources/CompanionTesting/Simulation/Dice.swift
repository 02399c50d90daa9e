import CompanionDomain

/// Chance for drawing up a scenario.
struct Dice: Sendable {
  private var generator: SplitMix64

  init(seed: UInt64) { generator = SplitMix64(seed: seed) }

  mutating func bits() -> UInt64 { generator.next() }

  mutating func number(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + generator.next(below: range.count)
  }

  /// Whether something of this likelihood, in percent, happens.
  mutating func happens(percent: Int) -> Bool { generator.next(below: 100) < percent }

  /// A duration in milliseconds.
  mutating func milliseconds(in range: ClosedRange<Int>) -> Duration { .milliseconds(number(in: range)) }

  mutating func pick<Element>(_ elements: [Element]) -> Element {
    elements[generator.next(below: elements.count)]
  }

  /// One of several, as likely as their weights say.
  mutating func pick<Element>(weighted elements: [(weight: Int, element: Element)]) -> Element {
    var rest = generator.next(below: elements.reduce(0) { $0 + $1.weight })
    for (weight, element) in elements {
      if rest < weight { return element }
      rest -= weight
    }
    return elements[elements.count - 1].element
  }
}
