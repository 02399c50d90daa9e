public import CompanionDomain

/// Where new identifiers come from.
public protocol IdentifierSource: Sendable {
  /// 128 bits that no other call has returned or will return, in any process.
  func nextBits() -> UInt128
}

extension IdentifierSource {
  /// A new identifier of the kind that is asked for.
  public func next<ID: Identifier>(_: ID.Type = ID.self) -> ID { ID(bits: nextBits()) }
}
