import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer
import Synchronization

/// A model of Anthropic's at a loopback server.
struct AnthropicUnderTest {
  let server: LoopbackServer
  let model: AnthropicModel

  init(
    _ name: String = "claude-opus-5", path: String = "", key: APIKey? = nil,
    idleTimeout: Duration = .seconds(30), answering handler: @escaping LoopbackServer.Handler
  ) throws {
    server = try LoopbackServer(handler: handler)
    model = AnthropicModel(
      baseURL: server.url(path), model: name, apiKey: key, transport: ModelUnderTest.transport,
      idleTimeout: idleTimeout, time: .system)
  }

  /// What a stream brings, and what it ends with; a `nil` failure when it ended well.
  func story(
    _ request: GenerationRequest = ModelUnderTest.question
  ) async -> (events: [GenerationEvent], failure: ProviderFailure?) {
    var events: [GenerationEvent] = []
    do throws(ProviderFailure) {
      for try await event in try await model.stream(request) { events.append(event) }
      return (events, nil)
    } catch {
      return (events, error)
    }
  }

  /// How asking for a whole answer fails.
  func failure() async -> ProviderFailure? {
    do {
      _ = try await model.generate(ModelUnderTest.question)
      return nil
    } catch {
      return error
    }
  }

  /// What the server is sent when this is asked.
  static func sent(
    _ request: GenerationRequest, to name: String = "claude-opus-5", path: String = "", key: APIKey? = nil,
    isStreaming: Bool = false
  ) async throws -> (request: LoopbackRequest, json: JSONValue)? {
    let seen = Mutex<LoopbackRequest?>(nil)
    let test = try AnthropicUnderTest(name, path: path, key: key) { request, connection in
      seen.withLock { $0 = request }
      let isStreaming = String(decoding: request.body, as: UTF8.self).contains(#""stream":true"#)
      if isStreaming { return try connection.stream(AnthropicScript.stream(text: "ok")) }
      try connection.respond(200, [:], AnthropicScript.answer(AnthropicScript.text("ok")))
    }
    if isStreaming {
      for try await _ in try await test.model.stream(request) {}
    } else {
      _ = try await test.model.generate(request)
    }
    let received = seen.withLock(\.self)
    return try received.map { ($0, try JSONDecoder().decode(JSONValue.self, from: $0.body)) }
  }
}
