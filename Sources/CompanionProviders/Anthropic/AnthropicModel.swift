public import CompanionDomain
public import CompanionPorts
public import FoundationEssentials

/// A language model behind Anthropic's Messages API.
///
/// It makes one attempt per call and holds nothing between calls. Nothing of the key is in any error.
///
/// What of a request is sent depends on the model, which is known by its name:
/// - The API asks for a limit on the answer's tokens. Where the request sets none it is 8,192, and 2,048,
///   8,192 or 16,384 more for thoughts, by their effort. A limit that the request sets includes its thoughts.
/// - Effort is sent as such, with adaptive thinking, from Claude 4.6 on. Before it is a budget of tokens, at
///   most half of the request's limit; there is none where the model goes on behind a call, beside JSON in
///   the form of a tool, and before Claude 3.7.
/// - The temperature is cut to 1, and left out where the model thinks, and from Claude 4.7 on.
/// - JSON is asked for as structured output from Claude 4.5 on: objects have only the properties that the
///   schema names, and a limit such as `minimum` is told, not enforced. Others are made to call a tool whose
///   arguments come back as the answer's text.
/// - A model that is not a Claude, which another server offers, is spoken to like the older ones.
public struct AnthropicModel: LanguageModel {
  /// The provider, found by the host of its address, and the model's name.
  public let identity: ModelIdentity

  private let endpoint: AnthropicEndpoint
  private let dialect: AnthropicDialect
  private let exchange: ProviderExchange

  /// - Parameters:
  ///   - baseURL: what comes before `/v1/messages`, with or without a part of that; `nil` for Anthropic's own
  ///     address.
  ///   - apiKey: sent as `x-api-key`; `nil` for a server that asks for none.
  ///   - apiVersion: sent as `anthropic-version`; `nil` for `2023-06-01`.
  ///   - idleTimeout: the longest time without a byte. A whole answer is one silence until it is there.
  ///   - time: tells how far away a time is that a provider names.
  public init(
    baseURL: URL? = nil, model: String, apiKey: APIKey? = nil, apiVersion: String? = nil,
    transport: any HTTPTransport, idleTimeout: Duration = .seconds(120), time: any TimeSource
  ) {
    endpoint = AnthropicEndpoint(baseURL: baseURL)
    dialect = AnthropicDialect(model: model)
    identity = ModelIdentity(provider: endpoint.provider, model: model)
    exchange = ProviderExchange(
      transport: transport, apiKey: apiKey, authorization: { ("x-api-key", $0) },
      headers: ["anthropic-version": apiVersion ?? "2023-06-01"], idleTimeout: idleTimeout, time: time)
  }

  /// Answers whole; see ``LanguageModel/generate(_:)``.
  public func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    let body = try body(of: request, isStreaming: false)
    let (data, context) = try await exchange.whole(endpoint.url, body: try body.data())
    var reader = AnthropicAnswerReader(answerTool: body.answerTool)
    let events = try reader.takeWhole(data, context)
    return GenerationResponse(collecting: events + reader.closingEvents())
  }

  /// Answers piece by piece; see ``LanguageModel/stream(_:)``.
  ///
  /// A consumer that goes on to the stream's end, one step behind its last event, leaves a connection that
  /// the next request can use.
  public func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    let body = try body(of: request, isStreaming: true)
    let (answer, context) = try await exchange.send(
      endpoint.url, body: try body.data(), accepting: "text/event-stream")
    let reader = AnthropicAnswerReader(answerTool: body.answerTool)
    return GenerationStream(AnswerSequence(body: answer, context: context, reader: reader))
  }

  private func body(
    of request: GenerationRequest, isStreaming: Bool
  ) throws(ProviderFailure) -> AnthropicRequestBody {
    try AnthropicRequestBody(
      model: identity.model, dialect: dialect, request: request, isStreaming: isStreaming)
  }
}
