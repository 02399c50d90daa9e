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
  private let apiKey: APIKey?
  private let transport: any HTTPTransport
  private let idleTimeout: Duration
  private let time: any TimeSource

  /// The longest whole answer, and the most that is read of an error.
  private static let sizeLimits = (answer: 64 << 20, error: 64 << 10)

  /// - Parameters:
  ///   - baseURL: what comes before `/chat/completions`, with or without a slash at its end, such as
  ///     `https://api.openai.com/v1`. Without any path it is the root of a server that has its API at `/v1`.
  ///   - apiKey: sent as a bearer token, to Azure as `api-key`; `nil` for a server that asks for none.
  ///   - idleTimeout: the longest time without a byte. A whole answer is one silence until it is there.
  ///   - time: tells how far away a time is that a provider names.
  public init(
    baseURL: URL, model: String, apiKey: APIKey? = nil, transport: any HTTPTransport,
    idleTimeout: Duration = .seconds(120), time: any TimeSource
  ) {
    endpoint = OpenAIEndpoint(baseURL: baseURL)
    identity = ModelIdentity(provider: endpoint.provider, model: model)
    self.apiKey = apiKey
    self.transport = transport
    self.idleTimeout = idleTimeout
    self.time = time
  }

  /// Answers whole; see ``LanguageModel/generate(_:)``.
  public func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    let (body, context) = try await send(request, isStreaming: false)
    let (data, isWhole) = try await Self.read(body, upTo: Self.sizeLimits.answer)
    guard isWhole else { throw context.malformed("the answer is longer than any is") }
    let chunk = try context.chunk(data, with: JSONDecoder())
    guard chunk.choices?.isEmpty == false else { throw context.malformed("the answer has no choices") }
    var reader = ChatAnswerReader()
    let events = try reader.events(of: chunk)
    return GenerationResponse(collecting: events + reader.closingEvents())
  }

  /// Answers piece by piece; see ``LanguageModel/stream(_:)``.
  ///
  /// A consumer that goes on to the stream's end, one step behind its last event, leaves a connection that
  /// the next request can use.
  public func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    let (body, context) = try await send(request, isStreaming: true)
    let answer = ChatAnswerSequence(body: body, context: context, maximumSize: Self.sizeLimits.answer)
    return GenerationStream(answer)
  }

  private func send(
    _ request: GenerationRequest, isStreaming: Bool
  ) async throws(ProviderFailure) -> (HTTPBody, ResponseContext) {
    let body = ChatRequestBody(
      model: identity.model, request: request, isStreaming: isStreaming,
      usesMaximumCompletionTokens: endpoint.usesMaximumCompletionTokens)
    var httpRequest = HTTPRequest(
      url: endpoint.url,
      headers: [
        "content-type": "application/json", "accept": isStreaming ? "text/event-stream" : "application/json",
      ],
      body: try body.json(), idleTimeout: idleTimeout)
    let secret = try await apiKey?.secret()
    if let secret {
      let header = endpoint.authorization(secret)
      httpRequest.headers[header.name] = header.value
    }

    let response: HTTPResponse
    do { response = try await transport.send(httpRequest) } catch { throw ProviderFailure(error) }
    let context = ResponseContext(
      status: response.status, headers: response.headers, redaction: SecretRedaction(secret), time: time)
    guard response.status == 200 else { throw await Self.failure(of: response, context) }
    guard response.headers["content-type"]?.lowercased().hasPrefix("text/html") != true else {
      throw context.malformed("the answer is a web page")
    }
    return (response.body, context)
  }

  /// Classifies an error. Its status is enough where its body does not come.
  private static func failure(
    of response: HTTPResponse, _ context: ResponseContext
  ) async -> ProviderFailure {
    do {
      return context.failure(body: try await read(response.body, upTo: sizeLimits.error).data)
    } catch  where error.kind == .cancelled {
      return error
    } catch {
      return context.failure(body: Data())
    }
  }

  /// A body up to a length; whether that was all of it.
  private static func read(
    _ body: HTTPBody, upTo limit: Int
  ) async throws(ProviderFailure) -> (data: Data, isWhole: Bool) {
    var data = Data()
    do {
      for try await chunk in body {
        data += chunk
        if data.count > limit { return (data.prefix(limit), false) }
      }
    } catch {
      throw ProviderFailure(error)
    }
    return (data, true)
  }
}

extension GenerationResponse {
  /// The whole answer that a stream's events make up.
  fileprivate init(collecting events: [GenerationEvent]) {
    self.init(text: "")
    for event in events {
      switch event {
      case .text(let more): text += more
      case .reasoning(let more): reasoning += more
      // A whole answer has each call in one piece.
      case .toolCall(let call):
        toolCalls.append(ToolCall(id: call.id ?? "", name: call.name ?? "", arguments: call.arguments))
      case .usage(let usage): self.usage = usage
      case .finished(let reason): finish = reason
      }
    }
  }
}
