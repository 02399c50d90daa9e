import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// One model's way to its provider: sends requests with the key in its place, and classifies what goes wrong.
///
/// It makes one attempt per call and holds nothing between calls. Nothing of the key is in any error.
struct ProviderExchange: Sendable {
  /// Puts a key into a header.
  typealias Authorization = @Sendable (_ secret: String) -> (name: String, value: String)

  let transport: any HTTPTransport
  let apiKey: APIKey?
  let authorization: Authorization
  /// Header fields of every request, beside the key's.
  var headers: [String: String] = [:]
  let idleTimeout: Duration
  let time: any TimeSource

  /// The longest whole answer, and the most that is read of an error.
  static let sizeLimits = (answer: 64 << 20, error: 64 << 10)

  /// Sends a request; returns when the head of an answer with a success status is here.
  ///
  /// - Parameter extraHeaders: header fields of this request alone, their names in lower case.
  func send(
    _ url: URL, method: String = "POST", headers extraHeaders: [String: String] = [:], body: Data = Data(),
    accepting type: String = "application/json"
  ) async throws(ProviderFailure) -> (body: HTTPBody, context: ResponseContext) {
    var headers = headers.merging(extraHeaders) { _, extra in extra }
    headers["accept"] = type
    if !body.isEmpty { headers["content-type"] = "application/json" }
    let secret = try await apiKey?.secret()
    if let secret {
      let header = authorization(secret)
      headers[header.name] = header.value
    }
    let request = HTTPRequest(
      method: method, url: url, headers: headers, body: body, idleTimeout: idleTimeout)
    let response: HTTPResponse
    do { response = try await transport.send(request) } catch { throw ProviderFailure(error) }
    let context = ResponseContext(
      status: response.status, headers: response.headers, redaction: SecretRedaction(secret), time: time)
    guard (200..<300).contains(response.status) else { throw await Self.failure(of: response, context) }
    guard response.headers["content-type"]?.lowercased().hasPrefix("text/html") != true else {
      throw context.malformed("the answer is a web page")
    }
    return (response.body, context)
  }

  /// Sends a request and reads the whole answer.
  func whole(
    _ url: URL, method: String = "POST", headers extraHeaders: [String: String] = [:], body: Data = Data()
  ) async throws(ProviderFailure) -> (data: Data, context: ResponseContext) {
    let (body, context) = try await send(url, method: method, headers: extraHeaders, body: body)
    let (data, isWhole) = try await Self.read(body, upTo: Self.sizeLimits.answer)
    guard isWhole else { throw context.malformed("the answer is longer than any is") }
    // The mark of gzip; what says that it is compressed comes here as it was before.
    guard !data.starts(with: [0x1F, 0x8B]) else {
      throw context.malformed(
        "the answer is compressed by gzip, and its header content-encoding does not say so")
    }
    return (data, context)
  }

  /// Classifies an error. Its status is enough where its body does not come.
  private static func failure(
    of response: HTTPResponse, _ context: ResponseContext
  ) async -> ProviderFailure {
    do {
      return context.failure(body: try await read(response.body, upTo: sizeLimits.error).data)
    } catch  where error.kind == .cancelled {
      return error
    } catch {
      return context.failure(body: Data())
    }
  }

  /// A body up to a length; whether that was all of it.
  private static func read(
    _ body: HTTPBody, upTo limit: Int
  ) async throws(ProviderFailure) -> (data: Data, isWhole: Bool) {
    var data = Data()
    do {
      for try await chunk in body {
        data += chunk
        if data.count > limit { return (data.prefix(limit), false) }
      }
    } catch {
      throw ProviderFailure(error)
    }
    return (data, true)
  }
}
