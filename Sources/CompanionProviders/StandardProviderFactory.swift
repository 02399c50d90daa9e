public import CompanionDomain
public import CompanionPorts
import FoundationEssentials

/// Makes the providers that are built in, from their configurations.
public struct StandardProviderFactory: ProviderFactory {
  private let transport: any HTTPTransport
  private let time: any TimeSource
  private let hostSecrets: @Sendable (String) async throws -> String?

  /// - Parameters:
  ///   - transport: sends the requests of all of them.
  ///   - time: tells how far away a time is that a provider names.
  ///   - hostSecrets: the host's secret of a name, such as a keychain's entry; `nil` where there is none. It is
  ///     asked at each request, so that a rotated key is used at once. What it throws is not passed on.
  public init(
    transport: any HTTPTransport, time: any TimeSource,
    hostSecrets: @escaping @Sendable (String) async throws -> String? = { _ in nil }
  ) {
    self.transport = transport
    self.time = time
    self.hostSecrets = hostSecrets
  }

  /// The services of a provider: those of the kinds that its capabilities name.
  ///
  /// - Throws: ``ProviderConfigurationFailure`` where the configuration is not valid, its API is `custom`, or it
  ///   names no key for an API's public address.
  public func services(
    for configuration: ProviderConfiguration
  ) throws(ProviderConfigurationFailure) -> ProviderServices {
    try configuration.validate()
    return try everyService(for: configuration).restricted(to: configuration.capabilities.kinds)
  }

  /// Finds out whether a key is there, and can be sent; see ``ProviderFactory/checkSecret(of:)``.
  public func checkSecret(of configuration: ProviderConfiguration) async throws(ProviderConfigurationFailure)
  {
    try configuration.validate()
    guard let key = key(of: configuration) else { return }
    do throws(ProviderFailure) {
      _ = try await key.secret()
    } catch {
      let problem = error.kind == .cancelled ? "the check was cancelled" : error.message
      throw ProviderConfigurationFailure(field: "api_key", problem: problem)
    }
  }

  private func everyService(
    for configuration: ProviderConfiguration
  ) throws(ProviderConfigurationFailure) -> ProviderServices {
    let (model, key, timeout) = (configuration.model, key(of: configuration), configuration.timeout)
    let version = configuration.apiVersion
    switch configuration.api {
    case .openAIChat:
      return ProviderServices(
        language: OpenAICompatibleModel(
          baseURL: try address(of: configuration), model: model, apiKey: key, apiVersion: version,
          transport: transport, idleTimeout: timeout, time: time))
    case .openAIResponses:
      let responses = OpenAIResponsesModel(
        baseURL: try address(of: configuration), model: model, apiKey: key, apiVersion: version,
        transport: transport, idleTimeout: timeout, time: time)
      return ProviderServices(language: responses, background: responses)
    case .anthropic:
      return ProviderServices(
        language: AnthropicModel(
          baseURL: try address(of: configuration), model: model, apiKey: key, apiVersion: version,
          transport: transport, idleTimeout: timeout, time: time))
    case .openAIImages:
      return ProviderServices(
        images: OpenAIImages(
          baseURL: try address(of: configuration), model: model, apiKey: key, apiVersion: version,
          transport: transport, idleTimeout: timeout, time: time))
    case .openAIEmbeddings:
      return ProviderServices(
        embeddings: OpenAICompatibleEmbeddings(
          baseURL: try address(of: configuration), model: model, metric: configuration.capabilities.metric,
          apiKey: key, apiVersion: version, transport: transport, idleTimeout: timeout, time: time))
    case .offline: return ProviderServices(language: OfflineModel(), embeddings: OfflineEmbeddings())
    default:
      throw ProviderConfigurationFailure(
        field: "api", problem: "\(configuration.api.rawValue) is made by the host, not from a configuration")
    }
  }

  private func key(of configuration: ProviderConfiguration) -> APIKey? {
    configuration.apiKey.map { APIKey($0, host: hostSecrets) }
  }

  /// Where the API is; its public address unless the configuration has another.
  private func address(
    of configuration: ProviderConfiguration
  ) throws(ProviderConfigurationFailure) -> URL {
    let publicAddress = configuration.api.publicAddress.flatMap { URL(string: $0) }
    guard let address = configuration.baseURL.map({ URL(string: $0) }) ?? publicAddress else {
      throw ProviderConfigurationFailure(field: "base_url", problem: "must be an address")
    }
    if configuration.apiKey == nil, let host = publicAddress?.host(), address.host()?.lowercased() == host {
      let problem = #"\#(host) needs a key: refer to it with {"env": "NAME"} or {"host": "name"}"#
      throw ProviderConfigurationFailure(field: "api_key", problem: problem)
    }
    return address
  }
}

extension ProviderAPI {
  /// Where the one that has made the API serves it.
  fileprivate var publicAddress: String? {
    switch self {
    case .openAIChat, .openAIResponses, .openAIImages, .openAIEmbeddings: "https://api.openai.com/v1"
    case .anthropic: "https://api.anthropic.com"
    default: nil
    }
  }
}

extension ProviderServices {
  /// The same without what is not of these kinds.
  fileprivate func restricted(to kinds: Set<ModelCapabilities.Kind>) -> ProviderServices {
    ProviderServices(
      language: kinds.contains(.text) ? language : nil,
      background: kinds.contains(.background) ? background : nil,
      images: kinds.contains(.image) ? images : nil,
      embeddings: kinds.contains(.embedding) ? embeddings : nil)
  }
}
