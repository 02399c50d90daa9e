public import CompanionDomain
import CompanionSystem
import FoundationEssentials

extension ProvidersConfiguration {
  /// The largest file that is read: 1 MiB.
  public static let maximumFileSize = 1 << 20

  /// Reads a configuration from a file of JSON, and validates it. Blocks while the file is read.
  ///
  /// - Throws: ``ProviderConfigurationFailure``: the file cannot be read, is too large, or is not JSON, with the
  ///   first line that is not; a member is there twice; or the first field that is wrong. What is wrong with the
  ///   file as a whole comes with its path. It quotes nothing of what is written there.
  public init(contentsOf path: String) throws(ProviderConfigurationFailure) {
    let data: Data
    do throws(FileContents.Failure) {
      data = try FileContents.read(path, limit: Self.maximumFileSize)
    } catch {
      throw ProviderConfigurationFailure(field: "", problem: "\(path) \(error.reason)")
    }
    do throws(ProviderConfigurationFailure) {
      try self.init(json: data)
    } catch {
      guard error.field.isEmpty else { throw error }
      throw ProviderConfigurationFailure(field: "", problem: "\(path): \(error.problem)")
    }
  }
}
