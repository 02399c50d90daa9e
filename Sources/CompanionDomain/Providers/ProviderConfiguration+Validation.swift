extension ProviderConfiguration {
  /// Checks a configuration: that every number can be kept, the address can be called, the model can do what it
  /// is said to, and a budget can count.
  ///
  /// - Throws: ``ProviderConfigurationFailure``, which names the first field that is wrong, as it is written in
  ///   JSON.
  public func validate() throws(ProviderConfigurationFailure) {
    try ConfigurationRule.check(
      [
        .noSecret("id", id.rawValue), .written("model", model),
        ConfigurationRule("model", model.utf8.count <= 512, "must be at most 512 bytes"),
        .noSecret("model", model),
      ]
        + accessRules + capabilities.rules(for: api) + limits.rules + (price?.rules ?? [])
        + budgetRules + breaker.rules)
  }

  private var accessRules: [ConfigurationRule] {
    let isOffline = api == .offline
    return ConfigurationRule.address("base_url", baseURL) + [
      .noSecret("base_url", baseURL),
      ConfigurationRule("base_url", !isOffline || baseURL == nil, "offline has no address"),
      ConfigurationRule("api_key", !isOffline || apiKey == nil, "offline needs no key"),
      ConfigurationRule("api_version", !isOffline || apiVersion == nil, "offline has no versions"),
    ] + (apiKey?.rules ?? []) + [
      .name("api_version", apiVersion), .noSecret("api_version", apiVersion),
      .positive("timeout_seconds", timeout),
    ]
  }

  private var budgetRules: [ConfigurationRule] {
    guard let budget = limits.budget else { return [] }
    let field = "limits.budget"
    guard let price else {
      return [ConfigurationRule(field, false, "it could never count without a price: add price")]
    }
    return [
      ConfigurationRule(
        "\(field).currency", budget.currency == price.currency,
        "it could never count: price is in another currency"),
      ConfigurationRule(
        field, price.perMillionInput != 0 || price.perMillionOutput != 0,
        "it could never count: price is 0"),
    ]
  }
}

extension SecretReference {
  fileprivate var rules: [ConfigurationRule] {
    let (field, name) =
      switch self {
      case .environment(let name): ("api_key.env", name)
      case .host(let name): ("api_key.host", name)
      }
    return [
      ConfigurationRule(field, !SecretShape.isSecretInPlaceOfName(name), Self.expectation),
      .name(field, name),
      ConfigurationRule(field, !field.hasSuffix("env") || !name.contains("="), "must not contain ="),
    ]
  }
}

extension ModelCapabilities {
  fileprivate func rules(for api: ProviderAPI) -> [ConfigurationRule] {
    let impossible = Kind.allCases.first { kinds.contains($0) && api.impossibleKinds.contains($0) }
    let fits = maximumOutput.flatMap { maximum in contextWindow.map { maximum <= $0 } } ?? true
    return [
      ConfigurationRule("capabilities.kinds", !kinds.isEmpty, "at least one kind is needed"),
      ConfigurationRule(
        "capabilities.kinds", impossible == nil, "\(api.rawValue) makes no \(impossible?.product ?? "")"),
      .positive("capabilities.context_window", contextWindow),
      .positive("capabilities.maximum_output", maximumOutput),
      ConfigurationRule("capabilities.maximum_output", fits, "must not be more than context_window"),
      // Others make no vectors, or say themselves how near theirs are.
      ConfigurationRule(
        "capabilities.metric", metric == .cosine || api == .openAIEmbeddings,
        "only openai-embeddings can have another than cosine"),
    ]
  }
}

extension ModelCapabilities.Kind {
  /// What is made, in words.
  fileprivate var product: String {
    switch self {
    case .text: "text"
    case .background: "text in the background"
    case .image: "images"
    case .embedding: "embeddings"
    }
  }
}

extension ProviderLimits {
  fileprivate var rules: [ConfigurationRule] {
    [
      .positive("limits.requests_per_minute", requestsPerMinute),
      .positive("limits.tokens_per_minute", tokensPerMinute),
      .positive("limits.concurrent_calls", concurrentCalls),
      .positive("limits.budget.limit", budget?.limit),
      .name("limits.budget.currency", budget?.currency),
      .noSecret("limits.budget.currency", budget?.currency),
    ]
  }
}

extension ModelPrice {
  fileprivate var rules: [ConfigurationRule] {
    [
      .notNegative("price.per_million_input", perMillionInput),
      .notNegative("price.per_million_cached_input", perMillionCachedInput),
      .notNegative("price.per_million_output", perMillionOutput),
      .name("price.currency", currency), .noSecret("price.currency", currency),
    ]
  }
}

extension CircuitBreaker.Policy {
  fileprivate var rules: [ConfigurationRule] {
    [
      .positive("breaker.consecutive_failures", consecutiveFailures),
      ConfigurationRule(
        "breaker.failure_ratio", failureRatio > 0 && failureRatio <= 1, "must be above 0, and at most 1"),
      .positive("breaker.window_seconds", window),
      .positive("breaker.minimum_calls", minimumCalls),
      .positive("breaker.cooldown_seconds", cooldown),
      .positive("breaker.maximum_cooldown_seconds", maximumCooldown),
      ConfigurationRule(
        "breaker.maximum_cooldown_seconds", maximumCooldown >= cooldown,
        "must not be less than cooldown_seconds"),
      .positive("breaker.permanent_cooldown_seconds", permanentCooldown),
      .positive("breaker.successes_to_close", successesToClose),
    ]
  }
}
