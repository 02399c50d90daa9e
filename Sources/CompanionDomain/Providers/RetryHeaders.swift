/// How long a provider asks to wait, in the many ways in which they say it.
package struct RetryHeaders {
  /// Longer waits are shortened to this: a header is not to silence a provider for good.
  static let longestDelay = Duration.seconds(24 * 60 * 60)

  private let headers: [String: String]

  /// - Parameter headers: header fields, by their names in lower case.
  package init(_ headers: [String: String]) { self.headers = headers }

  /// The delay that is asked for; `nil` where none is, or none that makes sense.
  ///
  /// - Parameter includingRateLimits: whether the headers that tell about rate limits count, where there is
  ///   no `Retry-After`. They are sent with every response, and mean something only when a limit was hit.
  func delay(at now: Timestamp, includingRateLimits: Bool) -> Duration? {
    bounded(retryAfter(at: now) ?? (includingRateLimits ? rateLimitReset(at: now) : nil))
  }

  /// How long the provider asks to wait before the next look at a job; `nil` where it says nothing that makes
  /// sense.
  ///
  /// `openai-poll-after-ms` is OpenAI's own; where it is missing, what is asked of every client counts.
  package func pollDelay(at now: Timestamp) -> Duration? {
    bounded(milliseconds("openai-poll-after-ms") ?? retryAfter(at: now))
  }

  private func bounded(_ delay: Duration?) -> Duration? {
    delay.map { min(max($0, .zero), Self.longestDelay) }
  }

  private func retryAfter(at now: Timestamp) -> Duration? {
    milliseconds("retry-after-ms") ?? headers["retry-after"].flatMap { Self.retryAfter($0, at: now) }
  }

  private func milliseconds(_ name: String) -> Duration? {
    headers[name].flatMap(Self.decimal).map { Self.duration(seconds: $0 / 1000) }
  }

  private static func retryAfter(_ text: String, at now: Timestamp) -> Duration? {
    // A header that comes twice is one with both values: the longer one holds.
    let values = text.split(separator: ",").map { decimal($0) }
    if !values.contains(nil), let seconds = values.compactMap(\.self).max() {
      return duration(seconds: seconds)
    }
    return Timestamp(httpDate: text, now: now).map { now.duration(to: $0) }
  }

  /// When the limit that was hit is reset. Where the headers do not tell which one that was, the last of
  /// them.
  private func rateLimitReset(at now: Timestamp) -> Duration? {
    let openAI = ["requests", "tokens"].map { subject -> Limit in
      let remaining = headers["x-ratelimit-remaining-\(subject)"]
      return Limit(
        remaining: remaining, reset: headers["x-ratelimit-reset-\(subject)"].flatMap(Self.goDuration))
    }
    let anthropic = ["requests", "tokens", "input-tokens", "output-tokens"].map { subject in
      Limit(
        remaining: headers["anthropic-ratelimit-\(subject)-remaining"],
        reset: headers["anthropic-ratelimit-\(subject)-reset"].flatMap(Timestamp.init(rfc3339:)).map {
          now.duration(to: $0)
        })
    }
    let limits = (openAI + anthropic).filter { $0.reset != nil }
    let exhausted = limits.filter { $0.isExhausted == true }
    return (exhausted.isEmpty ? limits : exhausted).compactMap(\.reset).max()
  }

  private struct Limit {
    /// Whether nothing is left of it; `nil` where that is not told.
    let isExhausted: Bool?
    let reset: Duration?

    /// - Parameter remaining: a count. One below zero says that nothing is counted: its reset says nothing either, as
    ///   that of a limit of which something is left.
    init(remaining: String?, reset: Duration?) {
      let left = remaining.map { RetryHeaders.decimal($0) ?? -1 }
      isExhausted = left.map { $0 == 0 }
      self.reset = isExhausted == false ? nil : reset
    }
  }

  /// A duration as Go writes it, such as `6m0s`, `1.5s` or `120ms`; a bare number counts seconds.
  static func goDuration(_ text: String) -> Duration? {
    if let seconds = decimal(text) { return duration(seconds: seconds) }
    let units = ["h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9]
    var rest = Substring(text)
    var seconds = 0.0
    while !rest.isEmpty {
      let number = rest.prefix { $0.isNumber || $0 == "." }
      let unit = rest[number.endIndex...].prefix { $0.isLetter }
      guard let value = decimal(number), let factor = units[String(unit)] else { return nil }
      seconds += value * factor
      rest = rest[unit.endIndex...]
    }
    return text.isEmpty ? nil : duration(seconds: seconds)
  }

  /// A number of digits with at most one point; no sign, no exponent, no `nan`.
  private static func decimal(_ text: some StringProtocol) -> Double? {
    let digits = String(text).filter { $0 != " " }
    guard !digits.isEmpty, digits.allSatisfy({ ("0"..."9").contains($0) || $0 == "." }) else { return nil }
    return Double(digits)
  }

  private static func duration(seconds: Double) -> Duration {
    .milliseconds(Int64(min(seconds, 1e9) * 1000))
  }
}
