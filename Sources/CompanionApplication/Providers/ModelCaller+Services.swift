import CompanionDomain
import CompanionPorts

extension ModelCaller {
  /// Makes images, at one provider after another until one has made them.
  func makeImages(
    _ request: ImageRequest, context: EventContext
  ) async throws(ProviderFailure) -> ImageResponse {
    var tries = router.tries(RoutingNeeds([.image]), .image, context)
    let (running, response) = try await begin(&tries) { services -> Result<ImageResponse, ProviderFailure> in
      guard let images = services.images else { return .failure(ProviderFailure(.notCapable)) }
      do throws(ProviderFailure) { return .success(try await images.generate(request)) } catch {
        return .failure(error)
      }
    }
    running.end(.succeeded, ModelCallOutcome(usage: response.usage, duration: .zero))
    return response
  }

  /// Turns texts into the vectors of a model. Another model's cannot be compared with them, so that only
  /// providers of the same model stand in for each other.
  func embed(
    _ texts: [String], by model: ModelIdentity?, context: EventContext, deadline: Timestamp
  ) async throws(ProviderFailure) -> EmbeddingResponse {
    var needs = RoutingNeeds([.embedding])
    needs.model = model ?? router.first(for: .embedding)?.model
    for text in texts {
      let tokens = TokenUsage(input: max(router.counter.tokens(in: text), 0), output: 0)
      needs.expected = needs.expected.adding(tokens)
    }
    var tries = router.tries(needs, .embedding, context, deadline: deadline)
    let (running, response) = try await begin(&tries) {
      services -> Result<EmbeddingResponse, ProviderFailure> in
      guard let embeddings = services.embeddings else { return .failure(ProviderFailure(.notCapable)) }
      do throws(ProviderFailure) { return .success(try await embeddings.embed(texts)) } catch {
        return .failure(error)
      }
    }
    running.end(.succeeded, ModelCallOutcome(usage: response.usage, duration: .zero))
    return response
  }
}
