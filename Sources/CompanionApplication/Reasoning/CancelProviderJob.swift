import CompanionDomain
import CompanionPorts

/// Stops a job at a provider, and tries again for a while when the provider cannot be reached.
struct CancelProviderJob: Sendable {
  let environment: Environment

  private static let attempts = 5
  private static let longestPause = Duration.seconds(5)

  /// Waits out what the provider asks to wait, up to the longest pause: the job costs as long as it runs.
  func callAsFunction(_ job: ProviderJobID, at provider: ProviderID) async {
    guard let background = environment.router.services(of: provider)?.background else { return }
    var pause = Backoff(first: .milliseconds(200), cap: Self.longestPause)
    for attempt in 1...Self.attempts {
      do throws(ProviderFailure) {
        return try await background.cancel(job)
      } catch {
        let mayPass = error.disposition == .transient || error.disposition == .ambiguous
        guard mayPass, attempt < Self.attempts else { return }
        let asked = min(error.retryAfter ?? .zero, Self.longestPause)
        let next = environment.time.now.advanced(by: max(pause.next(), asked))
        guard (try? await environment.time.sleep(until: next, tolerance: nil)) != nil else { return }
      }
    }
  }
}
