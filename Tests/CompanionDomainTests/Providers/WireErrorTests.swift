import CompanionDomain
import FoundationEssentials
import Testing

/// Errors as the servers send them, read and classified.
struct WireErrorTests {
  /// 2026-03-01T09:30:00Z.
  static let now = Timestamp(nanosecondsSinceEpoch: 1_772_357_400_000_000_000)

  struct Wire: Sendable, CustomTestStringConvertible {
    var name: String
    var status: Int
    var headers: [String: String]
    var body: String
    var kind: ProviderFailure.Kind
    var disposition: ProviderFailure.Disposition
    var retryAfter: Duration?
    var testDescription: String { name }

    init(
      _ name: String, _ status: Int, _ headers: [String: String], _ body: String,
      _ kind: ProviderFailure.Kind, _ disposition: ProviderFailure.Disposition? = nil,
      after retryAfter: Duration? = nil
    ) {
      self.name = name
      self.status = status
      self.headers = headers
      self.body = body
      self.kind = kind
      self.disposition = disposition ?? kind.usualDisposition
      self.retryAfter = retryAfter
    }

    init(
      _ name: String, _ status: Int, _ body: String, _ kind: ProviderFailure.Kind,
      _ disposition: ProviderFailure.Disposition? = nil
    ) {
      self.init(name, status, [:], body, kind, disposition)
    }
  }

