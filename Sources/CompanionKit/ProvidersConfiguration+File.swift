public import CompanionDomain
import CompanionSystem
import FoundationEssentials

extension ProvidersConfiguration {
  /// The largest file that is read: 1 MiB.
  public static let maximumFileSize = 1 << 20

  /// Reads a configuration from a file of JSON, and validates it. Blocks while the file is read.
  ///
  /// - Throws: ``ProviderConfigurationFailure``: the file cannot be read, is too large, or is not JSON, with the
  ///   first line that is not; or the first field that is wrong. It quotes nothing of what is written there.
  public init(contentsOf path: String) throws(ProviderConfigurationFailure) {
    let data: Data
    do throws(FileContents.Failure) {
      data = try FileContents.read(path, limit: Self.maximumFileSize)
    } catch {
      throw ProviderConfigurationFailure(field: "", problem: "\(path) \(error.reason)")
    }
    guard let json = JSONValue(json: data) else {
      throw ProviderConfigurationFailure(field: "", problem: "\(path) \(Self.fault(in: data))")
    }
    try self.init(json: json)
  }

  private static func fault(in data: Data) -> String {
    if data.allSatisfy({ [0x20, 0x09, 0x0A, 0x0D].contains($0) }) { return "is empty" }
    guard JSONValue.isShallow(data) else { return "is nested too deeply" }
    guard let (line, column) = JSONSyntax.firstFault(in: data) else { return "is not JSON" }
    return "is not JSON: see line \(line), column \(column)"
  }
}
