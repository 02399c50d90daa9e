import CompanionDomain
import Testing

struct RetryAfterTests {
  /// 2026-03-01T09:30:00Z.
  static let now = Timestamp(nanosecondsSinceEpoch: 1_772_357_400_000_000_000)

  private func delay(_ headers: [String: String], status: Int = 429) -> Duration? {
    ProviderFailure.classifying(
      status: status, headers: headers, details: ProviderErrorDetails(), at: Self.now
    ).retryAfter
  }

  @Test(arguments: [
    ("7", Duration.seconds(7)), ("0", .zero), ("1.5", .milliseconds(1500)), (" 2 ", .seconds(2)),
    ("Sun, 01 Mar 2026 09:31:00 GMT", .seconds(60)), ("Sun, 01 Mar 2026 09:00:00 GMT", .zero),
    ("Sunday, 01-Mar-26 09:31:00 GMT", .seconds(60)), ("Sun Mar  1 09:31:00 2026", .seconds(60)),
    ("Sunday, 06-Nov-94 08:49:37 GMT", .zero), ("7, 9", .seconds(9)), ("9,7", .seconds(9)),
    ("99999999999999999999", .seconds(86_400)), ("Fri, 31 Dec 2100 23:59:59 GMT", .seconds(86_400)),
    ("Fri, 31 Dec 9999 23:59:59 GMT", .seconds(86_400)), ("253402300799", .seconds(86_400)),
  ])
  func `Retry-After is read in seconds and as a date`(_ text: String, _ expected: Duration) {
    #expect(delay(["retry-after": text]) == expected)
  }

  @Test(arguments: [
    "", "-1", "soon", "nan", "inf", "1e3", "0x10", "1.2.3", "Sun, 01 Xyz 2026 09:31:00 GMT", "7, soon", ",",
    "Sunday, 01-Mar-2026 09:31:00 GMT", "Sun Mar 1 09:31:00",
  ])
  func `a Retry-After that makes no sense is ignored`(_ text: String) {
    #expect(delay(["retry-after": text]) == nil)
  }

  @Test func `milliseconds are more exact than seconds, and both come before the reset of a limit`() {
    var headers = ["x-ratelimit-reset-requests": "9s"]
    #expect(delay(headers) == .seconds(9))
    headers["retry-after"] = "2"
    #expect(delay(headers) == .seconds(2))
    headers["retry-after-ms"] = "1250"
    #expect(delay(headers) == .milliseconds(1250))
  }

  @Test(arguments: [
    ("6m0s", Duration.seconds(360)), ("1s", .seconds(1)), ("120ms", .milliseconds(120)),
    ("1h2m3.5s", .milliseconds(3_723_500)), ("12", .seconds(12)), ("999h", .seconds(86_400)),
  ])
  func `the reset of a limit is a duration as Go writes it`(_ text: String, _ expected: Duration) {
    #expect(delay(["x-ratelimit-reset-tokens": text]) == expected)
  }

  @Test(arguments: ["-1", "", "s", "5x", "1m-3s"])
  func `a reset that makes no sense is ignored`(_ text: String) {
    #expect(delay(["x-ratelimit-reset-tokens": text]) == nil)
  }

  @Test func `the reset of a limit of which something is left says nothing`() {
    for status in [429, 503, 529] {
      let headers = [
        "x-ratelimit-remaining-requests": "4999", "x-ratelimit-reset-requests": "6m0s",
        "anthropic-ratelimit-requests-remaining": "4000",
        "anthropic-ratelimit-requests-reset": "2026-03-01T10:30:00Z",
      ]
      #expect(delay(headers, status: status) == nil)
    }
  }

  @Test func `the limit that was hit counts, not the longest one`() {
    let headers = [
      "x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "2s",
      "x-ratelimit-remaining-tokens": "900", "x-ratelimit-reset-tokens": "6m0s",
    ]
    #expect(delay(headers) == .seconds(2))
  }

  @Test(arguments: [
    "2026-03-01T09:30:20Z", "2026-03-01T09:30:20.500Z", "2026-03-01T11:30:20+02:00",
    "2026-03-01T02:00:20-07:30",
  ])
  func `Anthropic's reset is a time`(_ text: String) {
    #expect(delay(["anthropic-ratelimit-tokens-reset": text]) == .seconds(20))
  }

  @Test func `limits are told with every response, and mean nothing for other errors`() {
    #expect(delay(["x-ratelimit-reset-requests": "9s"], status: 500) == nil)
    #expect(delay(["retry-after": "9"], status: 500) == .seconds(9))
  }

  @Test func `leap days are counted`() {
    #expect(delay(["retry-after": "Sun, 01 Mar 2026 09:30:00 GMT"]) == .zero)
    let leap = Timestamp(nanosecondsSinceEpoch: 1_709_164_800_000_000_000)
    let failure = ProviderFailure.classifying(
      status: 429, headers: ["retry-after": "Thu, 29 Feb 2024 00:00:30 GMT"],
      details: ProviderErrorDetails(), at: leap)
    #expect(failure.retryAfter == .seconds(30))
  }
}
