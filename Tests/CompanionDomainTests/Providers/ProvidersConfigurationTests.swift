import CompanionDomain
import FoundationEssentials
import Testing

struct ProvidersConfigurationTests {
  @Test func `the smallest configuration has the usual of everything`() throws {
    let json: JSONValue = ["providers": [["id": "local", "api": "openai-chat", "model": "llama"]]]
    let configuration = try ProvidersConfiguration(json: json)
    #expect(
      configuration
        == ProvidersConfiguration(providers: [
          ProviderConfiguration(id: "local", api: .openAIChat, model: "llama")
        ]))
    #expect(configuration.strategy == .priority)
    #expect(configuration.hedgeAfter == nil)
    let provider = try #require(configuration.providers.first)
    #expect(provider.timeout == .seconds(120))
    #expect(provider.capabilities == ModelCapabilities(kinds: [.text]))
    #expect(provider.limits == ProviderLimits())
    #expect(provider.breaker == CircuitBreaker.Policy())
    #expect(provider.apiKey == nil && provider.price == nil && provider.baseURL == nil)
  }

  @Test func `every member is read`() throws {
    #expect(try ProvidersConfiguration(json: ConfigurationSample.json) == ConfigurationSample.configuration)
  }

  @Test func `what is written is read again, also as text`() throws {
    let configuration = ConfigurationSample.configuration
    #expect(try ProvidersConfiguration(json: configuration.json) == configuration)
    let text = try JSONEncoder().encode(configuration.json)
    let json = try #require(JSONValue(json: text))
    #expect(try ProvidersConfiguration(json: json) == configuration)
    for provider in configuration.providers {
      #expect(try ProviderConfiguration(json: provider.json) == provider)
    }
  }

  @Test func `a member that is null is one that is not there`() throws {
    let json: JSONValue = [
      "strategy": nil, "hedge_after_ms": nil,
      "providers": [
        [
          "id": "a", "api": "offline", "model": "m", "base_url": nil, "api_key": nil, "limits": nil,
          "price": nil, "breaker": nil, "timeout_seconds": nil, "capabilities": ["kinds": nil],
        ]
      ],
    ]
    let configuration = try ProvidersConfiguration(json: json)
    #expect(
      configuration.providers == [ProviderConfiguration(id: "a", api: .offline, model: "m")])
  }

  @Test(arguments: ProviderAPI.allCases)
  func `an API has its usual kinds, also beside other capabilities`(api: ProviderAPI) throws {
    for capabilities in [nil, [:], ["tools": false]] as [JSONValue?] {
      var provider: [String: JSONValue] = ["id": "a", "api": .string(api.rawValue), "model": "m"]
      provider["capabilities"] = capabilities
      let configuration = try ProviderConfiguration(json: .object(provider))
      #expect(configuration.capabilities.kinds == api.usualKinds)
      #expect(configuration.capabilities.tools == (capabilities?["tools"] == nil))
    }
  }

  @Test(arguments: RoutingStrategy.allCases)
  func `a strategy has a name in snake case`(strategy: RoutingStrategy) throws {
    var configuration = ConfigurationSample.configuration
    configuration.strategy = strategy
    #expect(try ProvidersConfiguration(json: configuration.json).strategy == strategy)
    #expect(["priority", "cheapest", "lowest_latency", "round_robin"].contains(strategy.rawValue))
  }

  @Test(arguments: [
    Duration.microseconds(1), .milliseconds(1), .microseconds(1_500_001), .seconds(0.1),
    .milliseconds(86_399_999),
    .seconds(1_000_000_000), .microseconds(999_999_999_999_999),
  ])
  func `times are kept to the microsecond`(time: Duration) throws {
    var configuration = ConfigurationSample.configuration
    configuration.hedgeAfter = time
    configuration.providers[0].timeout = time
    configuration.providers[0].breaker.cooldown = time
    configuration.providers[0].breaker.maximumCooldown = .seconds(1_000_000_000)
    let text = try JSONEncoder().encode(configuration.json)
    #expect(try ProvidersConfiguration(json: try #require(JSONValue(json: text))) == configuration)
  }

  @Test(arguments: [
    "http://localhost:11434", "HTTPS://api.example.com/v1/", "http://[::1]:8080/v1", "http://127.0.0.1/v1",
    "https://name.openai.azure.com/openai/deployments/d?api-version=2025-01-01",
    "https://gateway.example.com/v1/0123456789abcdef0123456789abcdef/openai",
  ])
  func `an address has http or https, and a host`(address: String) throws {
    let json = try ConfigurationSample.json(setting: "providers[0].base_url", to: .string(address))
    #expect(try ProvidersConfiguration(json: json).providers[0].baseURL == address)
  }

  @Test(arguments: [
    "gpt-5-mini", "meta-llama/Llama-3.3-70B-Instruct", "qwen3:8b", "ft:gpt-4o-2024-08-06:org::9abcXYZ",
  ])
  func `models are called what providers call them`(model: String) throws {
    let json = try ConfigurationSample.json(setting: "providers[0].model", to: .string(model))
    #expect(try ProvidersConfiguration(json: json).providers[0].model == model)
  }

  @Test func `a failure reads as field and problem`() {
    let failure = ProviderConfigurationFailure(field: "model", problem: "is missing")
    #expect(failure.description == "model: is missing")
    #expect(failure.inside("providers[1]").description == "providers[1].model: is missing")
    let whole = ProviderConfigurationFailure(field: "", problem: "must be an object")
    #expect(whole.description == "must be an object")
    #expect(whole.inside("price").description == "price: must be an object")
    #expect(whole.inside("") == whole)
  }
}

