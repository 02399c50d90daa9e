extension ProviderConfiguration {
  /// Reads the configuration of one provider, and validates it.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the first field that is wrong and quotes nothing
  ///   of what was written there.
  public init(json: JSONValue) throws(ProviderConfigurationFailure) {
    self = try ConfigurationReader.read(json)
    try validate()
  }

  /// The configuration as JSON; every member that has a value is written. Times are written to the microsecond.
  public var json: JSONValue { JSONValue(configuration: self) }
}

extension ProviderConfiguration: ConfigurationPart {
  enum Member: String, CaseIterable {
    case id, api, model, priority, capabilities, limits, price, breaker
    case baseURL = "base_url"
    case apiKey = "api_key"
    case apiVersion = "api_version"
    case timeout = "timeout_seconds"
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    let name = try reader.required(.id, try reader.string(.id))
    guard let id = ProviderID(name) else {
      throw ProviderConfigurationFailure(
        field: Member.id.rawValue,
        problem: "must be a name of 1 to 128 bytes without white space or control characters")
    }
    self.init(
      id: id, api: try reader.required(.api, try reader.choice(.api)),
      model: try reader.required(.model, try reader.string(.model)))
    baseURL = try reader.string(.baseURL)
    apiKey = try reader.part(.apiKey)
    apiVersion = try reader.string(.apiVersion)
    timeout = try reader.duration(.timeout, unit: .seconds(1)) ?? timeout
    priority = try reader.integer(.priority) ?? priority
    if let written: WrittenCapabilities = try reader.part(.capabilities) {
      capabilities = written.capabilities(for: api)
    }
    limits = try reader.part(.limits) ?? limits
    price = try reader.part(.price)
    breaker = try reader.part(.breaker) ?? breaker
  }

  var members: [Member: JSONValue?] {
    [
      .id: .string(id.rawValue), .api: .string(api.rawValue), .model: .string(model),
      .baseURL: baseURL.map(JSONValue.string), .apiKey: apiKey.map(JSONValue.init(configuration:)),
      .apiVersion: apiVersion.map(JSONValue.string), .timeout: JSONValue(timeout, unit: .seconds(1)),
      .priority: .integer(Int64(priority)),
      .capabilities: JSONValue(configuration: WrittenCapabilities(capabilities)),
      .limits: JSONValue(configuration: limits), .price: price.map(JSONValue.init(configuration:)),
      .breaker: JSONValue(configuration: breaker),
    ]
  }
}

extension SecretReference: ConfigurationPart {
  enum Member: String, CaseIterable {
    case env, host
  }

  static var expectation: String {
    #"a key does not belong in a configuration: refer to it with api_key, {"env": "NAME"} or {"host": "name"}"#
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    switch (try reader.string(.env), try reader.string(.host)) {
    case (let name?, nil): self = .environment(name)
    case (nil, let name?): self = .host(name)
    default:
      throw ProviderConfigurationFailure(field: "", problem: #"must have "env" or "host", and not both"#)
    }
  }

  var members: [Member: JSONValue?] {
    switch self {
    case .environment(let name): [.env: .string(name)]
    case .host(let name): [.host: .string(name)]
    }
  }
}

/// Capabilities as they are written: the kinds depend on the API where they are not.
private struct WrittenCapabilities: ConfigurationPart {
  enum Member: String, CaseIterable {
    case kinds, tools, json, metric
    case contextWindow = "context_window"
    case maximumOutput = "maximum_output"
  }

  private var kinds: Set<ModelCapabilities.Kind>?
  private var rest = ModelCapabilities()

  init(_ capabilities: ModelCapabilities) {
    kinds = capabilities.kinds
    rest = capabilities
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    kinds = try reader.choices(.kinds)
    rest.contextWindow = try reader.integer(.contextWindow)
    rest.maximumOutput = try reader.integer(.maximumOutput)
    rest.tools = try reader.bool(.tools) ?? rest.tools
    rest.json = try reader.bool(.json) ?? rest.json
    rest.metric = try reader.choice(.metric) ?? rest.metric
  }

  func capabilities(for api: ProviderAPI) -> ModelCapabilities {
    var capabilities = rest
    capabilities.kinds = kinds ?? api.usualKinds
    return capabilities
  }

