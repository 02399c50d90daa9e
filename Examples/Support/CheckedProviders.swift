package import CompanionKit
import Foundation

extension ProvidersConfiguration {
  /// Reads a file, and checks that its providers can be made and have their keys, so that what is missing is told
  /// before anything is asked.
  package static func checked(
    contentsOf path: String
  ) async throws(ProviderConfigurationFailure) -> ProvidersConfiguration {
    do throws(ProviderConfigurationFailure) {
      let configuration = try ProvidersConfiguration(contentsOf: path)
      _ = try configuration.makeProviders()
      try await configuration.checkSecrets()
      return configuration
    } catch {
      guard !error.field.isEmpty else { throw error }
      throw ProviderConfigurationFailure(field: "", problem: "\(path): \(error)")
    }
  }
}

/// Checks that an environment variable, which an option names, has a key.
package func checkKey(in variable: String, option: String = "--api-key-env") throws(UsageError) {
  guard ProcessInfo.processInfo.environment[variable, default: ""].isEmpty else { return }
  throw UsageError("The environment variable \(variable), named by \(option), is not set.")
}
