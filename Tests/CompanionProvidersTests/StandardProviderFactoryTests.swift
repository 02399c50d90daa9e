import CompanionDomain
import CompanionPorts
import CompanionProviders
import CompanionTesting
import FoundationEssentials
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct StandardProviderFactoryTests {
  private static let key = "sk-test-0123456789abcdef"

  private let transport = DeafTransport()
  private let factory: StandardProviderFactory

  init() {
    factory = StandardProviderFactory(transport: transport, time: FakeClock()) { name in
      switch name {
      case "known": return Self.key
      case "empty": return ""
      case "blank": return " \t "
      case "broken": return "key\nx-other: 1"
      case "locked": throw Leak()
      default: return nil
      }
    }
  }

  private struct Leak: Error, CustomStringConvertible {
    var description: String { StandardProviderFactoryTests.key }
  }

  private func configuration(
    _ api: ProviderAPI, baseURL: String? = nil, key: SecretReference? = .host("known")
  ) -> ProviderConfiguration {
    ProviderConfiguration(
      id: "p", api: api, model: "m", baseURL: baseURL, apiKey: api == .offline ? nil : key,
      timeout: .seconds(7))
  }

  /// Makes a call of whatever a provider offers, and returns what was sent.
  private func request(of configuration: ProviderConfiguration) async throws -> HTTPRequest? {
    let services = try factory.services(for: configuration)
    let request = GenerationRequest(purpose: .answer, messages: [PromptMessage(.user, "Hello")])
    do {
      _ = try await services.language?.generate(request)
      _ = try await services.background?.submit(request, key: "k")
      _ = try await services.images?.generate(ImageRequest(prompt: "a tree"))
      _ = try await services.embeddings?.embed(["text"])
    } catch {}
    return transport.sent.last
  }

  @Test(
    arguments: [
      (.openAIChat, [.text]), (.openAIResponses, [.text, .background]), (.anthropic, [.text]),
      (.openAIImages, [.image]), (.openAIEmbeddings, [.embedding]), (.offline, [.text]),
    ] as [(ProviderAPI, Set<ModelCapabilities.Kind>)])
  func `an API offers its kinds, and nothing is sent for that`(
    api: ProviderAPI, kinds: Set<ModelCapabilities.Kind>
  ) throws {
    let services = try factory.services(for: configuration(api))
    #expect(services.kinds == kinds)
    #expect(services.identity?.model == (api == .offline ? "extractive" : "m"))
    #expect(transport.sent.isEmpty)
  }

  @Test(arguments: [ModelCapabilities.Kind.text, .background])
  func `what the capabilities do not name is not offered`(kind: ModelCapabilities.Kind) throws {
    var configuration = configuration(.openAIResponses)
    configuration.capabilities.kinds = [kind]
    #expect(try factory.services(for: configuration).kinds == [kind])
  }

  @Test(arguments: VectorMetric.allCases)
  func `vectors are as near as the configuration says`(metric: VectorMetric) throws {
    var configuration = configuration(.openAIEmbeddings)
    #expect(try factory.services(for: configuration).embeddings?.metric == .cosine)
    configuration.capabilities.metric = metric
    #expect(try factory.services(for: configuration).embeddings?.metric == metric)
    let read = try ProviderConfiguration(json: configuration.json)
    #expect(read.capabilities.metric == metric)
  }

  @Test func `offline makes vectors where the capabilities name them`() throws {
    var configuration = configuration(.offline)
    configuration.capabilities.kinds = [.embedding]
    let services = try factory.services(for: configuration)
    #expect(services.kinds == [.embedding])
    #expect(services.identity == OfflineEmbeddings().identity)
    configuration.capabilities.kinds = [.text, .embedding]
    #expect(try factory.services(for: configuration).kinds == [.text, .embedding])
  }

  @Test(
    arguments: [
      (.openAIChat, "https://api.openai.com/v1/chat/completions", "authorization"),
      (.openAIResponses, "https://api.openai.com/v1/responses", "authorization"),
      (.anthropic, "https://api.anthropic.com/v1/messages", "x-api-key"),
      (.openAIImages, "https://api.openai.com/v1/images/generations", "authorization"),
      (.openAIEmbeddings, "https://api.openai.com/v1/embeddings", "authorization"),
    ] as [(ProviderAPI, String, String)])
  func `without an address it is the API's public one, with the key and the timeout`(
    api: ProviderAPI, address: String, header: String
  ) async throws {
    let request = try #require(try await request(of: configuration(api)))
    #expect(request.url.absoluteString == address)
    #expect(request.headers[header]?.hasSuffix(Self.key) == true)
    #expect(request.idleTimeout == .seconds(7))
  }

  @Test(
    arguments: [
      (.openAIChat, "http://127.0.0.1:9/v1/chat/completions?api-version=2"),
      (.openAIResponses, "http://127.0.0.1:9/v1/responses?api-version=2"),
      (.openAIImages, "http://127.0.0.1:9/v1/images/generations?api-version=2"),
      (.openAIEmbeddings, "http://127.0.0.1:9/v1/embeddings?api-version=2"),
      (.anthropic, "http://127.0.0.1:9/v1/messages"),
    ] as [(ProviderAPI, String)])
  func `an address and a version are used, and a server there needs no key`(
    api: ProviderAPI, address: String
  ) async throws {
    var configuration = configuration(api, baseURL: "http://127.0.0.1:9", key: nil)
    configuration.apiVersion = "2"
    let request = try #require(try await request(of: configuration))
    #expect(request.url.absoluteString == address)
    #expect(request.headers["authorization"] == nil && request.headers["x-api-key"] == nil)
    if api == .anthropic { #expect(request.headers["anthropic-version"] == "2") }
  }

  @Test func `Anthropic's version has a usual value`() async throws {
    let request = try #require(try await request(of: configuration(.anthropic)))
    #expect(request.headers["anthropic-version"] == "2023-06-01")
  }

  @Test(
    arguments: [ProviderAPI.openAIChat, .openAIResponses, .anthropic, .openAIImages, .openAIEmbeddings])
  func `the public address needs a key`(api: ProviderAPI) throws {
    let host = api == .anthropic ? "API.Anthropic.com" : "API.OpenAI.com"
    for address in [nil, "https://\(host)/v1"] {
      let failure = try #require(throws: ProviderConfigurationFailure.self) {
        let _ = try factory.services(for: configuration(api, baseURL: address, key: nil))
      }
      #expect(failure.field == "api_key")
      #expect(failure.problem.hasPrefix("\(host.lowercased()) needs a key"))
    }
  }

  @Test func `a provider that the host makes is not made here`() throws {
    let failure = try #require(throws: ProviderConfigurationFailure.self) {
      let _ = try factory.services(for: configuration(.custom, key: nil))
    }
    #expect(
      failure
        == ProviderConfigurationFailure(
          field: "api", problem: "custom is made by the host, not from a configuration"))
  }

  @Test func `a configuration that is not valid is refused by the field`() async throws {
    var configuration = configuration(.openAIChat, baseURL: "nowhere")
    let failure = try #require(throws: ProviderConfigurationFailure.self) {
      let _ = try factory.services(for: configuration)
    }
    #expect(failure.field == "base_url")
    configuration.baseURL = nil
    configuration.apiKey = .host(Self.key)
    let refusal = await secretFailure(of: configuration)
    #expect(refusal?.field == "api_key.host")
    #expect(refusal?.description.contains(Self.key) == false)
  }

  private func secretFailure(of configuration: ProviderConfiguration) async -> ProviderConfigurationFailure? {
    do throws(ProviderConfigurationFailure) {
      try await factory.checkSecret(of: configuration)
      return nil
    } catch {
      return error
    }
  }

  @Test(
    arguments: [
      (
        .environment("COMPANION_NO_SUCH_KEY"),
        "there is no key in the environment variable COMPANION_NO_SUCH_KEY"
      ),
      (.host("unknown"), "there is no key in the host's secret unknown"),
      (.host("empty"), "there is no key in the host's secret empty"),
      (.host("blank"), "there is no key in the host's secret blank"),
      (.host("broken"), "the key from the host's secret broken has a line break"),
      (.host("locked"), "the key from the host's secret locked could not be read"),
    ] as [(SecretReference, String)])
  func `a secret that is not there, or cannot be sent, is told by where it is looked for`(
    reference: SecretReference, problem: String
  ) async throws {
    let failure = try #require(await secretFailure(of: configuration(.openAIChat, key: reference)))
    #expect(failure.field == "api_key")
    #expect(failure.problem.hasPrefix(problem), "\(failure)")
    #expect(!failure.description.contains(Self.key))
  }

  @Test func `a secret that is there, or is not needed, is in order`() async {
    #expect(await secretFailure(of: configuration(.openAIChat)) == nil)
    #expect(await secretFailure(of: configuration(.openAIChat, key: .environment("PATH"))) == nil)
    #expect(await secretFailure(of: configuration(.openAIChat, key: nil)) == nil)
    #expect(await secretFailure(of: configuration(.offline)) == nil)
    #expect(transport.sent.isEmpty)
  }

  @Test func `a secret is asked for at each request`() async throws {
    let asked = Mutex<[String]>([])
    let factory = StandardProviderFactory(transport: transport, time: FakeClock()) { name in
      asked.withLock { asked in
        asked.append(name)
        return "key-\(asked.count)"
      }
    }
    let services = try factory.services(for: configuration(.openAIChat, key: .host("name")))
    #expect(asked.withLock { $0.isEmpty })
    let request = GenerationRequest(purpose: .answer, messages: [PromptMessage(.user, "Hello")])
    for _ in 0..<2 { _ = try? await services.language?.generate(request) }
    #expect(asked.withLock { $0 } == ["name", "name"])
    #expect(transport.sent.map { $0.headers["authorization"] } == ["Bearer key-1", "Bearer key-2"])
  }
}

/// Notes what is sent to it, and never answers.
private final class DeafTransport: HTTPTransport {
  private let requests = Mutex<[HTTPRequest]>([])

  var sent: [HTTPRequest] { requests.withLock { $0 } }

  func send(_ request: HTTPRequest) async throws(TransportFailure) -> HTTPResponse {
    requests.withLock { $0.append(request) }
    throw TransportFailure(.unreachable)
  }
}
