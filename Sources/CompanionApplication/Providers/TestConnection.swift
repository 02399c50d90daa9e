package import CompanionDomain
import CompanionPorts

/// Finds out whether a provider answers, by the smallest call of each of its services.
package struct TestConnection: Sendable {
  let router: ModelRouter

  /// - Throws: why it does not.
  package func callAsFunction(_ provider: Provider) async throws(ProviderFailure) {
    let start = router.time.now
    var usage: TokenUsage?
    do throws(ProviderFailure) {
      try await check(provider.services, &usage)
    } catch {
      enter(provider, usage: nil, start: start, failure: error.kind)
      throw error
    }
    enter(provider, usage: usage, start: start, failure: nil)
  }

  /// - Parameter usage: what was used, also by what went well before a failure.
  private func check(
    _ services: ProviderServices, _ usage: inout TokenUsage?
  ) async throws(ProviderFailure) {
    let request = GenerationRequest(
      purpose: .connectionTest, messages: [PromptMessage(.user, "Answer with the word yes.")],
      maximumOutputTokens: 16)
    if let language = services.language {
      usage = try await language.generate(request).usage
    } else if let background = services.background {
      let job = try await background.submit(request, key: "connection-test-\(router.identifiers.nextBits())")
      try await background.cancel(job.id)
    }
    if let embeddings = services.embeddings {
      let response = try await embeddings.embed(["test"])
      usage = response.usage.map { usage?.adding($0) ?? $0 } ?? usage
    }
    if let images = services.images { try await images.checkConnection() }
  }

  private func enter(
    _ provider: Provider, usage: TokenUsage?, start: Timestamp, failure: ProviderFailure.Kind?
  ) {
    router.enter(
      provider, .connectionTest, EventContext(), usage: usage, latency: start.duration(to: router.time.now),
      failure: failure)
  }
}
