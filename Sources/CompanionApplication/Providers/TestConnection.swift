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
      usage = try await answer(of: provider.services)
    } catch {
      enter(provider, usage: nil, start: start, failure: error.kind)
      throw error
    }
    enter(provider, usage: usage, start: start, failure: nil)
  }

  private func answer(of services: ProviderServices) async throws(ProviderFailure) -> TokenUsage? {
    var usage: TokenUsage?
    if let language = services.language {
      let request = GenerationRequest(
        purpose: .connectionTest, messages: [PromptMessage(.user, "Answer with the word yes.")],
        maximumOutputTokens: 16)
      usage = try await language.generate(request).usage
    }
    if let embeddings = services.embeddings {
      let response = try await embeddings.embed(["test"])
      usage = response.usage.map { usage?.adding($0) ?? $0 } ?? usage
    }
    if let images = services.images { try await images.checkConnection() }
    return usage
  }

  private func enter(
    _ provider: Provider, usage: TokenUsage?, start: Timestamp, failure: ProviderFailure.Kind?
  ) {
    let now = router.time.now
    let cost = usage.flatMap { usage in
      router.price(of: provider).map { Cost(amount: $0.cost(of: usage), currency: $0.currency) }
    }
    router.enter(
      provider, .connectionTest, EventContext(), usage: usage, cost: cost, latency: start.duration(to: now),
      failure: failure, at: now)
  }
}
