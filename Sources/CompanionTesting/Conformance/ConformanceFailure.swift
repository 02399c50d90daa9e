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