/// A configuration in which every member has a value.
enum ConfigurationSample {
  static let configuration = ProvidersConfiguration(
    strategy: .lowestLatency, hedgeAfter: .milliseconds(2_500),
    providers: [
      ProviderConfiguration(
        id: "main", api: .openAIResponses, model: "gpt-5", baseURL: "https://api.openai.com/v1",
        apiKey: .environment("OPENAI_API_KEY"), apiVersion: "2025-01-01", timeout: .milliseconds(90_500),
        priority: -1,
        capabilities: ModelCapabilities(
          kinds: [.text], contextWindow: 400_000, maximumOutput: 128_000, tools: false, json: false),
        limits: ProviderLimits(
          requestsPerMinute: 500, tokensPerMinute: 200_000, concurrentCalls: 8,
          budget: CostBudget(limit: 20.5, currency: "EUR", period: .day)),
        price: ModelPrice(
          perMillionInput: 1.25, perMillionCachedInput: 0.125, perMillionOutput: 10, currency: "EUR"),
        breaker: CircuitBreaker.Policy(
          consecutiveFailures: 3, failureRatio: 0.25, window: .seconds(30), minimumCalls: 10,
          cooldown: .seconds(10), maximumCooldown: .seconds(100), permanentCooldown: .seconds(1_000),
          successesToClose: 1)),
      ProviderConfiguration(
        id: "claude", api: .anthropic, model: "claude-sonnet-4-5", apiKey: .host("anthropic"), priority: 1),
    ])

  static let json: JSONValue = [
    "strategy": "lowest_latency", "hedge_after_ms": 2500,
    "providers": [
      [
        "id": "main", "api": "openai-responses", "base_url": "https://api.openai.com/v1", "model": "gpt-5",
        "api_key": ["env": "OPENAI_API_KEY"], "api_version": "2025-01-01", "timeout_seconds": 90.5,
        "priority": -1,
        "capabilities": [
          "kinds": ["text"], "context_window": 400_000, "maximum_output": 128_000, "tools": false,
          "json": false, "metric": "cosine",
        ],
        "limits": [
          "requests_per_minute": 500, "tokens_per_minute": 200_000, "concurrent_calls": 8,
          "budget": ["limit": 20.5, "currency": "EUR", "period": "day"],
        ],
        "price": [
          "per_million_input": 1.25, "per_million_cached_input": 0.125, "per_million_output": 10,
          "currency": "EUR",
        ],
        "breaker": [
          "consecutive_failures": 3, "failure_ratio": 0.25, "window_seconds": 30, "minimum_calls": 10,
          "cooldown_seconds": 10, "maximum_cooldown_seconds": 100, "permanent_cooldown_seconds": 1000,
          "successes_to_close": 1,
        ],
      ],
      [
        "id": "claude", "api": "anthropic", "model": "claude-sonnet-4-5", "api_key": ["host": "anthropic"],
        "priority": 1,
      ],
    ],
  ]

  /// The sample with another value at a path such as `providers[0].price`; without it for `nil`.
  static func json(setting path: String, to value: JSONValue?) throws -> JSONValue {
    let steps = path.split { ".[]".contains($0) }.map(String.init)
    return try #require(replacing(steps[...], in: json, with: value))
  }

  private static func replacing(
    _ steps: ArraySlice<String>, in json: JSONValue?, with value: JSONValue?
  ) -> JSONValue? {
    guard let step = steps.first else { return value }
    switch json {
    case .array(var elements)?:
      guard let place = Int(step), elements.indices.contains(place) else { return nil }
      elements[place] = replacing(steps.dropFirst(), in: elements[place], with: value) ?? .null
      return .array(elements)
    case .object(var members)?:
      members[step] = replacing(steps.dropFirst(), in: members[step], with: value)
      return .object(members)
    default: return replacing(steps, in: [:], with: value)
    }
  }
}
