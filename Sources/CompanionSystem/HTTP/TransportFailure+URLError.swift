import CompanionPorts
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

extension TransportFailure {
  /// Tells what a failed task means for its request.
  ///
  /// - Parameter afterHead: whether the head of a response had come. What breaks after that is a lost
  ///   connection, whatever the session calls it.
  init(_ error: any Error, afterHead: Bool, url: URL?) {
    var server = [url?.host(), url?.port.map(String.init)].compactMap(\.self).joined(separator: ":")
    if let proxy = EnvironmentProxy(for: url) { server += " by the proxy \(proxy)" }
    guard let error = error as? URLError else {
      self.init(.connectionLost, message: "the connection to \(server) failed")
      return
    }
    switch error.code {
    case .cancelled:
      self.init(.cancelled)
    case .timedOut:
      self.init(.timedOut, message: "nothing came from \(server)")
    // It has no code of its own here; the words of libcurl for it name the encoding.
    case _ where afterHead && error.localizedDescription.contains("ncoding"):
      self.init(
        .invalidResponse,
        message: "the answer of \(server) is not compressed as its header content-encoding says")
    case _ where afterHead:
      self.init(.connectionLost, message: "\(server) closed the connection within its answer")
    case .cannotConnectToHost:
      self.init(.unreachable, message: "nothing accepts connections at \(server)")
    case .cannotFindHost, .dnsLookupFailed:
      self.init(.unreachable, message: "there is no host named \(server)")
    case .notConnectedToInternet, .dataNotAllowed, .internationalRoamingOff:
      self.init(.unreachable, message: "this machine is offline")
    case .secureConnectionFailed, .serverCertificateHasBadDate, .serverCertificateUntrusted,
      .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid, .clientCertificateRejected,
      .clientCertificateRequired, .appTransportSecurityRequiresSecureConnection:
      self.init(.unreachable, message: "no secure connection to \(server): \(error.localizedDescription)")
    case .unsupportedURL, .cannotParseResponse:
      // The scheme has been checked: on Linux this is how a protocol that the server speaks is called.
      self.init(.invalidResponse, message: "what came from \(server) is not HTTP")
    case .badServerResponse:
      self.init(.connectionLost, message: "\(server) closed the connection without an answer")
    case _ where Self.isAboutSecurity(error.localizedDescription):
      self.init(.unreachable, message: "no secure connection to \(server): \(error.localizedDescription)")
    default:
      self.init(.connectionLost, message: "the connection to \(server) failed: \(error.localizedDescription)")
    }
  }

  /// Whether libcurl's words are about setting up a secure connection; on Linux that has no code of its own.
  private static func isAboutSecurity(_ description: String) -> Bool {
    ["SSL_connect", "TLS connect", "certificate", "handshake"].contains { description.contains($0) }
  }
}
