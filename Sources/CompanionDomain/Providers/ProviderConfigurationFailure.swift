/// What is wrong with a configuration of providers.
public struct ProviderConfigurationFailure: Error, Hashable, Sendable {
  /// The field, as a path such as `providers[1].base_url`.
  public var field: String
  /// What is wrong with it, and what is expected. It quotes no value that may be a secret.
  public var problem: String

  /// Something is wrong with a field.
  public init(field: String, problem: String) {
    self.field = field
    self.problem = problem
  }

  /// The same failure, of a field inside another.
  public func inside(_ path: String) -> ProviderConfigurationFailure {
    ProviderConfigurationFailure(field: field.isEmpty ? path : "\(path).\(field)", problem: problem)
  }
}

extension ProviderConfigurationFailure: CustomStringConvertible {
  /// One line for a person.
  public var description: String { "\(field): \(problem)" }
}