  static let openAI: [Wire] = [
    Wire(
      "rate of tokens", 429,
      [
        "x-ratelimit-limit-tokens": "30000", "x-ratelimit-remaining-tokens": "0",
        "x-ratelimit-reset-tokens": "6m0s", "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
      ],
      #"{"error":{"message":"Rate limit reached for m on tokens per min","type":"tokens","param":null,"#
        + #""code":"rate_limit_exceeded"}}"#,
      .rateLimited, after: .seconds(360)),
    Wire(
      "rate, with its own wait", 429, ["retry-after-ms": "1250", "retry-after": "2"],
      #"{"error":{"message":"Slow down","type":"requests","param":null,"code":"rate_limit_exceeded"}}"#,
      .rateLimited, after: .milliseconds(1250)),
    Wire(
      "more than a minute's tokens in one request", 429, ["retry-after": "20"],
      #"{"error":{"message":"Request too large for m on tokens per min (TPM): Limit 30000, Requested "#
        + #"32042.","type":"tokens","param":null,"code":"rate_limit_exceeded"}}"#,
      .contextLengthExceeded),
    Wire(
      "quota", 429, ["retry-after": "1"],
      #"{"error":{"message":"You exceeded your current quota","type":"insufficient_quota","param":null,"#
        + #""code":"insufficient_quota"}}"#,
      .quotaExhausted),
    Wire(
      "credits", 429,
      #"{"error":{"message":"You have no credits","type":"insufficient_quota","#
        + #""code":"credit_balance_exhausted"}}"#,
      .quotaExhausted),
    Wire(
      "a limit of the project", 429,
      #"{"error":{"message":"Limit","type":"x","code":"project_spend_limit_exceeded"}}"#, .quotaExhausted),
    Wire(
      "a limit of the organization", 429,
      #"{"error":{"message":"Limit","type":"x","code":"organization_usage_limit_exceeded"}}"#,
      .quotaExhausted),
    Wire(
      "a billing limit, as images have it", 400,
      #"{"error":{"code":"billing_hard_limit_reached","message":"Limit","param":null,"#
        + #""type":"invalid_request_error"}}"#,
      .quotaExhausted),
    Wire(
      "key", 401,
      #"{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","param":null,"#
        + #""code":"invalid_api_key"}}"#,
      .authentication),
    Wire(
      "country", 403,
      #"{"error":{"code":"unsupported_country_region_territory","message":"No","param":null,"#
        + #""type":"request_forbidden"}}"#,
      .authentication),
    Wire(
      "model", 404,
      #"{"error":{"message":"The model `m` does not exist or you do not have access to it.","#
        + #""type":"invalid_request_error","param":null,"code":"model_not_found"}}"#,
      .modelNotFound),
    Wire(
      "context", 400,
      #"{"error":{"message":"This model's maximum context length is 128000 tokens. However, your messages "#
        + #"resulted in 214531 tokens.","type":"invalid_request_error","param":"messages","#
        + #""code":"context_length_exceeded"}}"#,
      .contextLengthExceeded),
    Wire(
      "parameter", 400,
      #"{"error":{"message":"Unknown parameter: 'response_format'.","type":"invalid_request_error","#
        + #""param":"response_format","code":"unknown_parameter"}}"#,
      .invalidRequest),
    Wire(
      "image filter", 400,
      #"{"error":{"message":"Your request was rejected by the safety system.","#
        + #""type":"image_generation_user_error","param":null,"code":"moderation_blocked"}}"#,
      .contentFiltered),
    Wire(
      "older image filter", 400,
      #"{"error":{"code":"content_policy_violation","message":"Rejected","param":null,"#
        + #""type":"invalid_request_error"}}"#,
      .contentFiltered),
    Wire(
      "flagged prompt", 400,
      #"{"error":{"message":"Invalid prompt: your prompt was flagged as potentially violating our usage "#
        + #"policy.","type":"invalid_request_error","param":null,"code":"invalid_prompt"}}"#,
      .contentFiltered),
    Wire(
      "server", 500,
      #"{"error":{"message":"The server had an error","type":"server_error","param":null,"code":null}}"#,
      .serverError),
    Wire(
      "overloaded", 503, ["retry-after": "Sun, 01 Mar 2026 09:30:30 GMT"],
      #"{"error":{"message":"That model is currently overloaded","type":"server_error","code":null}}"#,
      .overloaded, after: .seconds(30)),
    Wire("gateway", 502, "<html><title>502 Bad Gateway</title></html>", .serverError, .ambiguous),
    Wire("slow gateway", 504, "", .timedOut, .ambiguous),
  ]

  static let azure: [Wire] = [
    Wire(
      "rate", 429, ["retry-after": "60", "retry-after-ms": "59500"],
      #"{"error":{"code":"429","message":"Requests to the ChatCompletions_Create Operation have exceeded "#
        + #"token rate limit. Please retry after 60 seconds."}}"#,
      .rateLimited, after: .milliseconds(59_500)),
    Wire(
      "rate that nobody counts", 429,
      [
        "x-ratelimit-limit-tokens": "-1", "x-ratelimit-remaining-tokens": "-1",
        "x-ratelimit-reset-tokens": "0",
      ],
      #"{"error":{"code":"429","message":"Rate limit is exceeded. Try again in 2 seconds."}}"#,
      .rateLimited),
    Wire(
      "content filter", 400, ["apim-request-id": "r"],
      #"{"error":{"message":"The response was filtered","type":null,"param":"prompt","#
        + #""code":"content_filter","status":400,"innererror":{"code":"ResponsibleAIPolicyViolation","#
        + #""content_filter_result":{"hate":{"filtered":true,"severity":"high"}}}}}"#,
      .contentFiltered),
    Wire(
      "content filter that only the inner error names", 400,
      #"{"error":{"message":"Filtered","code":"400","#
        + #""innererror":{"code":"ResponsibleAIPolicyViolation"}}}"#,
      .contentFiltered),
    Wire(
      "image filter", 400,
      #"{"error":{"code":"contentFilter","message":"Your task failed as a result of our safety system."}}"#,
      .contentFiltered),
    Wire(
      "key", 401,
      #"{"error":{"code":"401","message":"Access denied due to invalid subscription key"}}"#,
      .authentication),
    Wire(
      "deployment", 404,
      #"{"error":{"code":"DeploymentNotFound","message":"The API deployment does not exist."}}"#,
      .modelNotFound),
    Wire(
      "resource", 404, #"{"error":{"code":"404","message":"Resource not found"}}"#, .modelNotFound),
    Wire(
      "timeout", 408, #"{"error":{"code":"Timeout","message":"The operation was timeout."}}"#, .timedOut,
      .transient),
  ]

  static let anthropic: [Wire] = [
    Wire(
      "rate", 429,
      [
        "anthropic-ratelimit-requests-remaining": "49",
        "anthropic-ratelimit-requests-reset": "2026-03-01T09:30:01Z",
        "anthropic-ratelimit-input-tokens-remaining": "0",
        "anthropic-ratelimit-input-tokens-reset": "2026-03-01T09:30:42Z",
        "anthropic-ratelimit-output-tokens-remaining": "8000",
        "anthropic-ratelimit-output-tokens-reset": "2026-03-01T09:40:00Z",
      ],
      #"{"type":"error","error":{"type":"rate_limit_error","message":"This request would exceed your "#
        + #"organization's rate limit"},"request_id":"req_1"}"#,
      .rateLimited, after: .seconds(42)),
    Wire(
      "rate, with its own wait", 429,
      ["retry-after": "12", "anthropic-ratelimit-tokens-reset": "2026-03-01T09:35:00Z"],
      #"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}"#, .rateLimited,
      after: .seconds(12)),
    Wire(
      "spend limit of the tier", 429,
      #"{"type":"error","error":{"type":"rate_limit_error","message":"You have reached your API usage "#
        + #"limits","details":{"error_code":"enforced_spend_limit_reached"}},"request_id":"req_1"}"#,
      .quotaExhausted),
    Wire(
      "spend limit of one's own", 400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"You have reached your specified "#
        + #"API usage limits. You will regain access on 2026-09-01 at 00:00 UTC."}}"#,
      .quotaExhausted),
    Wire(
      "credit balance", 400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"Your credit balance is too low "#
        + #"to access the API."}}"#,
      .quotaExhausted),
    Wire(
      "billing", 402, #"{"type":"error","error":{"type":"billing_error","message":"Pay"}}"#, .quotaExhausted),
    Wire(
      "key", 401, #"{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}"#,
      .authentication),
    Wire(
      "permission", 403, #"{"type":"error","error":{"type":"permission_error","message":"No"}}"#,
      .authentication),
    Wire(
      "model", 404, #"{"type":"error","error":{"type":"not_found_error","message":"model: claude-x"}}"#,
      .modelNotFound),
    Wire(
      "too large", 413,
      #"{"type":"error","error":{"type":"request_too_large","message":"Request exceeds the maximum size"}}"#,
      .invalidRequest),
    Wire(
      "prompt too long", 400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 "#
        + #"tokens > 200000 maximum"}}"#,
      .contextLengthExceeded),
    Wire(
      "prompt and answer too long", 400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"input length and `max_tokens` "#
        + #"exceed context limit: 190000 + 16000 > 200000"}}"#,
      .contextLengthExceeded),
    Wire(
      "content filter", 400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"Output blocked by content "#
        + #"filtering policy"}}"#,
      .contentFiltered),
    Wire(
      "invalid", 400,
      #"{"type":"error","error":{"type":"invalid_request_error","message":"`temperature` is deprecated"}}"#,
      .invalidRequest),
    Wire(
      "server", 500, #"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#,
      .serverError),
    Wire(
      "overloaded", 529, #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#,
      .overloaded),
    Wire(
      "timeout", 504, #"{"type":"error","error":{"type":"timeout_error","message":"Timed out"}}"#, .timedOut,
      .ambiguous),
    Wire(
      "overloaded, inside a stream", 200,
      #"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#, .overloaded),
    Wire(
      "rate, inside a stream", 200,
      #"{"type":"error","error":{"type":"rate_limit_error","message":"Slow down"}}"#, .rateLimited),
    Wire(
      "server, inside a stream", 200,
      #"{"type":"error","error":{"type":"api_error","message":"Internal server error"}}"#, .serverError),
    Wire(
      "timeout, inside a stream", 200,
      #"{"type":"error","error":{"type":"timeout_error","message":"Timed out"}}"#, .timedOut, .ambiguous),
  ]

  static let own: [Wire] = [
    Wire("Ollama: model", 404, #"{"error":"model 'm' not found"}"#, .modelNotFound),
    Wire(
      "Ollama: model, as OpenAI", 404,
      #"{"error":{"message":"model 'm' not found","type":"not_found_error","param":null,"code":null}}"#,
      .modelNotFound),
    Wire(
      "Ollama: context", 400, #"{"error":"the input length exceeds the context length"}"#,
      .contextLengthExceeded),
    Wire(
      "Ollama: context, as its own failure", 500, #"{"error":"the input length exceeds the context length"}"#,
      .contextLengthExceeded),
    Wire(
      "Ollama: busy", 503,
      #"{"error":"server busy, please try again.  maximum pending requests exceeded"}"#, .overloaded),
    Wire(
      "Ollama: crash", 500, #"{"error":"llama runner process has terminated: exit status 2"}"#,
      .serverError),
    Wire(
      "llama.cpp: context", 400,
      #"{"error":{"code":400,"message":"request (9412 tokens) exceeds the available context size (8192 "#
        + #"tokens), try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9412,"#
        + #""n_ctx":8192}}"#,
      .contextLengthExceeded),
    Wire(
      "llama.cpp: context, in the middle", 500,
      #"{"error":{"code":500,"message":"Context size has been exceeded.","type":"server_error"}}"#,
      .contextLengthExceeded),
    Wire(
      "llama.cpp: batch", 500,
      #"{"error":{"code":500,"message":"input (5567 tokens) is too large to process. increase the physical "#
        + #"batch size (current batch size: 4096)","type":"server_error"}}"#,
      .contextLengthExceeded),
    Wire(
      "llama.cpp: loading", 503,
      #"{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}"#, .overloaded),
    Wire(
      "llama.cpp: key", 401,
      #"{"error":{"code":401,"message":"Invalid API Key","type":"authentication_error"}}"#, .authentication),
    Wire(
      "vLLM: context", 400,
      #"{"error":{"message":"This model's maximum context length is 4096 tokens. However, you requested "#
        + #"5000 tokens","type":"BadRequestError","param":null,"code":400}}"#,
      .contextLengthExceeded),
    Wire(
      "vLLM: context, flat", 400,
      #"{"object":"error","message":"This model's maximum context length is 32768 tokens. However, you "#
        + #"requested 39558 tokens","type":"BadRequestError","param":null,"code":400}"#,
      .contextLengthExceeded),
    Wire(
      "vLLM: context, newer", 400,
      #"{"error":{"message":"You passed 31745 input tokens and requested 1024 output tokens. However, the "#
        + #"model's context length is only 32768 tokens","type":"BadRequestError","param":"input_tokens","#
        + #""code":400}}"#,
      .contextLengthExceeded),
    Wire(
      "vLLM: model", 404,
      #"{"object":"error","message":"The model `m` does not exist.","type":"NotFoundError","param":null,"#
        + #""code":404}"#,
      .modelNotFound),
    Wire("vLLM: key", 401, #"{"error":"Unauthorized"}"#, .authentication),
    Wire(
      "vLLM: field", 422,
      #"{"detail":[{"type":"missing","loc":["body","messages"],"msg":"Field required"}]}"#, .invalidRequest),
    Wire(
      "LM Studio: nothing loaded", 400,
      #"{"error":{"message":"No models loaded. Please load a model in the developer page."}}"#,
      .modelNotFound),
    Wire(
      "LM Studio: nothing loaded, newer", 404,
      #"{"error":{"message":"No models loaded.","type":"invalid_request_error","param":"model","#
        + #""code":"model_not_found"}}"#,
      .modelNotFound),
    Wire(
      "LM Studio: context", 400,
      #"{"error":"Trying to keep the first 15857 tokens when context the overflows."}"#,
      .contextLengthExceeded),
    Wire(
      "LM Studio: context, inside a stream", 200,
      #"{"error":{"message":"The number of tokens to keep from the initial prompt is greater than the "#
        + #"context length."}}"#,
      .contextLengthExceeded),
  ]

  @Test(arguments: openAI + azure + anthropic + own)
  func `what a server sends is what it means`(_ wire: Wire) {
    let details =
      JSONValue(json: Data(wire.body.utf8)).map(ProviderErrorDetails.init)
      ?? ProviderErrorDetails(message: wire.body)
    let failure = ProviderFailure.classifying(
      status: wire.status, headers: wire.headers, details: details, at: Self.now)
    #expect(failure.kind == wire.kind)
    #expect(failure.disposition == wire.disposition)
    #expect(failure.retryAfter == wire.retryAfter)
  }

  @Test func `the message of a field that is wrong is told`() {
    let details = ProviderErrorDetails(["detail": [["type": "missing", "msg": "Field required"]]])
    #expect(details.message == "Field required")
  }

  @Test func `the words of a request that is too large mean nothing beside another status`() {
    let details = ProviderErrorDetails(message: "Request too large for the queue")
    let failure = ProviderFailure.classifying(status: 503, headers: [:], details: details, at: Self.now)
    #expect(failure.kind == .overloaded)
  }
}
