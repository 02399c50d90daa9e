public import CompanionPorts
public import CompanionProviders
public import CompanionSystem
public import FoundationEssentials

extension LanguageModel where Self == OpenAICompatibleModel {
  /// A model behind an OpenAI-compatible API, over the system's HTTP.
  ///
  /// - Parameters:
  ///   - model: the model's name, in the provider's words.
  ///   - baseURL: what comes before `/chat/completions`, such as `http://localhost:11434/v1`.
  ///   - apiKey: the key, by reference; `nil` for a server that asks for none.
  ///   - time: tells how far away a time is that a provider names.
  public static func openAICompatible(
    _ model: String, at baseURL: URL, apiKey: APIKey? = nil, time: any TimeSource = SystemTimeSource()
  ) -> OpenAICompatibleModel {
    OpenAICompatibleModel(
      baseURL: baseURL, model: model, apiKey: apiKey, transport: SharedTransport.instance, time: time)
  }
}

extension StandardProviderFactory {
  /// Makes providers over the system's HTTP, with keys from the environment.
  public static var standard: StandardProviderFactory {
    StandardProviderFactory(transport: SharedTransport.instance, time: .system)
  }
}

/// One transport for all models, so that they share connections.
private enum SharedTransport {
  static let instance = URLSessionTransport()
}
