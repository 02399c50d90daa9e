/// Numbers for kinds in scopes, as long as there is something in them.
struct NumberedPartitions: Sendable {
  private var numbers: [String: (number: UInt32, count: Int)] = [:]
  private var free: [UInt32] = []

  subscript(name: String) -> UInt32? { numbers[name]?.number }

  mutating func enter(_ name: String) {
    guard numbers[name] == nil else {
      numbers[name]?.count += 1
      return
    }
    numbers[name] = (free.popLast() ?? UInt32(numbers.count), 1)
  }

  mutating func leave(_ name: String) {
    guard let (number, count) = numbers[name] else { return }
    if count > 1 {
      numbers[name] = (number, count - 1)
    } else {
      numbers[name] = nil
      free.append(number)
    }
  }
}
