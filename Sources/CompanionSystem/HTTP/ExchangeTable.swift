import CompanionPorts
import Foundation
import Synchronization

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The exchanges under way in one session, found by the tasks that carry them out.
final class ExchangeTable: NSObject, URLSessionDataDelegate {
  private let live = Mutex<[Int: Exchange]>([:])

  /// How many exchanges are under way.
  var count: Int { live.withLock(\.count) }

  /// Files an exchange until its task completes.
  func insert(_ exchange: Exchange, for task: URLSessionTask) {
    live.withLock { $0[task.taskIdentifier] = exchange }
  }

  private subscript(_ task: URLSessionTask) -> Exchange? {
    live.withLock { $0[task.taskIdentifier] }
  }

  func urlSession(
    _ session: URLSession, dataTask: URLSessionDataTask, didReceive response: URLResponse,
    completionHandler: @escaping @Sendable (URLSession.ResponseDisposition) -> Void
  ) {
    // An interim response, such as 103 Early Hints, says nothing about the answer; the next head does.
    if let head = ResponseHead(response), !(100...199).contains(head.status) || head.status == 101 {
      self[dataTask]?.receive(head)
    }
    completionHandler(.allow)
  }

  func urlSession(_ session: URLSession, dataTask: URLSessionDataTask, didReceive data: Data) {
    self[dataTask]?.receive(data)
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    guard let exchange = live.withLock({ $0.removeValue(forKey: task.taskIdentifier) }) else { return }
    let head = ResponseHead(task.response)
    // An answer that asks for other credentials ends as cancelled on Linux. It is an answer like any other.
    let isChallenge = head?.status == 401 && (error as? URLError)?.code == .cancelled
    let failure = isChallenge ? nil : error
    // A redirect that leads nowhere is not announced on Linux: its head is found only here.
    if failure == nil, let head { exchange.receive(head) }
    exchange.complete(failure)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest, completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    completionHandler(nil)
  }

  #if canImport(FoundationNetworking)
    /// Called when a kept connection was lost before a byte of the answer, and libcurl begins to send the request
    /// once more, without its body. The server may have taken it: whether to ask again is for the caller to say.
    func urlSession(
      _ session: URLSession, task: URLSessionTask,
      needNewBodyStream completionHandler: @escaping @Sendable (InputStream?) -> Void
    ) {
      self[task]?.complete(URLError(.badServerResponse))
      // Not from here: the session calls this on the queue that a cancellation waits for.
      session.delegateQueue.addOperation { task.cancel() }
      completionHandler(nil)
    }
  #endif

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
    completionHandler:
      @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
  ) {
    let method = challenge.protectionSpace.authenticationMethod
    let isForPassword = [NSURLAuthenticationMethodHTTPBasic, NSURLAuthenticationMethodHTTPDigest].contains(
      method)
    completionHandler(isForPassword ? .rejectProtectionSpace : .performDefaultHandling, nil)
  }
}

extension ResponseHead {
  fileprivate init?(_ response: URLResponse?) {
    guard let response = response as? HTTPURLResponse else { return nil }
    status = response.statusCode
    headers = response.allHeaderFields.reduce(into: [:]) { headers, field in
      guard let name = field.key as? String, let value = field.value as? String else { return }
      headers[name.lowercased()] = value
    }
  }
}
