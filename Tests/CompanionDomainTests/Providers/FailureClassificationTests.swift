import CompanionDomain
import Testing

struct FailureClassificationTests {
  /// One row of the table of the providers' specification.
  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var status: Int
    var codes: [String] = []
    var bodyStatus: Int?
    var message = ""
    var kind: ProviderFailure.Kind
    var disposition: ProviderFailure.Disposition
    var testDescription: String { name }
  }

  static let rows: [Row] = [
    Row(
      name: "rate limit", status: 429, codes: ["rate_limit_exceeded"], kind: .rateLimited,
      disposition: .transient),
    Row(name: "bare 429", status: 429, kind: .rateLimited, disposition: .transient),
    Row(name: "503", status: 503, kind: .overloaded, disposition: .transient),
    Row(name: "529", status: 529, codes: ["overloaded_error"], kind: .overloaded, disposition: .transient),
    Row(name: "500", status: 500, kind: .serverError, disposition: .transient),
    Row(name: "408", status: 408, kind: .timedOut, disposition: .transient),
    Row(
      name: "quota", status: 429, codes: ["insufficient_quota"], kind: .quotaExhausted,
      disposition: .permanentForProvider),
    Row(
      name: "hard billing limit", status: 429, codes: ["billing_hard_limit_reached"], kind: .quotaExhausted,
      disposition: .permanentForProvider),
    Row(
      name: "Anthropic's spend limit", status: 429,
      codes: ["rate_limit_error", "enforced_spend_limit_reached"],
      kind: .quotaExhausted, disposition: .permanentForProvider),
    Row(
      name: "Anthropic's credit balance", status: 400, codes: ["invalid_request_error"],
      message: "Your credit balance is too low to do this.", kind: .quotaExhausted,
      disposition: .permanentForProvider),
    Row(name: "401", status: 401, kind: .authentication, disposition: .permanentForProvider),
    Row(name: "402", status: 402, kind: .quotaExhausted, disposition: .permanentForProvider),
    Row(name: "403", status: 403, kind: .authentication, disposition: .permanentForProvider),
    Row(name: "404", status: 404, kind: .modelNotFound, disposition: .permanentForProvider),
    Row(
      name: "an unknown model as 400", status: 400, codes: ["model_not_found"], kind: .modelNotFound,
      disposition: .permanentForProvider),
    Row(name: "a redirect", status: 302, kind: .modelNotFound, disposition: .permanentForProvider),
    Row(
      name: "400", status: 400, codes: ["invalid_request_error"], kind: .invalidRequest,
      disposition: .permanentForRequest),
    Row(name: "413", status: 413, kind: .invalidRequest, disposition: .permanentForRequest),
    Row(name: "422", status: 422, kind: .invalidRequest, disposition: .permanentForRequest),
    Row(
      name: "context length by code", status: 400, codes: ["context_length_exceeded"],
      kind: .contextLengthExceeded, disposition: .permanentForRequest),
    Row(
      name: "context length, llama.cpp", status: 500, codes: ["exceed_context_size_error"],
      kind: .contextLengthExceeded, disposition: .permanentForRequest),
    Row(
      name: "context length, vLLM", status: 400, codes: ["BadRequestError"],
      message: "This model's maximum context length is 4096 tokens.", kind: .contextLengthExceeded,
      disposition: .permanentForRequest),
    Row(
      name: "content filter", status: 400, codes: ["content_filter"], kind: .contentFiltered,
      disposition: .permanentForRequest),
    Row(
      name: "content filter, Azure inside", status: 400, codes: ["ResponsibleAIPolicyViolation"],
      kind: .contentFiltered, disposition: .permanentForRequest),
    Row(name: "502", status: 502, kind: .serverError, disposition: .ambiguous),
    Row(name: "504", status: 504, kind: .timedOut, disposition: .ambiguous),
    Row(
      name: "an error event: rate", status: 200, codes: ["rate_limit_exceeded"], kind: .rateLimited,
      disposition: .transient),
    Row(
      name: "an error event: overloaded", status: 200, codes: ["overloaded_error"], kind: .overloaded,
      disposition: .transient),
    Row(
      name: "an error event: quota", status: 200, codes: ["insufficient_quota"], kind: .quotaExhausted,
      disposition: .permanentForProvider),
    Row(
      name: "an error event: server", status: 200, codes: ["server_error"], kind: .serverError,
      disposition: .transient),
    Row(
      name: "an error event: key", status: 200, codes: ["invalid_api_key"], kind: .authentication,
      disposition: .permanentForProvider),
    Row(
      name: "an error event: a status as its code", status: 200, bodyStatus: 502, kind: .serverError,
      disposition: .ambiguous),
    Row(
      name: "an error event: nothing known", status: 200, codes: ["gone_fishing"], kind: .unknown,
      disposition: .ambiguous),
  ]

  @Test(arguments: rows)
  func `each row of the table is classified as it says`(_ row: Row) {
    let details = ProviderErrorDetails(codes: row.codes, status: row.bodyStatus, message: row.message)
    let failure = ProviderFailure.classifying(status: row.status, headers: [:], details: details, at: .epoch)
    #expect(failure.kind == row.kind)
    #expect(failure.disposition == row.disposition)
    #expect(failure.status == (row.status == 200 ? row.bodyStatus : row.status))
    #expect(failure.message == row.message)
    #expect(failure.retryAfter == nil)
  }

  @Test func `words about length do not turn a server's error into the request's`() {
    let details = ProviderErrorDetails(message: "crashed while computing maximum context length")
    let failure = ProviderFailure.classifying(status: 500, headers: [:], details: details, at: .epoch)
    #expect(failure.kind == .serverError)
  }

  @Test func `the provider's code and its name for the request are kept`() {
    let failure = ProviderFailure.classifying(
      status: 500, headers: ["x-request-id": "req_1"], details: ProviderErrorDetails(codes: ["a", "b"]),
      at: .epoch)
    #expect(failure.code == "a")
    #expect(failure.requestID == "req_1")
  }

  @Test func `a success status with a permanent error promises no later try`() {
    let failure = ProviderFailure.classifying(
      status: 429, headers: ["retry-after": "5"],
      details: ProviderErrorDetails(codes: ["insufficient_quota"]), at: .epoch)
    #expect(failure.retryAfter == nil)
  }

  @Test(arguments: [
    (1, "1 s"), (119, "119 s"), (120, "2 min"), (7_199, "120 min"), (7_200, "2 h"), (172_800, "2 days"),
    (Int64.max / 1_000_000_000, "106752 days"),
  ])
  func `a wait is told in the unit that a person would choose`(_ seconds: Int64, _ words: String) {
    let failure = ProviderFailure(.noProviderReady, retryAfter: .seconds(seconds), message: "all rest")
    #expect(
      failure.description == "No configured provider can be called now. Try again in \(words). (all rest)")
  }
}
