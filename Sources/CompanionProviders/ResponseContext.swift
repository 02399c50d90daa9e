import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// What is known about a response while its body is read: enough to classify what is wrong with it.
struct ResponseContext: Sendable {
  let status: Int
  /// The header fields, without the key, which a server may have put there too.
  let headers: [String: String]
  let redaction: SecretRedaction
  let time: any TimeSource

  init(status: Int, headers: [String: String], redaction: SecretRedaction, time: any TimeSource) {
    self.status = status
    self.headers = headers.mapValues(redaction.redacted)
    self.redaction = redaction
    self.time = time
  }

  /// The error that a server sent as JSON.
  func failure(_ error: JSONValue) -> ProviderFailure { failure(ProviderErrorDetails(error)) }

  /// The error that a server sent in whatever form.
  func failure(body: Data) -> ProviderFailure {
    if let target = redirection {
      return failure(
        ProviderErrorDetails(
          message: "it redirects to \(target), which is not followed; if that is right, use it"))
    }
    if let json = JSONValue(json: body) { return failure(json) }
    let text = String(decoding: body, as: UTF8.self)
    // A page for people is of no use in a line of text.
    let isPage = text.prefix(512).contains("<")
    return failure(ProviderErrorDetails(message: isPage ? "" : text))
  }

  /// Where a redirect leads, without what may be a secret of it; `nil` for what is none, or leads nowhere.
  private var redirection: String? {
    guard (300..<400).contains(status), let location = headers["location"],
      var target = URLComponents(string: location), !location.isEmpty
    else { return nil }
    (target.user, target.password, target.query, target.fragment) = (nil, nil, nil, nil)
    return target.string
  }

  /// What an answer with a success status says of itself that makes it a failure.
  func failure(_ kind: ProviderFailure.Kind, code: String? = nil, message: String = "") -> ProviderFailure {
    ProviderFailure(
      kind, code: code.map(redaction.redacted), requestID: ProviderFailure.requestID(in: headers),
      message: redaction.redacted(message))
  }

  /// An answer that is not what it should be.
  func malformed(_ what: String) -> ProviderFailure {
    ProviderFailure(
      .malformedResponse, status: status, requestID: ProviderFailure.requestID(in: headers), message: what)
  }

  /// Reads JSON of a form. An error that was sent with a success status is thrown as what it says.
  ///
  /// - Parameter what: what is expected, as in "a chat completion".
  func decode<Value: Decodable>(
    _ type: Value.Type = Value.self, from data: Data, expecting what: String
  ) throws(ProviderFailure) -> Value {
    guard JSONValue.isShallow(data), let value = try? JSONDecoder().decode(type, from: data) else {
      // An error may take any form; everything else has the one that was tried.
      if let json = JSONValue(json: data), Self.isError(json) { throw failure(json) }
      throw malformed("a part of the answer is not the JSON of \(what)")
    }
    return value
  }

  private static func isError(_ json: JSONValue) -> Bool {
    if let error = json["error"], error != .null { return true }
    return json["object"] == "error" || json["type"] == "error"
  }

  private func failure(_ details: ProviderErrorDetails) -> ProviderFailure {
    .classifying(status: status, headers: headers, details: redaction(details), at: time.now)
  }
}
