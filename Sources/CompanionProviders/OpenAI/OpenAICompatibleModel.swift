public import CompanionDomain
public import CompanionPorts
public import FoundationEssentials

/// A language model behind the Chat Completions API, as OpenAI, Azure OpenAI, Ollama, llama.cpp, vLLM and
/// LM Studio have it.
///
/// It makes one attempt per call and holds nothing between calls. Nothing of the key is in any error.
public struct OpenAICompatibleModel: LanguageModel {
  /// The provider, found by the host of its address, and the model's name.
  public let identity: ModelIdentity

  private let endpoint: OpenAIEndpoint
  private let exchange: ProviderExchange

  /// - Parameters:
  ///   - baseURL: what comes before `/chat/completions`, with or without a slash at its end, such as
  ///     `https://api.openai.com/v1`. Without any path it is the root of a server that has its API at `/v1`.
  ///   - apiKey: sent as a bearer token, to Azure as `api-key`; `nil` for a server that asks for none.
  ///   - apiVersion: Azure's `api-version`, where the address does not have one: with a dated one the model is
  ///     asked below `/openai/deployments`, without below `/openai/v1`.
  ///   - idleTimeout: the longest time without a byte. A whole answer is one silence until it is there.
  ///   - time: tells how far away a time is that a provider names.
  public init(
    baseURL: URL, model: String, apiKey: APIKey? = nil, apiVersion: String? = nil,
    transport: any HTTPTransport, idleTimeout: Duration = .seconds(120), time: any TimeSource
  ) {
    let endpoint = OpenAIEndpoint(
      baseURL: baseURL, path: "/chat/completions", deployment: model, apiVersion: apiVersion)
    self.endpoint = endpoint
    identity = ModelIdentity(provider: endpoint.provider, model: model)
    exchange = ProviderExchange(
      transport: transport, apiKey: apiKey, authorization: { endpoint.authorization($0) },
      idleTimeout: idleTimeout, time: time)
  }

  /// Answers whole; see ``LanguageModel/generate(_:)``.
  public func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    let (data, context) = try await exchange.whole(
      endpoint.url, body: try body(of: request, isStreaming: false))
    var reader = ChatAnswerReader()
    let events = try reader.takeWhole(data, context)
    return GenerationResponse(collecting: events + reader.closingEvents())
  }

  /// Answers piece by piece; see ``LanguageModel/stream(_:)``.
  ///
  /// A consumer that goes on to the stream's end, one step behind its last event, leaves a connection that
  /// the next request can use.
  public func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    let (body, context) = try await exchange.send(
      endpoint.url, body: try body(of: request, isStreaming: true), accepting: "text/event-stream")
    return GenerationStream(AnswerSequence(body: body, context: context, reader: ChatAnswerReader()))
  }

  private func body(of request: GenerationRequest, isStreaming: Bool) throws(ProviderFailure) -> Data {
    try ProviderExchange.body(
      ChatRequestBody(
        model: identity.model, request: request, isStreaming: isStreaming,
        usesMaximumCompletionTokens: endpoint.usesMaximumCompletionTokens))
  }
}
