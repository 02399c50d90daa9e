package import CompanionKit

/// For how long a service that asks for a rest, or has failed, is waited for.
///
/// What it asks to wait counts. Where it says that it has too much to do, and not until when, the wait doubles with
/// each time; and so it does after any failure that may pass, where it has answered before: what never has is most
/// likely no such service.
package struct ServicePatience {
  /// How often in a row it is waited for in vain.
  package static let mostWaits = 8

  private let policy = RetryPolicy(maximumRetries: mostWaits, base: .milliseconds(500), cap: .seconds(60))
  private var hasServed = false
  /// How often it was waited for since it has answered.
  package private(set) var waits = 0

  /// Nothing has been waited for yet.
  package init() {}

  /// Takes in that the service has answered.
  package mutating func noteAnswer() { (hasServed, waits) = (true, 0) }

  /// How long to wait after a failure before the service is asked again; `nil` for not at all.
  package mutating func wait(after failure: ProviderFailure) -> Duration? {
    // The service was not asked: it has a rest.
    if failure.kind == .noProviderReady, let rest = failure.retryAfter { return rest }
    guard waits < policy.maximumRetries, failure.retryAfter != nil || mayPass(failure) else { return nil }
    defer { waits += 1 }
    return failure.retryAfter ?? policy.backoff(afterFailures: waits)
  }

  private func mayPass(_ failure: ProviderFailure) -> Bool {
    switch failure.kind {
    case .rateLimited, .overloaded: true
    default: hasServed && (failure.disposition == .transient || failure.disposition == .ambiguous)
    }
  }
}
