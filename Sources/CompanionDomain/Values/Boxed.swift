/// A large value that does not change: it is copied at the cost of a reference.
struct Boxed<Value: Hashable & Sendable & Codable>: Hashable, Sendable, Codable {
  private final class Storage: Sendable {
    let value: Value

    init(_ value: Value) { self.value = value }
  }

  private let storage: Storage

  var value: Value { storage.value }

  init(_ value: Value) { storage = Storage(value) }

  static func == (left: Boxed, right: Boxed) -> Bool {
    left.storage === right.storage || left.storage.value == right.storage.value
  }

  func hash(into hasher: inout Hasher) { hasher.combine(storage.value) }

  // In its coded form the box does not show.
  init(from decoder: any Decoder) throws {
    self.init(try decoder.singleValueContainer().decode(Value.self))
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(storage.value)
  }
}

extension Boxed: CustomDebugStringConvertible {
  var debugDescription: String { String(reflecting: storage.value) }
}
