import CompanionDomain
import CompanionPorts

extension ModelCaller {
  /// Makes images, at one provider after another until one has made them.
  func makeImages(
    _ request: ImageRequest, context: EventContext
  ) async throws(ProviderFailure) -> ImageResponse {
    var tries = router.tries(RoutingNeeds([.image]), .image, context)
    var request = request
    request.prompt = mask(request.prompt)
    let (running, response) = try await begin(&tries) {
      [request] services -> Result<ImageResponse, ProviderFailure> in
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
  ///
  /// - Parameters:
  ///   - deadline: until when it may wait for a provider that can be called.
  ///   - limit: how long an attempt may take, which has timed out then; `nil` for what the provider takes.
  ///   - isSuspect: see `RoutingNeeds`.
  func embed(
    _ texts: [String], by model: ModelIdentity?, context: EventContext = EventContext(), deadline: Timestamp,
    limit: Duration? = nil, isSuspect: Bool = false
  ) async throws(ProviderFailure) -> EmbeddingResponse {
    let texts = texts.map { mask($0) }
    var needs = router.needs(ofEmbedding: texts, by: model)
    needs.isSuspect = isSuspect
    var tries = router.tries(needs, .embedding, context, deadline: deadline)
    let time = time
    let (running, response) = try await begin(&tries) {
      services -> Result<EmbeddingResponse, ProviderFailure> in
      guard let embeddings = services.embeddings else { return .failure(ProviderFailure(.notCapable)) }
      let end = limit.map { time.now.advanced(by: $0) }
      return await Self.ended(by: end, on: time) { () async throws(ProviderFailure) in
        try await embeddings.embed(texts)
      }
    }
    running.end(.succeeded, ModelCallOutcome(usage: response.usage, duration: .zero))
    return response
  }

  /// The vector of one text, by a deadline, whatever the provider is doing then: that is no failure of its.
  func vector(
    of text: String, by model: ModelIdentity, endingBy deadline: Timestamp
  ) async throws(ProviderFailure) -> [Float] {
    let response = await Self.ended(by: deadline, on: time) { () async throws(ProviderFailure) in
      try await self.embed([text], by: model, deadline: deadline)
    }
    let vectors = try response.get().vectors
    guard let vector = vectors.first, vectors.count == 1,
      EmbeddingSpace(model: model, dimension: vector.count).flaw(ofMade: vector) == nil
    else { throw ProviderFailure(.malformedResponse, message: "what came is no vector") }
    return vector
  }

  /// What comes of a call by a deadline; a failure of kind `timedOut` behind it.
  private static func ended<Value: Sendable>(
    by deadline: Timestamp?, on time: any TimeSource,
    _ call: @escaping @Sendable () async throws(ProviderFailure) -> Value
  ) async -> Result<Value, ProviderFailure> {
    let attempt: @Sendable () async -> Result<Value, ProviderFailure> = {
      do throws(ProviderFailure) { return .success(try await call()) } catch { return .failure(error) }
    }
    guard let deadline else { return await attempt() }
    let first = await withTaskGroup(of: Result<Value, ProviderFailure>?.self) { group in
      group.addTask { await attempt() }
      group.addTask {
        _ = try? await time.sleep(until: deadline, tolerance: nil)
        return nil
      }
      let first = await group.next() ?? nil
      group.cancelAll()
      return first
    }
    return first ?? .failure(ProviderFailure(Task.isCancelled ? .cancelled : .timedOut))
  }
}

extension ProviderFailure {
  /// Whether it may be for what was asked: that was sent, and there is no limit that it ran into.
  var mayBeForRequest: Bool {
    switch kind {
    case .rateLimited, .quotaExhausted, .budgetExhausted, .noProviderReady, .unreachable, .cancelled: false
    default: true
    }
  }

  /// Whether it is usually the same whatever is asked.
  var isOutage: Bool {
    switch kind {
    case .overloaded, .authentication, .modelNotFound: true
    default: !mayBeForRequest
    }
  }
}
