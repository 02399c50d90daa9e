import Foundation

/// The proxy that libcurl asks for an address, as variables of the environment name it.
///
/// Elsewhere than on Linux the system's settings name it, and there is none here.
struct EnvironmentProxy: CustomStringConvertible {
  /// The variable that names it.
  let variable: String
  /// Its host and port, without a name and password.
  let address: String

  /// - Returns: `nil` where none is asked.
  init?(for url: URL?, _ environment: [String: String] = Self.environment) {
    guard let url, let scheme = url.scheme?.lowercased(), let host = url.host()?.lowercased() else {
      return nil
    }
    // In capitals the first is what a web server calls a header of its client: libcurl does not heed it.
    let names =
      (scheme == "http" ? ["http_proxy"] : ["https_proxy", "HTTPS_PROXY"]) + ["all_proxy", "ALL_PROXY"]
    guard let name = names.first(where: { environment[$0] != nil }), let value = environment[name],
      let address = Self.address(of: value)
    else { return nil }
    let excluded = environment["no_proxy"] ?? environment["NO_PROXY"] ?? ""
    guard !Self.excludes(host, excluded) else { return nil }
    self.variable = name
    self.address = address
  }

  var description: String { "\(address), which \(variable) names" }

  private static func address(of value: String) -> String? {
    let whole = value.contains("://") ? value : "http://\(value)"
    guard let url = URLComponents(string: whole), let host = url.host, !host.isEmpty else { return nil }
    return url.port.map { "\(host):\($0)" } ?? host
  }

  /// Whether a host, or a domain that it is in, is among those of a list.
  private static func excludes(_ host: String, _ list: String) -> Bool {
    list.lowercased().split { $0 == "," || $0 == " " }.contains { item in
      let name = item.drop { $0 == "." }
      return item == "*" || (!name.isEmpty && (host == name || host.hasSuffix(".\(name)")))
    }
  }

  private static var environment: [String: String] {
    #if canImport(FoundationNetworking)
      ProcessInfo.processInfo.environment
    #else
      [:]
    #endif
  }
}
