public import CompanionDomain
public import CompanionPorts
public import FoundationEssentials

/// Embeddings behind the API of OpenAI, as Azure OpenAI, Ollama, llama.cpp, vLLM and LM Studio have it too.
///
/// It makes one attempt per call and holds nothing between calls. Nothing of the key is in any error. What
/// comes is checked: a vector for each text by the server's own numbers, all of one dimension, all finite.
public struct OpenAICompatibleEmbeddings: EmbeddingService {
  /// The provider, found by the host of its address, and the model's name.
  public let identity: ModelIdentity
  /// The most texts that one call takes.
  public let maximumBatch: Int
  /// How near vectors of the model are.
  public let metric: VectorMetric

  private let dimension: Int?
  private let endpoint: OpenAIEndpoint
  private let exchange: ProviderExchange

  /// - Parameters:
  ///   - baseURL: what comes before `/embeddings`, with or without a slash at its end, such as
  ///     `https://api.openai.com/v1`. Without any path it is the root of a server that has its API at `/v1`.
  ///   - dimension: asked for, and demanded of what comes; `nil` for the model's own, and for models that
  ///     have no choice and refuse to be asked.
  ///   - metric: how near vectors of the model are, by its maker; most are made for the cosine.
  ///   - maximumBatch: at least 1. OpenAI takes 2,048 texts in a call; servers on one's own machine often
  ///     take fewer.
  ///   - apiKey: sent as a bearer token, to Azure as `api-key`; `nil` for a server that asks for none.
  ///   - apiVersion: Azure's `api-version`, where the address does not have one.
  ///   - idleTimeout: the longest time without a byte. An answer is one silence until it is there.
  ///   - time: tells how far away a time is that a provider names.
  public init(
    baseURL: URL, model: String, dimension: Int? = nil, metric: VectorMetric = .cosine,
    maximumBatch: Int = 2048, apiKey: APIKey? = nil, apiVersion: String? = nil, transport: any HTTPTransport,
    idleTimeout: Duration = .seconds(120), time: any TimeSource
  ) {
    let endpoint = OpenAIEndpoint(
      baseURL: baseURL, path: "/embeddings", deployment: model, apiVersion: apiVersion)
    self.endpoint = endpoint
    self.dimension = dimension
    self.maximumBatch = max(1, maximumBatch)
    self.metric = metric
    identity = ModelIdentity(provider: endpoint.provider, model: model)
    exchange = ProviderExchange(
      transport: transport, apiKey: apiKey, authorization: { endpoint.authorization($0) },
      idleTimeout: idleTimeout, time: time)
  }

  /// The vectors of texts; see ``EmbeddingService/embed(_:)``.
  ///
  /// - Throws: `invalidRequest`, without a call, for more texts than ``maximumBatch`` and for an empty one,
  ///   which the servers refuse.
  public func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    guard !texts.isEmpty else { return EmbeddingResponse(vectors: []) }
    guard texts.count <= maximumBatch else {
      let message = "\(texts.count) texts are more than the \(maximumBatch) of one call"
      throw ProviderFailure(.invalidRequest, message: message)
    }
    if let index = texts.firstIndex(of: "") {
      throw ProviderFailure(.invalidRequest, message: "text \(index) is empty")
    }
    let request = EmbeddingRequestBody(
      model: identity.model, input: texts, encodingFormat: "float", dimensions: dimension)
    let (data, context) = try await exchange.whole(endpoint.url, body: try ProviderExchange.body(request))
    guard let scanner = EmbeddingScanner(data) else {
      throw context.malformed("a vector is not an array of numbers")
    }
    let answer = try context.decode(
      EmbeddingAnswer.self, from: Data(scanner.rest), expecting: "embeddings")
    let vectors = try vectors(of: answer, scanner.vectors, count: texts.count, context)
    return EmbeddingResponse(
      vectors: vectors, usage: answer.usage?.promptTokens.map { TokenUsage(input: $0, output: 0) })
  }

  /// The vectors in the order of the texts.
  private func vectors(
    of answer: EmbeddingAnswer, _ taken: [[Float]], count: Int, _ context: ResponseContext
  ) throws(ProviderFailure) -> [[Float]] {
    guard answer.data.count == count else {
      throw context.malformed("\(answer.data.count) vectors came for \(count) texts")
    }
    // Where no vector is numbered, they are in order.
    let isNumbered = answer.data.contains { $0.index != nil }
    var vectors = [[Float]](repeating: [], count: count)
    for (position, item) in answer.data.enumerated() {
      guard let index = isNumbered ? item.index : position, vectors.indices.contains(index) else {
        throw context.malformed("a vector belongs to no text")
      }
      guard vectors[index].isEmpty else { throw context.malformed("text \(index) has two vectors") }
      let vector: [Float]
      switch item.vector {
      case .known(let numbers): vector = numbers
      case .taken(let number): vector = taken.indices.contains(number) ? taken[number] : []
      }
      guard !vector.isEmpty, vector.count == dimension ?? vector.count else {
        let demand = dimension.map { ", not \($0)" } ?? ""
        throw context.malformed("the vector of text \(index) has \(vector.count) numbers\(demand)")
      }
      guard vector.allSatisfy(\.isFinite) else {
        throw context.malformed("the vector of text \(index) has a number that is not finite")
      }
      vectors[index] = vector
    }
    let sizes = Dictionary(grouping: vectors, by: \.count).mapValues(\.count)
    guard sizes.count <= 1 else {
      // Nobody knows which of them is right.
      let found = sizes.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(Self.toldSizes)
        .map { "\($0.value) with \($0.key) numbers" }
      let more = sizes.count > Self.toldSizes ? " and \(sizes.count - Self.toldSizes) more sizes" : ""
      throw context.malformed(
        "the vectors of \(count) texts differ in size: \(found.joined(separator: ", "))\(more)")
    }
    return vectors
  }

  private static let toldSizes = 4
}
