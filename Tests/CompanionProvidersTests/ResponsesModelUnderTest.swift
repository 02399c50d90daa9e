import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Synchronization

/// A model behind the Responses API of a loopback server, and what it has been sent.
struct ResponsesModelUnderTest {
  static let question = ModelUnderTest.question
  static let job = ProviderJobID(rawValue: "resp_1")

  let server: LoopbackServer
  let model: OpenAIResponsesModel
  private let log: RequestLog

  /// - Parameter address: where the model believes the server to be; its requests go to the loopback server
  ///   all the same. `nil` for the loopback server's own.
  /// - Parameter transport: takes the place of the one to the server.
  init(
    at address: URL? = nil, path: String = "/v1", key: APIKey? = nil, version: String? = nil,
    transport: (any HTTPTransport)? = nil, answering handler: @escaping LoopbackServer.Handler
  ) throws {
    let log = RequestLog()
    let server = try LoopbackServer { request, connection in
      log.requests.withLock { $0.append(request) }
      try handler(request, connection)
    }
    self.server = server
    self.log = log
    model = OpenAIResponsesModel(
      baseURL: address ?? server.url(path), model: "m", apiKey: key, apiVersion: version,
      transport: transport ?? Detour(server: server), time: .system)
  }

  /// Every request is answered with this.
  init(
    answering body: String, status: Int = 200, headers: KeyValuePairs<String, String> = [:],
    key: APIKey? = nil
  ) throws {
    try self.init(key: key) { _, connection in
      try connection.respond(status, headers, body)
    }
  }

  /// The requests that came, oldest first.
  var requests: [LoopbackRequest] { log.requests.withLock(\.self) }

  /// What the stream ends with, and what had come before; a `nil` failure when it ended well.
  func story() async -> (events: [GenerationEvent], failure: ProviderFailure?) {
    var events: [GenerationEvent] = []
    do throws(ProviderFailure) {
      for try await event in try await model.stream(Self.question) { events.append(event) }
      return (events, nil)
    } catch {
      return (events, error)
    }
  }

  /// How asking for a whole answer fails.
  func failure() async -> ProviderFailure? {
    await failureOf { () throws(ProviderFailure) in _ = try await model.generate(Self.question) }
  }
}

/// How a call fails; `nil` when it does not.
func failureOf(_ call: () async throws(ProviderFailure) -> Void) async -> ProviderFailure? {
  do {
    try await call()
    return nil
  } catch {
    return error
  }
}

private final class RequestLog: Sendable {
  let requests = Mutex<[LoopbackRequest]>([])
}

/// Sends every request to a server of this machine, whatever host it is for.
struct Detour: HTTPTransport {
  let server: LoopbackServer

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    var request = request
    var components = URLComponents(url: request.url, resolvingAgainstBaseURL: true)
    components?.scheme = "http"
    components?.host = "127.0.0.1"
    components?.port = Int(server.port)
    request.url = components?.url ?? request.url
    return try await ModelUnderTest.transport.send(request)
  }
}
