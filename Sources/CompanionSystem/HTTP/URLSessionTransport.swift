public import CompanionPorts
import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// HTTP over one `URLSession` that lives as long as the transport.
///
/// It keeps connections for reuse, and keeps nothing else: no cookies, no cache, no credentials. Redirects
/// are not followed; their own response is the answer. Letting go of the transport lets requests under way
/// end.
///
/// A slow reader makes the server wait on Apple's platforms. Elsewhere a transfer cannot be paused; there, an
/// answer that runs 64 MiB ahead of its reader fails with ``TransportFailure/Kind/connectionLost`` behind
/// what was held. Nor can an IPv6 address be called there, such as `http://[::1]:8080`; a host's name can,
/// whatever it stands for.
public final class URLSessionTransport: HTTPTransport {
  private let session: URLSession
  private let exchanges = ExchangeTable()
  private let timerQueue = DispatchQueue(label: "CompanionKit.URLSessionTransport.idle")

  /// - Parameter maximumConnectionsPerHost: how many requests to one host are under way at once; further ones
  ///   wait for their turn, and their idle time runs meanwhile.
  public init(maximumConnectionsPerHost: Int = 64) {
    let configuration = URLSessionConfiguration.ephemeral
    configuration.httpMaximumConnectionsPerHost = maximumConnectionsPerHost
    configuration.requestCachePolicy = .reloadIgnoringLocalCacheData
    configuration.urlCache = nil
    configuration.urlCredentialStorage = nil
    configuration.httpCookieStorage = nil
    configuration.httpCookieAcceptPolicy = .never
    configuration.httpShouldSetCookies = false
    let queue = OperationQueue()
    queue.maxConcurrentOperationCount = 1
    session = URLSession(configuration: configuration, delegate: exchanges, delegateQueue: queue)
  }

  deinit { session.finishTasksAndInvalidate() }

  /// How many requests are under way, their bodies included.
  package var liveRequestCount: Int { exchanges.count }

  /// Sends a request; see ``HTTPTransport/send(_:)``.
  public func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    let urlRequest = try URLRequest(checking: request)
    guard !Task.isCancelled else { throw TransportFailure(.cancelled) }
    let task = session.dataTask(with: urlRequest)
    let exchange = Exchange(task: task, idleTimeout: request.idleTimeout, timerQueue: timerQueue)
    exchanges.insert(exchange, for: task)
    let head = try await exchange.head()
    return HTTPResponse(status: head.status, headers: head.headers, body: HTTPBody(ExchangeBody(exchange)))
  }
}

extension HTTPTransport where Self == URLSessionTransport {
  /// A transport of its own; share one, so that connections are reused.
  public static var urlSession: URLSessionTransport { URLSessionTransport() }
}

extension URLRequest {
  /// Checks what the session does not: on Linux it ends the process over a scheme that it does not know, and
  /// sends the rest of a header's value as another header when there is a line break in it.
  fileprivate init(checking request: HTTPRequest) throws(TransportFailure) {
    guard let scheme = request.url.scheme?.lowercased(), ["http", "https"].contains(scheme),
      let host = request.url.host(), !host.isEmpty
    else { throw TransportFailure(.unreachable, message: "the address is not one of http or https") }
    #if canImport(FoundationNetworking)
      // The session fails there with a bare number, whatever the address.
      guard !host.contains(":") else {
        throw TransportFailure(
          .unreachable,
          message: "an IPv6 address cannot be called here: write a host's name, such as localhost")
      }
    #endif
    for (name, value) in request.headers where !Self.isPrintable(name) || !Self.isPrintable(value) {
      throw TransportFailure(
        .unreachable, message: "the header \(name.debugDescription) has a control character")
    }

    self.init(url: request.url)
    httpMethod = request.method
    if !request.body.isEmpty { httpBody = request.body }
    for (name, value) in request.headers { setValue(value, forHTTPHeaderField: name) }
    // The exchange has an idle timer of its own: the session's counts whole seconds only on Linux.
    timeoutInterval = 7 * 24 * 60 * 60
  }

  private static func isPrintable(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7f }
  }
}
