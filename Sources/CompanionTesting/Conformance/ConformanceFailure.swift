/// A promise of a port that an implementation broke.
public struct ConformanceFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The name of the check: the promise.
  public let check: String
  /// What the promise asks for.
  public let expected: String
  /// What was there instead.
  public let found: String

  /// A broken promise.
  public init(check: String, expected: String, found: String) {
    self.check = check
    self.expected = expected
    self.found = found
  }

  /// One line for a person.
  public var description: String { "\(check): expected \(expected), found \(found)" }
}

/// All promises that an implementation broke; never none.
public struct ConformanceReport: Error, Hashable, Sendable, CustomStringConvertible {
  /// The broken promises, in the order of the checks.
  public let failures: [ConformanceFailure]

  /// A line for each broken promise.
  public var description: String { failures.map(\.description).joined(separator: "\n") }
}
