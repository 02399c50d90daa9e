public import CompanionDomain
public import CompanionPorts
public import FoundationEssentials

/// Images behind the API of OpenAI, as Azure OpenAI and some servers of one's own have it too.
///
/// It makes one attempt per call and holds nothing between calls. Nothing of the key is in any error. Images
/// come as their bytes; where a server sends an address instead, the image is fetched from there without the
/// key, and may be as long as any answer.
public struct OpenAIImages: ImageGenerator {
  /// The provider, found by the host of its address, and the model's name.
  public let identity: ModelIdentity

  private let endpoint: OpenAIEndpoint
  private let exchange: ProviderExchange

  /// - Parameters:
  ///   - baseURL: what comes before `/images/generations`, with or without a slash at its end, such as
  ///     `https://api.openai.com/v1`. Without any path it is the root of a server that has its API at `/v1`.
  ///   - apiKey: sent as a bearer token, to Azure as `api-key`; `nil` for a server that asks for none.
  ///   - apiVersion: Azure's `api-version`, where the address does not have one.
  ///   - idleTimeout: the longest time without a byte. An answer is one silence until it is there, which
  ///     takes minutes for a good image.
  ///   - time: tells how far away a time is that a provider names.
  public init(
    baseURL: URL, model: String, apiKey: APIKey? = nil, apiVersion: String? = nil,
    transport: any HTTPTransport, idleTimeout: Duration = .seconds(300), time: any TimeSource
  ) {
    let endpoint = OpenAIEndpoint(
      baseURL: baseURL, path: "/images/generations", deployment: model, apiVersion: apiVersion)
    self.endpoint = endpoint
    identity = ModelIdentity(provider: endpoint.provider, model: model)
    exchange = ProviderExchange(
      transport: transport, apiKey: apiKey, authorization: { endpoint.authorization($0) },
      idleTimeout: idleTimeout, time: time)
  }

  /// Makes images; see ``ImageGenerator/generate(_:)``.
  ///
  /// - Throws: `malformedResponse` when fewer images came than were asked for, or something that is no image.
  public func generate(_ request: ImageRequest) async throws(ProviderFailure) -> ImageResponse {
    let count = max(1, request.count)
    let body = ImageRequestBody(
      model: identity.model, prompt: request.prompt, count: count, size: request.size,
      quality: request.quality, responseFormat: needsResponseFormat ? "b64_json" : nil)
    let (data, context) = try await exchange.whole(endpoint.url, body: try ProviderExchange.body(body))
    let answer = try context.decode(ImageAnswer.self, from: data, expecting: "images")
    guard answer.data.count >= count else {
      throw context.malformed("\(answer.data.count) images came, not \(count)")
    }
    var images: [GeneratedImage] = []
    for item in answer.data.prefix(count) { images.append(try await image(item, context)) }
    return ImageResponse(images: images, usage: answer.usage?.counted)
  }

  /// Finds out whether images can be made, by asking for the model's description.
  ///
  /// A server that has no description of the model, and does not say that it does not know it, is asked for
  /// its list of models instead; any list will do, since what is deployed under a name of its own is on none.
  public func checkConnection() async throws(ProviderFailure) {
    do {
      _ = try await exchange.whole(endpoint.modelsURL(of: identity.model), method: "GET")
    } catch {
      let isUntold = [404, 405].contains(error.status) && error.code?.lowercased() != "model_not_found"
      guard isUntold else { throw error }
      _ = try await exchange.whole(endpoint.modelsURL(), method: "GET")
    }
  }

  /// Whether the model sends addresses unless it is told not to. Its successors refuse to be told.
  private var needsResponseFormat: Bool {
    let name = identity.model.lowercased()
    return name.contains("dall-e") || name.contains("dalle")
  }

  private func image(
    _ item: ImageAnswer.Item, _ context: ResponseContext
  ) async throws(ProviderFailure) -> GeneratedImage {
    let data: Data
    if let text = item.base64, !text.isEmpty {
      guard let bytes = Data(base64Encoded: text) else { throw context.malformed("an image is not base64") }
      data = bytes
    } else if let address = item.url, let url = URL(string: address), mayBeFetched(url) {
      data = try await fetch(url, context)
    } else {
      throw context.malformed("an image has neither bytes nor an address")
    }
    guard let format = ImageFormat(of: data) else {
      throw context.malformed("an image is of no known kind")
    }
    return GeneratedImage(data: data, mediaType: format.mediaType, revisedPrompt: item.revisedPrompt)
  }

  /// Whether an address is one of the web, and not less safe than the provider's own.
  private func mayBeFetched(_ url: URL) -> Bool {
    let scheme = url.scheme?.lowercased()
    return scheme == "https" || (scheme == "http" && endpoint.url.scheme?.lowercased() == "http")
  }

  /// Fetches an image. It has been made and billed: whatever goes wrong is no reason to believe otherwise.
  private func fetch(_ url: URL, _ context: ResponseContext) async throws(ProviderFailure) -> Data {
    let stranger = ProviderExchange(
      transport: exchange.transport, apiKey: nil, authorization: exchange.authorization,
      idleTimeout: exchange.idleTimeout, time: exchange.time)
    do {
      return try await stranger.whole(url, method: "GET").data
    } catch {
      if error.kind == .cancelled || error.kind == .timedOut { throw error }
      throw context.malformed("an image could not be fetched from its address")
    }
  }
}
