public import CompanionDomain
public import CompanionPorts
public import FoundationEssentials

/// A language model behind the Responses API of OpenAI and Azure OpenAI.
///
/// Beside answering while somebody waits, it runs requests as jobs at the provider: see ``submit(_:key:)`` and
/// ``submitStreaming(_:key:)``. What is answered while somebody waits is not stored there; a job is, because
/// the provider runs none that it does not store.
///
/// Thoughts are told where the provider tells them by itself. Summaries of them are not asked for: OpenAI
/// refuses a request that asks when the organisation has not been verified.
///
/// It makes one attempt per call and holds nothing between calls. Nothing of the key is in any error.
public struct OpenAIResponsesModel: LanguageModel {
  /// The provider, found by the host of its address, and the model's name; at Azure the deployment's.
  public let identity: ModelIdentity

  let endpoint: OpenAIEndpoint
  let exchange: ProviderExchange

  /// - Parameters:
  ///   - baseURL: what comes before `/responses`, with or without a slash at its end, such as
  ///     `https://api.openai.com/v1` or `https://name.openai.azure.com/openai/v1`. Without any path it is the
  ///     root of a server that has its API at `/v1`; of Azure, at `/openai/v1`, or at `/openai` where the
  ///     version is a date.
  ///   - apiKey: sent as a bearer token, to Azure as `api-key`; `nil` for a server that asks for none.
  ///   - apiVersion: Azure's `api-version`, such as `preview` or `2025-04-01-preview`. A version that the
  ///     address names comes before it.
  ///   - idleTimeout: the longest time without a byte. A whole answer is one silence until it is there.
  ///   - time: tells how far away a time is that a provider names.
  public init(
    baseURL: URL, model: String, apiKey: APIKey? = nil, apiVersion: String? = nil,
    transport: any HTTPTransport, idleTimeout: Duration = .seconds(120), time: any TimeSource
  ) {
    let endpoint = OpenAIEndpoint(baseURL: baseURL, path: "/responses", apiVersion: apiVersion)
    self.endpoint = endpoint
    identity = ModelIdentity(provider: endpoint.provider, model: model)
    exchange = ProviderExchange(
      transport: transport, apiKey: apiKey, authorization: { endpoint.authorization($0) },
      idleTimeout: idleTimeout, time: time)
  }

  /// Answers whole; see ``LanguageModel/generate(_:)``.
  public func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    let (data, context) = try await exchange.whole(endpoint.url, body: try body(of: request))
    var reader = ResponsesAnswerReader()
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
    return GenerationStream(AnswerSequence(body: body, context: context, reader: ResponsesAnswerReader()))
  }

  func body(
    of request: GenerationRequest, isStreaming: Bool = false, inBackground: Bool = false
  ) throws(ProviderFailure) -> Data {
    try ProviderExchange.body(
      ResponsesRequestBody(
        model: identity.model, request: request, isStreaming: isStreaming, isInBackground: inBackground))
  }
}
