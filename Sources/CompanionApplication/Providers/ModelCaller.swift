package import CompanionDomain
package import CompanionPorts

/// Calls whichever provider is to answer, and tells of each call's start and end.
package struct ModelCaller: Sendable {
  let router: ModelRouter
  /// For what is asked of providers. Prompts that are compiled have been masked before they were counted.
  package let mask: MaskSecrets
  var time: any TimeSource { router.time }
  var events: EventEmitter { router.events }

  /// Asks for a whole answer.
  package func generate(
    _ request: GenerationRequest, context: EventContext, deadline: Timestamp? = nil
  ) async throws(ProviderFailure) -> GenerationResponse {
    try await answer(request, context: context, deadline: deadline).response
  }

  /// Asks for a whole answer, and tells who gave it.
  func answer(
    _ request: GenerationRequest, context: EventContext, deadline: Timestamp?
  ) async throws(ProviderFailure) -> (model: ModelIdentity, response: GenerationResponse) {
    var tries = tries(request, context: context, deadline: deadline)
    let (running, response) = try await begin(&tries) { services in
      await Self.attempt(services) { model throws(ProviderFailure) in try await model.generate(request) }
    }
    running.end(.succeeded, ModelCallOutcome(finish: response.finish, usage: response.usage, duration: .zero))
    if let usage = response.usage {
      router.learning.learn(from: request, by: running.call.setup.model, usage)
    }
    return (running.call.setup.model, response)
  }

  /// Asks for a streamed answer.
  ///
  /// Providers fail over until the answer has begun; from then on it fails plainly.
  ///
  /// - Parameters:
  ///   - onFinish: told when the answer is whole. The stream may take a moment longer to end, which lets its
  ///     connection be used again; nobody has to wait for that.
  ///   - onUsage: told of the tokens, where they are reported.
  ///   - onToolCall: told of each piece of a call of a tool.
  ///   - take: takes each piece of text; `false` stops the call.
  /// - Returns: why the answer ended; `nil` when `take` stopped it.
  package func stream(
    _ request: GenerationRequest, context: EventContext, deadline: Timestamp? = nil,
    onFinish: (FinishReason) -> Void = { _ in }, onUsage: (TokenUsage) -> Void = { _ in },
    onToolCall: (ToolCallDelta) throws(ProviderFailure) -> Void = { _ in },
    take: (String) async -> Bool
  ) async throws(ProviderFailure) -> FinishReason? {
    var tries = tries(request, context: context, deadline: deadline)
    let (running, stream) = try await begin(&tries) { services in
      await Self.attempt(services) { model throws(ProviderFailure) in try await OpenStream(model, request) }
    }
    return try await consume(
      stream, of: running, context, onFinish: onFinish,
      onUsage: { usage in
        router.learning.learn(from: request, by: running.call.setup.model, usage)
        onUsage(usage)
      }, onToolCall: onToolCall, take: take)
  }

  /// The most bytes of an answer that is taken: no model writes as much, and no store would hold it.
  private static let maximumAnswerBytes = 16 << 20

  /// Goes through an answer that has begun, and says how the call ended; see
  /// ``stream(_:context:deadline:onFinish:onUsage:take:)``.
  func consume(
    _ stream: OpenStream, of running: RunningCall, _ context: EventContext,
    onFinish: (FinishReason) -> Void = { _ in }, onUsage: (TokenUsage) -> Void = { _ in },
    onToolCall: (ToolCallDelta) throws(ProviderFailure) -> Void = { _ in },
    take: (String) async -> Bool
  ) async throws(ProviderFailure) -> FinishReason? {
    var outcome = ModelCallOutcome(duration: .zero, timeToFirstChunk: running.latency)
    var bytes = 0
    do throws(ProviderFailure) {
      while let event = try await stream.next() {
        switch event {
        case .text(let text):
          bytes += text.utf8.count
          guard bytes <= Self.maximumAnswerBytes else {
            await stream.close()
            throw ProviderFailure(.malformedResponse, message: "The answer is longer than any is.")
          }
          guard await take(Self.storable(text)) else {
            // Its place is free when its request is over.
            await stream.close()
            running.end(.abandoned, outcome)
            return nil
          }
        case .toolCall(let piece): try onToolCall(piece)
        case .reasoning(let text): events.emit(.reasoningReceived(text), in: context)
        case .usage(let usage):
          outcome.usage = usage
          onUsage(usage)
        case .finished(let reason):
          outcome.finish = reason
          onFinish(reason)
        }
      }
      guard let finish = outcome.finish else {
        // A sequence may end without a word when its task is cancelled.
        throw ProviderFailure(Task.isCancelled ? .cancelled : .streamCut)
      }
      running.end(.succeeded, outcome)
      return finish
    } catch {
      // Whatever happens behind the end of an answer does not take the answer back.
      if let finish = outcome.finish {
        running.end(.succeeded, outcome)
        return finish
      }
      outcome.failure = error
      running.end(.failed(error), outcome)
      throw error
    }
  }

  /// The text with NUL, which no store holds, replaced by U+FFFD.
  static func storable(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
  }
}

