/// Names a configured provider: one model at one address, under the name that the host gives it.
public struct ProviderID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}

extension ProviderID: ExpressibleByStringLiteral {
  /// A name that is written in code; what no identifier may have in it becomes `_`.
  public init(stringLiteral name: StaticString) {
    self.init(validated: ValidatedIdentifier(replacingInvalid: name.description))
  }
}

/// Names a job that runs at a provider, in the provider's own words.
public struct ProviderJobID: Identifier {
  /// The name, as it is printed and stored.
  public let rawValue: String
  /// The name that this string is.
  public init(validated: ValidatedIdentifier) { rawValue = validated.string }
}
