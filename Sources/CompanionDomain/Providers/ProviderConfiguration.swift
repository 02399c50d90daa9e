/// One provider as a host configures it: a model, where it is, and what may be asked of it.
///
/// It holds no secret: a key is named by where it is found.
public struct ProviderConfiguration: Hashable, Sendable {
  /// The name under which the host knows it.
  public var id: ProviderID
  /// In which API it is spoken to.
  public var api: ProviderAPI
  /// What comes before the API's own paths, `http` or `https`; `nil` for the API's public address.
  public var baseURL: String?
  /// The model, in the provider's words.
  public var model: String
  /// Where the key is found; `nil` for a server that asks for none.
  public var apiKey: SecretReference?
  /// The version of the API, where the address does not tell: Azure's `api-version`, `anthropic-version`.
  public var apiVersion: String?
  /// The longest time without a byte from the server. A whole answer is one silence until it is there.
  public var timeout: Duration
  /// Providers of a lower number are asked first; among those of the same the strategy decides.
  public var priority: Int
  /// What the model can do.
  public var capabilities: ModelCapabilities
  /// What may be asked of it.
  public var limits: ProviderLimits
  /// What it costs; `nil` where that is not known.
  public var price: ModelPrice?
  /// When its circuit breaker opens, and for how long.
  public var breaker: CircuitBreaker.Policy

  /// A configuration; what is not given is the usual.
  public init(
    id: ProviderID, api: ProviderAPI, model: String, baseURL: String? = nil, apiKey: SecretReference? = nil,
    apiVersion: String? = nil, timeout: Duration? = nil, priority: Int = 0,
    capabilities: ModelCapabilities? = nil, limits: ProviderLimits = ProviderLimits(),
    price: ModelPrice? = nil, breaker: CircuitBreaker.Policy = CircuitBreaker.Policy()
  ) {
    self.id = id
    self.api = api
    self.baseURL = baseURL
    self.model = model
    self.apiKey = apiKey
    self.apiVersion = apiVersion
    self.timeout = timeout ?? api.usualTimeout
    self.priority = priority
    self.capabilities = capabilities ?? ModelCapabilities(kinds: api.usualKinds)
    self.limits = limits
    self.price = price
    self.breaker = breaker
  }
}

/// The APIs in which providers are spoken to.
@nonexhaustive
public enum ProviderAPI: String, Hashable, Sendable, Codable, CaseIterable {
  /// OpenAI's Chat Completions, which many servers have.
  case openAIChat = "openai-chat"
  /// OpenAI's Responses, with jobs in the background.
  case openAIResponses = "openai-responses"
  /// Anthropic's Messages.
  case anthropic
  /// OpenAI's Images.
  case openAIImages = "openai-images"
  /// OpenAI's Embeddings, which many servers have.
  case openAIEmbeddings = "openai-embeddings"
  /// What needs nothing: text, and vectors where `capabilities` name them.
  case offline
  /// What a host has made itself.
  case custom

  /// What a model behind this API usually does.
  public var usualKinds: Set<ModelCapabilities.Kind> {
    switch self {
    case .openAIChat, .anthropic, .offline, .custom: [.text]
    case .openAIResponses: [.text, .background]
    case .openAIImages: [.image]
    case .openAIEmbeddings: [.embedding]
    }
  }

  /// The longest silence that is usual of it: five minutes for images, two for all else.
  public var usualTimeout: Duration { self == .openAIImages ? .seconds(300) : .seconds(120) }

  /// What no model behind this API can do.
  var impossibleKinds: Set<ModelCapabilities.Kind> {
    switch self {
    case .custom: []
    // It makes vectors where it is asked to: they are lexical, so that nobody should get them unawares.
    case .offline: [.background, .image]
    default: Set(ModelCapabilities.Kind.allCases).subtracting(usualKinds)
    }
  }
}

/// Where a secret is found; never what it is.
public enum SecretReference: Hashable, Sendable, Codable {
  /// In an environment variable of this name.
  case environment(String)
  /// With the host application, which is asked for it under this name.
  case host(String)
}

extension SecretReference: CustomStringConvertible {
  /// Where the secret is found, in words.
  public var description: String {
    switch self {
    case .environment(let name): "the environment variable \(name)"
    case .host(let name): "the host's secret \(name)"
    }
  }
}

/// What a model can do.
public struct ModelCapabilities: Hashable, Sendable {
  /// What a model makes.
  @nonexhaustive
  public enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
    /// Text, while somebody waits.
    case text
    /// Text, as a job that the provider runs by itself.
    case background
    /// Images.
    case image
    /// Vectors of texts.
    case embedding
  }

  /// What it makes.
  public var kinds: Set<Kind>
  /// The most tokens of a prompt and its answer together; `nil` where that is not known.
  public var contextWindow: Int?
  /// The most tokens of an answer; `nil` where that is not known.
  public var maximumOutput: Int?
  /// Whether it calls tools.
  public var tools: Bool
  /// Whether it answers in JSON that follows a schema.
  public var json: Bool
  /// How near its vectors are.
  public var metric: VectorMetric

  /// Capabilities; a model of text that has tools and JSON, unless said otherwise.
  public init(
    kinds: Set<Kind> = [.text], contextWindow: Int? = nil, maximumOutput: Int? = nil, tools: Bool = true,
    json: Bool = true, metric: VectorMetric = .cosine
  ) {
    self.kinds = kinds
    self.contextWindow = contextWindow
    self.maximumOutput = maximumOutput
    self.tools = tools
    self.json = json
    self.metric = metric
  }
}

/// What may be asked of a provider. Whoever would exceed a rate waits; a budget that is used up ends it.
public struct ProviderLimits: Hashable, Sendable {
  /// The most requests in a minute; `nil` for no limit.
  public var requestsPerMinute: Int?
  /// The most tokens in a minute, those of prompts and answers together; `nil` for no limit.
  public var tokensPerMinute: Int?
  /// The most calls at the same time; `nil` for no limit.
  public var concurrentCalls: Int?
  /// What may be spent; `nil` for no limit.
  public var budget: CostBudget?

  /// Limits; none, unless given.
  public init(
    requestsPerMinute: Int? = nil, tokensPerMinute: Int? = nil, concurrentCalls: Int? = nil,
    budget: CostBudget? = nil
  ) {
    self.requestsPerMinute = requestsPerMinute
    self.tokensPerMinute = tokensPerMinute
    self.concurrentCalls = concurrentCalls
    self.budget = budget
  }
}
