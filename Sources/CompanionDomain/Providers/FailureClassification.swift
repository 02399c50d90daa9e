extension ProviderFailure {
  /// Classifies an HTTP response that is an error.
  ///
  /// What the error calls itself comes before the status where it says more: an exhausted quota is sent as
  /// 429 like a limited rate, and a filtered prompt as 400 like a malformed one. An error that is sent with
  /// a success status, whole or inside a stream, is what its own code says.
  ///
  /// - Parameters:
  ///   - headers: the header fields, by their names in lower case.
  ///   - now: when the response came; a provider may name the time of the next try.
  public static func classifying(
    status: Int, headers: [String: String], details: ProviderErrorDetails, at now: Timestamp
  ) -> ProviderFailure {
    let isError = status >= 300
    let verdict = Verdict(status: isError ? status : details.status, details: details)
    var failure = ProviderFailure(
      verdict.kind, disposition: verdict.disposition, status: isError ? status : details.status,
      code: details.codes.first, requestID: requestID(in: headers), message: details.message)
    // Where no later try can succeed, a time for it would mislead.
    if failure.disposition == .transient || failure.disposition == .ambiguous {
      let isRate = failure.kind == .rateLimited || failure.kind == .overloaded
      failure.retryAfter = RetryHeaders(headers).delay(at: now, includingRateLimits: isRate)
    }
    return failure
  }

  /// The provider's name for a request, as its response tells it.
  public static func requestID(in headers: [String: String]) -> String? {
    ["x-request-id", "request-id", "apim-request-id", "x-ms-request-id"].lazy.compactMap { headers[$0] }.first
  }
}

/// What an error is, by its codes, its status and, last, its words.
private struct Verdict {
  var kind: ProviderFailure.Kind
  var disposition: ProviderFailure.Disposition?

  init(_ kind: ProviderFailure.Kind, _ disposition: ProviderFailure.Disposition? = nil) {
    self.kind = kind
    self.disposition = disposition
  }

  init(status: Int?, details: ProviderErrorDetails) {
    let words = ErrorWords(details)
    if let kind = words.kindThatOutranksStatus(status) {
      self.init(kind)
    } else if let status {
      self.init(status: status)
    } else {
      self.init(words.kind ?? .unknown, words.kind == .timedOut ? .ambiguous : nil)
    }
  }

  init(status: Int) {
    switch status {
    case 429: self.init(.rateLimited)
    case 503, 529: self.init(.overloaded)
    case 408: self.init(.timedOut, .transient)
    case 401, 403, 407: self.init(.authentication)
    case 402: self.init(.quotaExhausted)
    // A redirect is not followed: the address is another one, and the key is not sent there.
    case 300..<400, 404, 405, 410: self.init(.modelNotFound)
    case 409, 425: self.init(.serverError)
    case 504, 522, 524: self.init(.timedOut, .ambiguous)
    // A gateway that lost the server behind it does not know how far the request came.
    case 502, 520...527: self.init(.serverError, .ambiguous)
    case 500...: self.init(.serverError)
    case 400..<500: self.init(.invalidRequest)
    default: self.init(.unknown)
    }
  }
}

/// The names and phrases that providers use for what they mean.
private struct ErrorWords {
  private let codes: Set<String>
  private let message: String

  init(_ details: ProviderErrorDetails) {
    codes = Set(details.codes.map { $0.lowercased() })
    message = details.message.lowercased()
  }

  /// What the error is, when its names say more than any status does.
  ///
  /// The words for people are looked at where the status blames the request, or where there is none: servers
  /// on one's own machine have nothing else. Besides there are words that mean one thing whatever the status.
  func kindThatOutranksStatus(_ status: Int?) -> ProviderFailure.Kind? {
    let isAboutRequest = status.map { [400, 413, 422].contains($0) } ?? true
    if has(Self.filterCodes) || (isAboutRequest && says(Self.filterPhrases)) { return .contentFiltered }
    if has(Self.lengthCodes) || says(Self.plainLengthPhrases)
      || (isAboutRequest && says(Self.lengthPhrases))
      // More than a minute allows: no wait makes room for it.
      || (status == 429 && message.hasPrefix("request too large for"))
    {
      return .contextLengthExceeded
    }
    if has(Self.quotaCodes) || codes.contains(where: { $0.contains("spend_limit") })
      || (isAboutRequest && says(Self.quotaPhrases))
    {
      return .quotaExhausted
    }
    guard isAboutRequest else { return nil }
    if has(["invalid_api_key", "authentication_error", "permission_error", "permission_denied"]) {
      return .authentication
    }
    // LM Studio, where nothing has been loaded.
    if has(Self.modelCodes) || says(["no models loaded"]) { return .modelNotFound }
    return nil
  }

  /// What the error is, when its names are all there is.
  var kind: ProviderFailure.Kind? {
    if has(["rate_limit_exceeded", "rate_limit_error", "too_many_requests", "requests", "tokens"]) {
      return .rateLimited
    }
    if has(Self.overloadCodes) { return .overloaded }
    if has(["timeout_error", "timeout", "request_timeout"]) { return .timedOut }
    if has(["server_error", "internal_error", "internal_server_error", "api_error"]) { return .serverError }
    if has(Self.requestCodes) {
      return .invalidRequest
    }
    return nil
  }

  private static let filterCodes: Set = [
    "content_filter", "content_filtered", "contentfilter", "content_policy_violation",
    "image_content_policy_violation", "moderation_blocked", "responsibleaipolicyviolation", "bio_policy",
    "misalignment_policy_violation",
  ]

  private static let overloadCodes: Set = [
    "overloaded_error", "overloaded", "server_overloaded", "server_is_overloaded", "slow_down",
    "unavailable_error",
  ]

  private static let requestCodes: Set = [
    "invalid_request_error", "invalid_prompt", "bad_request", "badrequesterror", "request_too_large",
  ]

  /// Anthropic and OpenAI's reasoning models, which have no code for it.
  private static let filterPhrases = [
    "blocked by content filtering policy", "flagged as potentially violating",
  ]

  private static let quotaCodes: Set = [
    "insufficient_quota", "insufficient_credits", "billing_hard_limit_reached", "billing_not_active",
    "billing_error", "credit_balance_too_low", "credit_balance_exhausted", "payment_required",
    "organization_usage_limit_exceeded",
  ]

  /// Anthropic: a balance, and a limit that the account has set for itself.
  private static let quotaPhrases = [
    "credit balance is too low", "spend limit reached", "api usage limits",
  ]

  private static let modelCodes: Set = [
    "model_not_found", "not_found_error", "notfounderror", "deploymentnotfound",
  ]

  private static let lengthCodes: Set = [
    "context_length_exceeded", "exceed_context_size_error", "context_window_exceeded",
  ]

  /// llama.cpp sends these as failures of the server, in the middle of an answer and for embeddings.
  private static let plainLengthPhrases = [
    "context size has been exceeded", "is too large to process. increase the physical batch size",
    "the input length exceeds the context length",
  ]

  /// vLLM in three versions, llama.cpp, Ollama, LM Studio in two, and Anthropic in two.
  private static let lengthPhrases = [
    "maximum context length", "the model's context length is only", "longer than the maximum model length",
    "exceeds the available context size", "exceed context window", "exceeds the context window",
    "context length exceeded", "context the overflows", "greater than the context length",
    "prompt is too long", "exceed context limit",
  ]

  private func has(_ names: Set<String>) -> Bool { !codes.isDisjoint(with: names) }

  private func says(_ phrases: [String]) -> Bool { phrases.contains { message.contains($0) } }
}