// MARK: - The beginning

extension ModelCaller {
  private func tries(
    _ request: GenerationRequest, context: EventContext, deadline: Timestamp?
  ) -> RoutedTries {
    router.tries(router.needs(of: request), request.purpose, context, deadline: deadline)
  }

  /// One try at a provider's language model.
  static func attempt<Beginning: Sendable>(
    _ services: ProviderServices,
    _ body: (any LanguageModel) async throws(ProviderFailure) -> Beginning
  ) async -> Result<Beginning, ProviderFailure> {
    guard let model = services.language else { return .failure(ProviderFailure(.notCapable)) }
    do throws(ProviderFailure) { return .success(try await body(model)) } catch { return .failure(error) }
  }

  /// Makes an attempt at one provider after another, until one has come to something.
  ///
  /// - Returns: that, and the call, which has to be told its end.
  func begin<Beginning: Sendable>(
    _ tries: inout RoutedTries,
    _ attempt: @escaping @Sendable (ProviderServices) async -> Result<Beginning, ProviderFailure>
  ) async throws(ProviderFailure) -> (RunningCall, Beginning) {
    var rejections: [(call: ProviderTable.Call, failure: ProviderFailure)] = []
    while true {
      let first = RunningCall(try await tries.next(), tries.purpose, tries.context, router)
      let (call, result) = await hedged(first, &tries, attempt)
      switch result {
      case .success(let beginning):
        for (call, failure) in rejections { router.blame(call, failure, tries.context) }
        return (call, beginning)
      case .failure(let failure):
        let isRejection = tries.needs.isSuspect && failure.mayBeForRequest
        if isRejection { rejections.append((call.call, failure)) }
        call.end(
          isRejection ? .rejected(failure) : .failed(failure),
          ModelCallOutcome(failure: failure, duration: .zero))
        try tries.failed(call.call, failure)
      }
    }
  }
}

/// A call that has been made: its end is told once.
struct RunningCall: Sendable {
  let call: ProviderTable.Call
  let start: Timestamp
  /// How long it took until the answer began.
  var latency: Duration?
  private let told: ModelCall
  private let purpose: CallPurpose
  private let context: EventContext
  private let router: ModelRouter

  init(
    _ call: ProviderTable.Call, _ purpose: CallPurpose, _ context: EventContext, _ router: ModelRouter
  ) {
    self.call = call
    self.purpose = purpose
    self.context = context
    self.router = router
    start = router.time.now
    told = ModelCall(purpose: purpose, provider: call.id, model: call.setup.model)
    router.events.emit(.modelCallStarted(told), in: context)
  }

  /// The same when the answer has begun.
  func begun() -> RunningCall {
    var begun = self
    begun.latency = start.duration(to: router.time.now)
    return begun
  }

  /// Says that the provider has taken a job, which goes on by itself.
  func handOver() {
    router.noteJob(of: context.task, at: call.id, cost: call.expectedCost)
    router.settleLook(call, .succeeded, context)
    router.events.emit(.modelJobHandedOver(told), in: context)
  }

  /// Says how the call ended.
  func end(_ end: ProviderTable.End, _ outcome: ModelCallOutcome) {
    var outcome = outcome
    outcome.duration = start.duration(to: router.time.now)
    var end = end
    if case .failed(let failure) = end, failure.disposition == .neutral { end = .abandoned }
    outcome.cost = router.settle(
      call, end, usage: outcome.usage, latency: latency, start: start, purpose: purpose, context: context)
    router.events.emit(.modelCallEnded(told, outcome), in: context)
  }
}
