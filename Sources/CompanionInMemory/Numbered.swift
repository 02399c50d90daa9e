/// Elements by small numbers, which are given again once they are free.
struct Numbered<Element: Sendable>: Sendable {
  private var elements: ContiguousArray<Element?> = []
  private var free: [Int32] = []

  /// All numbers are below.
  var capacity: Int { elements.count }

  /// Adds an element, and gives its number.
  mutating func insert(_ element: Element) -> Int32 {
    if let number = free.popLast() {
      elements[Int(number)] = element
      return number
    }
    elements.append(element)
    return Int32(elements.count - 1)
  }

  /// Removes an element; nothing of it stays.
  mutating func remove(_ number: Int32) -> Element? {
    guard let element = elements[Int(number)] else { return nil }
    elements[Int(number)] = nil
    free.append(number)
    return element
  }

  /// The element of a number that was given for one and is not free.
  ///
  /// No input reaches the traps: numbers are made by ``insert(_:)`` alone, and whoever removes an element removes the
  /// numbers that refer to it in the same call.
  subscript(number: Int32) -> Element {
    get {
      guard let element = elements[Int(number)] else {
        preconditionFailure("no element has number \(number)")
      }
      return element
    }
    _modify {
      guard var element = elements[Int(number)] else {
        preconditionFailure("no element has number \(number)")
      }
      elements[Int(number)] = nil
      defer { elements[Int(number)] = element }
      yield &element
    }
  }
}
