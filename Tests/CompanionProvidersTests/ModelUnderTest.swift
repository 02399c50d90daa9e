import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionSystem
import FoundationEssentials
import LoopbackServer

/// A model at a loopback server, and what is asked of it.
struct ModelUnderTest {
  static let transport = URLSessionTransport()
  static let question = GenerationRequest(purpose: .answer, messages: [PromptMessage(.user, "Hi")])

  let server: LoopbackServer
  let model: OpenAICompatibleModel

  init(
    key: APIKey? = nil, transport: any HTTPTransport = Self.transport, idleTimeout: Duration = .seconds(30),
    answering handler: @escaping LoopbackServer.Handler
  ) throws {
    server = try LoopbackServer(handler: handler)
    model = OpenAICompatibleModel(
      baseURL: server.url("/v1"), model: "m", apiKey: key, transport: transport,
      idleTimeout: idleTimeout, time: .system)
  }

  /// Everything that is streamed.
  func events() async throws(ProviderFailure) -> [GenerationEvent] {
    var events: [GenerationEvent] = []
    for try await event in try await model.stream(Self.question) { events.append(event) }
    return events
  }

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
    do {
      _ = try await model.generate(Self.question)
      return nil
    } catch {
      return error
    }
  }
}