  var members: [Member: JSONValue?] {
    let names = ModelCapabilities.Kind.allCases.filter { kinds?.contains($0) ?? false }.map(\.rawValue)
    return [
      .kinds: .array(names.map(JSONValue.string)),
      .contextWindow: rest.contextWindow.map { .integer(Int64($0)) },
      .maximumOutput: rest.maximumOutput.map { .integer(Int64($0)) },
      .tools: .bool(rest.tools), .json: .bool(rest.json),
      .metric: .string(rest.metric.rawValue),
    ]
  }
}

extension ProviderLimits: ConfigurationPart {
  enum Member: String, CaseIterable {
    case budget
    case requestsPerMinute = "requests_per_minute"
    case tokensPerMinute = "tokens_per_minute"
    case concurrentCalls = "concurrent_calls"
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    self.init(
      requestsPerMinute: try reader.integer(.requestsPerMinute),
      tokensPerMinute: try reader.integer(.tokensPerMinute),
      concurrentCalls: try reader.integer(.concurrentCalls), budget: try reader.part(.budget))
  }

  var members: [Member: JSONValue?] {
    [
      .requestsPerMinute: requestsPerMinute.map { .integer(Int64($0)) },
      .tokensPerMinute: tokensPerMinute.map { .integer(Int64($0)) },
      .concurrentCalls: concurrentCalls.map { .integer(Int64($0)) },
      .budget: budget.map(JSONValue.init(configuration:)),
    ]
  }
}

extension CostBudget: ConfigurationPart {
  enum Member: String, CaseIterable {
    case limit, currency, period
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    self.init(limit: try reader.required(.limit, try reader.number(.limit)))
    currency = try reader.string(.currency) ?? currency
    period = try reader.choice(.period) ?? period
  }

  var members: [Member: JSONValue?] {
    [.limit: .number(limit), .currency: .string(currency), .period: .string(period.rawValue)]
  }
}

extension ModelPrice: ConfigurationPart {
  enum Member: String, CaseIterable {
    case currency
    case perMillionInput = "per_million_input"
    case perMillionCachedInput = "per_million_cached_input"
    case perMillionOutput = "per_million_output"
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    self.init(
      perMillionInput: try reader.required(.perMillionInput, try reader.number(.perMillionInput)),
      perMillionCachedInput: try reader.number(.perMillionCachedInput),
      perMillionOutput: try reader.required(.perMillionOutput, try reader.number(.perMillionOutput)))
    currency = try reader.string(.currency) ?? currency
  }

  var members: [Member: JSONValue?] {
    [
      .perMillionInput: .number(perMillionInput),
      .perMillionCachedInput: perMillionCachedInput.map(JSONValue.number),
      .perMillionOutput: .number(perMillionOutput), .currency: .string(currency),
    ]
  }
}

extension CircuitBreaker.Policy: ConfigurationPart {
  enum Member: String, CaseIterable {
    case consecutiveFailures = "consecutive_failures"
    case failureRatio = "failure_ratio"
    case window = "window_seconds"
    case minimumCalls = "minimum_calls"
    case cooldown = "cooldown_seconds"
    case maximumCooldown = "maximum_cooldown_seconds"
    case permanentCooldown = "permanent_cooldown_seconds"
    case successesToClose = "successes_to_close"
  }

  init(_ reader: ConfigurationReader<Member>) throws(ProviderConfigurationFailure) {
    self.init()
    consecutiveFailures = try reader.integer(.consecutiveFailures) ?? consecutiveFailures
    failureRatio = try reader.number(.failureRatio) ?? failureRatio
    window = try reader.duration(.window, unit: .seconds(1)) ?? window
    minimumCalls = try reader.integer(.minimumCalls) ?? minimumCalls
    cooldown = try reader.duration(.cooldown, unit: .seconds(1)) ?? cooldown
    maximumCooldown = try reader.duration(.maximumCooldown, unit: .seconds(1)) ?? maximumCooldown
    permanentCooldown = try reader.duration(.permanentCooldown, unit: .seconds(1)) ?? permanentCooldown
    successesToClose = try reader.integer(.successesToClose) ?? successesToClose
  }

  var members: [Member: JSONValue?] {
    [
      .consecutiveFailures: .integer(Int64(consecutiveFailures)), .failureRatio: .number(failureRatio),
      .window: JSONValue(window, unit: .seconds(1)), .minimumCalls: .integer(Int64(minimumCalls)),
      .cooldown: JSONValue(cooldown, unit: .seconds(1)),
      .maximumCooldown: JSONValue(maximumCooldown, unit: .seconds(1)),
      .permanentCooldown: JSONValue(permanentCooldown, unit: .seconds(1)),
      .successesToClose: .integer(Int64(successesToClose)),
    ]
  }
}
