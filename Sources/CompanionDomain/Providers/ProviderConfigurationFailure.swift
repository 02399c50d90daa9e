/// What is wrong with a configuration of providers.
public struct ProviderConfigurationFailure: Error, Hashable, Sendable {
  /// The field, as a path such as `providers[1].base_url`; empty for the whole configuration.
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
    let isWhole = field.isEmpty || path.isEmpty
    return ProviderConfigurationFailure(
      field: isWhole ? path + field : "\(path).\(field)", problem: problem)
  }
}

extension ProviderConfigurationFailure: CustomStringConvertible {
  /// One line for a person.
  public var description: String { field.isEmpty ? problem : "\(field): \(problem)" }
}
