import CompanionDomain
import Testing

struct BadConfigurationTests {
  /// Something wrong: the sample with another value at a path, the field that is named, and a part of what is
  /// said.
  struct Mistake: Sendable, CustomTestStringConvertible {
    var path: String
    var value: JSONValue?
    var field: String
    var problem: String

    init(_ path: String, _ value: JSONValue?, at field: String? = nil, _ problem: String) {
      self.path = path
      self.value = value
      self.field = field ?? path
      self.problem = problem
    }

    var testDescription: String { "\(path) = \(value.map { "\($0)" } ?? "nothing")" }
  }

  private func check(_ mistake: Mistake) throws {
    let json = try ConfigurationSample.json(setting: mistake.path, to: mistake.value)
    let failure = try #require(throws: ProviderConfigurationFailure.self) {
      let configuration = try ProvidersConfiguration(json: json)
      Issue.record("\(mistake.testDescription) was read as \(configuration)")
    }
    #expect(failure.field == mistake.field)
    #expect(failure.problem.contains(mistake.problem), "\(failure)")
  }

  @Test(arguments: [
    Mistake("strategy", "fastest", "must be one of priority, cheapest, lowest_latency, round_robin"),
    Mistake("strategy", "lowestLatency", "must be one of"), Mistake("strategy", 1, "must be one of"),
    Mistake("hedge_after_ms", 0, "above 0"), Mistake("hedge_after_ms", -1, "above 0"),
    Mistake("hedge_after_ms", "2s", "must be a number"),
    Mistake("providers", nil, "is missing"), Mistake("providers", .null, "is missing"),
    Mistake("providers", [], "at least one"), Mistake("providers", [:], "must be an array"),
    Mistake("providers[1]", "claude", "must be an object"),
    Mistake("providers[1]", .null, "must be an object"),
    Mistake("providers[1].id", "main", "providers[0] has this id too"),
    Mistake("provider", [], "there is no such member; there are hedge_after_ms, providers, strategy"),
  ])
  func `the whole`(mistake: Mistake) throws { try check(mistake) }

  @Test(arguments: [
    Mistake("providers[0].id", nil, "is missing"), Mistake("providers[0].id", "", "must be a name"),
    Mistake("providers[0].id", "a b", "must be a name"), Mistake("providers[0].id", 1, "must be a string"),
    Mistake("providers[0].id", .string(String(repeating: "x", count: 129)), "must be a name"),
    Mistake("providers[0].api", nil, "is missing"),
    Mistake(
      "providers[0].api", "openai",
      "must be one of openai-chat, openai-responses, anthropic, openai-images, openai-embeddings, offline, custom"
    ),
    Mistake("providers[0].api", ["name": "openai-chat"], "must be one of"),
    Mistake("providers[0].model", nil, "is missing"), Mistake("providers[0].model", "", "not empty"),
    Mistake("providers[0].model", "  ", "not empty"), Mistake("providers[0].model", "a\nb", "control"),
    Mistake("providers[0].api_version", "", "not empty"),
    Mistake("providers[0].api_version", "2025 01", "white space"),
    Mistake("providers[0].timeout_seconds", 0, "above 0"),
    Mistake("providers[0].timeout_seconds", -0.5, "above 0"),
    Mistake("providers[0].timeout_seconds", 1e-9, "above 0"),
    Mistake("providers[0].timeout_seconds", 1e300, "at most"),
    Mistake("providers[0].timeout_seconds", .number(.infinity), "at most"),
    Mistake("providers[0].timeout_seconds", .number(.nan), "above 0"),
    Mistake("providers[0].timeout_seconds", "120", "must be a number"),
    Mistake("providers[0].priority", 1.5, "whole number"),
    Mistake("providers[0].priority", "high", "whole number"),
    Mistake("providers[0].priority", 1e19, "whole number"),
    Mistake("providers[0].limit", [:], "there is no such member; there are api, api_key, api_version"),
    Mistake("providers[1].Model", "x", "there is no such member"),
  ])
  func `a provider`(mistake: Mistake) throws { try check(mistake) }

  @Test(arguments: [
    "", "localhost", "api.example.com/v1", "ftp://example.com", "file:///etc/passwd", "http://",
    "https:///v1",
    "http:example.com", "https://exa mple.com", "https://example.com/#part", "http://example.com:0",
    "http://example.com:99999", "javascript:alert(1)", "http://example.com/\n", "//example.com",
  ])
  func `an address that is none`(address: String) throws {
    try check(Mistake("providers[0].base_url", .string(address), "must be an address such as https://"))
  }

  @Test(arguments: [
    Mistake("providers[0].capabilities", ["text"], "must be an object"),
    Mistake("providers[0].capabilities.kinds", [], "at least one"),
    Mistake("providers[0].capabilities.kinds", "text", "must be an array"),
    Mistake("providers[0].capabilities.kinds", ["text", 1], "must be an array"),
    Mistake(
      "providers[0].capabilities.kinds", ["video"], "must be one of text, background, image, embedding"),
    Mistake("providers[0].capabilities.kinds", ["image"], "openai-responses makes no images"),
    Mistake(
      "providers[1].capabilities.kinds", ["text", "background"], "anthropic makes no text in the background"),
    Mistake("providers[1].capabilities.kinds", ["embedding"], "anthropic makes no embeddings"),
    Mistake("providers[0].capabilities.context_window", 0, "at least 1"),
    Mistake(
      "providers[0].capabilities.context_window", 127_999, at: "providers[0].capabilities.maximum_output",
      "must not be more than context_window"),
    Mistake("providers[0].capabilities.maximum_output", -1, "at least 1"),
    Mistake("providers[0].capabilities.tools", "yes", "must be true or false"),
    Mistake("providers[0].capabilities.json", 1, "must be true or false"),
    Mistake("providers[0].capabilities.metric", "euclid", "must be one of cosine, dot"),
    Mistake("providers[0].capabilities.metric", "dot", "only openai-embeddings"),
    Mistake(
      "providers[0].capabilities.vision", true,
      "there are context_window, json, kinds, maximum_output, metric, tools"
    ),
  ])
  func `capabilities`(mistake: Mistake) throws { try check(mistake) }

  @Test(arguments: ProviderAPI.allCases)
  func `an API makes only what it has a way for`(api: ProviderAPI) throws {
    for kind in ModelCapabilities.Kind.allCases {
      let configuration = ProviderConfiguration(
        id: "a", api: api, model: "m", capabilities: ModelCapabilities(kinds: [kind]))
      let isAskedFor = api == .custom || api == .offline && kind == .embedding
      if isAskedFor || api.usualKinds.contains(kind) {
        try configuration.validate()
      } else {
        let failure = #expect(throws: ProviderConfigurationFailure.self) { try configuration.validate() }
        #expect(failure?.field == "capabilities.kinds")
        #expect(failure?.problem.hasPrefix("\(api.rawValue) makes no ") == true)
      }
    }
  }

  @Test(arguments: [
    Mistake("providers[0].limits", 5, "must be an object"),
    Mistake("providers[0].limits.requests_per_minute", 0, "at least 1"),
    Mistake("providers[0].limits.requests_per_minute", 0.5, "whole number"),
    Mistake("providers[0].limits.tokens_per_minute", -5, "at least 1"),
    Mistake("providers[0].limits.concurrent_calls", 0, "at least 1"),
    Mistake("providers[0].limits.budget", 20, "must be an object"),
    Mistake("providers[0].limits.budget.limit", nil, "is missing"),
    Mistake("providers[0].limits.budget.limit", 0, "above 0"),
    Mistake("providers[0].limits.budget.limit", -1, "above 0"),
    Mistake("providers[0].limits.budget.limit", .number(.infinity), "above 0"),
    Mistake("providers[0].limits.budget.limit", .number(.nan), "above 0"),
    Mistake("providers[0].limits.budget.limit", "20", "must be a number"),
    Mistake("providers[0].limits.budget.currency", "", "not empty"),
    Mistake("providers[0].limits.budget.currency", "USD", "price is in another currency"),
    Mistake("providers[0].limits.budget.period", "week", "must be one of hour, day, month, total"),
    Mistake("providers[0].limits.budget.per", "day", "there are currency, limit, period"),
    Mistake("providers[0].price", nil, at: "providers[0].limits.budget", "without a price"),
    Mistake(
      "providers[0].price", ["per_million_input": 0, "per_million_output": 0, "currency": "EUR"],
      at: "providers[0].limits.budget", "price is 0"),
  ])
  func `limits`(mistake: Mistake) throws { try check(mistake) }

  @Test(arguments: [
    Mistake("providers[0].price", "cheap", "must be an object"),
    Mistake("providers[0].price.per_million_input", nil, "is missing"),
    Mistake("providers[0].price.per_million_output", nil, "is missing"),
    Mistake("providers[0].price.per_million_input", -0.01, "0 or above"),
    Mistake("providers[0].price.per_million_cached_input", -1, "0 or above"),
    Mistake("providers[0].price.per_million_output", .number(.nan), "0 or above"),
    Mistake("providers[0].price.per_million_output", .number(.infinity), "0 or above"),
    Mistake("providers[0].price.currency", " ", "not empty"),
    Mistake("providers[0].price.per_million", 1, "there are currency, per_million_cached_input"),
  ])
  func `prices`(mistake: Mistake) throws { try check(mistake) }

  @Test(arguments: [
    Mistake("providers[0].breaker", [], "must be an object"),
    Mistake("providers[0].breaker.consecutive_failures", 0, "at least 1"),
    Mistake("providers[0].breaker.failure_ratio", 0, "above 0, and at most 1"),
    Mistake("providers[0].breaker.failure_ratio", 1.01, "above 0, and at most 1"),
    Mistake("providers[0].breaker.failure_ratio", .number(.nan), "above 0, and at most 1"),
    Mistake("providers[0].breaker.window_seconds", 0, "above 0"),
    Mistake("providers[0].breaker.minimum_calls", 0, "at least 1"),
    Mistake("providers[0].breaker.cooldown_seconds", -60, "above 0"),
    Mistake(
      "providers[0].breaker.cooldown_seconds", 101, at: "providers[0].breaker.maximum_cooldown_seconds",
      "must not be less than cooldown_seconds"),
    Mistake("providers[0].breaker.maximum_cooldown_seconds", 0, "above 0"),
    Mistake("providers[0].breaker.permanent_cooldown_seconds", 0, "above 0"),
    Mistake("providers[0].breaker.permanent_cooldown_seconds", 1e18, "at most"),
    Mistake("providers[0].breaker.successes_to_close", 0, "at least 1"),
    Mistake("providers[0].breaker.retries", 3, "there is no such member"),
  ])
  func `breakers`(mistake: Mistake) throws { try check(mistake) }

  @Test(
    arguments: [
      ("base_url", "https://example.com", "offline has no address"),
      ("api_version", "1", "offline has no versions"),
      ("api_key", ["env": "X"], "offline needs no key"),
    ] as [(String, JSONValue, String)])
  func `offline needs nothing, and takes nothing`(member: String, value: JSONValue, problem: String) throws {
    let provider: JSONValue = ["id": "a", "api": "offline", "model": "m"]
    guard case .object(var members) = provider else { return }
    members[member] = value
    let failure = #expect(throws: ProviderConfigurationFailure.self) {
      let _ = try ProviderConfiguration(json: .object(members))
    }
    #expect(failure == ProviderConfigurationFailure(field: member, problem: problem))
  }

  @Test(arguments: [.null, true, 1, "text", []] as [JSONValue])
  func `a configuration is an object`(json: JSONValue) {
    let failure = #expect(throws: ProviderConfigurationFailure.self) {
      let _ = try ProvidersConfiguration(json: json)
    }
    #expect(failure == ProviderConfigurationFailure(field: "", problem: "must be an object"))
  }

  private static let key = "sk-proj-4fT9xQ2mZ7bL0cV8nR3wKd6Hs1Yp5Jg"
  @Test(
    arguments: [
      Mistake("providers[0].api_key", .string(key), "a key does not belong in a configuration"),
      Mistake("providers[0].api_key", "", "a key does not belong"),
      Mistake("providers[0].api_key", [.string(key)], "a key does not belong"),
      Mistake("providers[0].api_key", 5, "a key does not belong"),
      Mistake("providers[0].api_key", [:], #"must have "env" or "host""#),
      Mistake("providers[0].api_key", ["env": "A", "host": "b"], "not both"),
      Mistake("providers[0].api_key.value", .string(key), "there are env, host"),
      Mistake("providers[0].api_key.key", .string(key), "a key does not belong"),
      Mistake("providers[0].api_key.env", .string(key), "a key does not belong"),
      Mistake("providers[0].api_key.env", "0123456789abcdef0123456789abcdef", "a key does not belong"),
      Mistake("providers[0].api_key.env", "", "not empty"), Mistake("providers[0].api_key.env", "A=B", "="),
      Mistake("providers[0].api_key.env", "A B", "white space"),
      Mistake("providers[0].api_key.env", 5, "must be a string"),
      Mistake("providers[1].api_key.host", .string(key), "a key does not belong"),
      Mistake("providers[1].api_key.host", "", "not empty"),
      Mistake("api_key", ["env": "A"], "refer to it with api_key"),
      Mistake("providers[0].apiKey", .string(key), #"{"env": "NAME"}"#),
      Mistake("providers[0].openai_key", .string(key), #"{"env": "NAME"}"#),
      Mistake("providers[0].token", .string(key), #"{"env": "NAME"}"#),
      Mistake("providers[0].price.secret", .string(key), #"{"env": "NAME"}"#),
      Mistake("providers[0].breaker.Password", .string(key), #"{"env": "NAME"}"#),
      Mistake("providers[0].limits.authorization", .string(key), #"{"env": "NAME"}"#),
      Mistake("providers[0].headers", ["Authorization": .string(key)], "there is no such member"),
      Mistake("providers[0].\(key)", true, at: "providers[0]", "there is no such member"),
      Mistake("providers[0].id", .string(key), "looks like a key"),
      Mistake("providers[0].model", .string(key), "looks like a key"),
      Mistake("providers[0].model", .string("gpt \(key)"), "looks like a key"),
      Mistake("providers[0].api_version", .string(key), "looks like a key"),
      Mistake("providers[0].price.currency", .string(key), "looks like a key"),
      Mistake("providers[0].base_url", .string("https://me:\(key)@example.com/v1"), "a user or a password"),
      Mistake("providers[0].base_url", .string("https://\(key)@example.com/v1"), "a user or a password"),
      Mistake(
        "providers[0].base_url", .string("https://example.com/v1?api-key=\(key)"), "must not have a key"),
      Mistake("providers[0].base_url", "https://example.com/v1?token=x", "must not have a key"),
      Mistake("providers[0].base_url", .string("https://example.com/\(key)/v1"), "looks like a key"),
      Mistake("providers[0].api", .string(key), "must be one of"),
      Mistake("strategy", .string(key), "must be one of"),
    ])
  func `a key is refused wherever it is, and never quoted`(mistake: Mistake) throws {
    try check(mistake)
    let json = try ConfigurationSample.json(setting: mistake.path, to: mistake.value)
    let failure = #expect(throws: ProviderConfigurationFailure.self) {
      let _ = try ProvidersConfiguration(json: json)
    }
    for part in [Self.key, "4fT9xQ2m", "0123456789abcdef"] {
      #expect(failure?.description.contains(part) == false)
    }
  }

  @Test(arguments: ["a\nb", "", "a b", "é", String(repeating: "n", count: 65)])
  func `a member whose name cannot be printed is not printed`(name: String) {
    let failure = #expect(throws: ProviderConfigurationFailure.self) {
      let _ = try ProvidersConfiguration(json: .object([name: 1]))
    }
    #expect(failure?.field == "")
    #expect(failure?.problem.hasPrefix("there is no such member") == true)
  }

  @Test func `a configuration that is made in code has the same rules`() {
    func field(_ change: (inout ProvidersConfiguration) -> Void) -> String? {
      var configuration = ConfigurationSample.configuration
      change(&configuration)
      return #expect(throws: ProviderConfigurationFailure.self) { try configuration.validate() }?.field
    }
    #expect(field { $0.providers = [] } == "providers")
    #expect(field { $0.providers[1].id = "main" } == "providers[1].id")
    #expect(field { $0.hedgeAfter = .seconds(Int64.max) } == "hedge_after_ms")
    #expect(field { $0.hedgeAfter = Duration(attoseconds: .min) } == "hedge_after_ms")
    #expect(field { $0.providers[0].timeout = .nanoseconds(1) } == "providers[0].timeout_seconds")
    #expect(field { $0.providers[0].price = nil } == "providers[0].limits.budget")
    #expect(field { $0.providers[0].limits.budget?.limit = .nan } == "providers[0].limits.budget.limit")
    #expect(field { $0.providers[0].capabilities.kinds = [] } == "providers[0].capabilities.kinds")
    #expect(field { $0.providers[1].apiKey = .host(Self.key) } == "providers[1].api_key.host")
    #expect(field { $0.providers[1].breaker.failureRatio = .nan } == "providers[1].breaker.failure_ratio")
    #expect(
      field { $0.providers[1].breaker.maximumCooldown = Duration(attoseconds: .max) }
        == "providers[1].breaker.maximum_cooldown_seconds")
  }

  @Test func `a provider by itself is named without a path before it`() throws {
    var provider = ConfigurationSample.configuration.providers[0]
    try provider.validate()
    provider.model = ""
    let failure = #expect(throws: ProviderConfigurationFailure.self) { try provider.validate() }
    #expect(failure?.field == "model")
  }
}
