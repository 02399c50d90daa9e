import CompanionDomain
import CompanionPorts

/// Calls whichever provider is to answer, and tells of each call's start and end.
struct ModelCaller: Sendable {
  let router: ModelRouter
  var time: any TimeSource { router.time }
  var events: EventEmitter { router.events }

  /// Asks for a whole answer.
  func generate(
    _ request: GenerationRequest, context: EventContext, deadline: Timestamp? = nil
  ) async throws(ProviderFailure) -> GenerationResponse {
    let (running, response) = try await begin(request, context: context, deadline: deadline) { model in
      do throws(ProviderFailure) { return .success(try await model.generate(request)) } catch {
        return .failure(error)
      }
    }
    running.end(.succeeded, ModelCallOutcome(finish: response.finish, usage: response.usage, duration: .zero))
    return response
  }

  /// Asks for a streamed answer.
  ///
  /// Providers fail over until the answer has begun; from then on it fails plainly.
  ///
  /// - Parameters:
  ///   - onFinish: told when the answer is whole. The stream may take a moment longer to end, which lets its
  ///     connection be used again; nobody has to wait for that.
  ///   - onUsage: told of the tokens, where they are reported.
  ///   - take: takes each piece of text; `false` stops the call.
  /// - Returns: why the answer ended; `nil` when `take` stopped it.
  func stream(
    _ request: GenerationRequest, context: EventContext, deadline: Timestamp? = nil,
    onFinish: (FinishReason) -> Void = { _ in }, onUsage: (TokenUsage) -> Void = { _ in },
    take: (String) async -> Bool
  ) async throws(ProviderFailure) -> FinishReason? {
    let (running, stream) = try await begin(request, context: context, deadline: deadline) { model in
      do throws(ProviderFailure) { return .success(try await OpenStream(model, request)) } catch {
        return .failure(error)
      }
    }
    var outcome = ModelCallOutcome(duration: .zero, timeToFirstChunk: running.latency)
    do throws(ProviderFailure) {
      while let event = try await stream.next() {
        switch event {
        case .text(let text):
          guard await take(Self.storable(text)) else {
            running.end(.abandoned, outcome)
            return nil
          }
        case .reasoning(let text): events.emit(.reasoningReceived(text), in: context)
        case .usage(let usage):
          outcome.usage = usage
          onUsage(usage)
        case .finished(let reason):
          outcome.finish = reason
          onFinish(reason)
        default: break
        }
      }
      guard let finish = outcome.finish else { throw ProviderFailure(.streamCut) }
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
  private static func storable(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
  }
}

// MARK: - The beginning

extension ModelCaller {
  /// Begins an answer at one provider after another, until one has begun.
  private func begin<Beginning: Sendable>(
    _ request: GenerationRequest, context: EventContext, deadline: Timestamp?,
    _ attempt: @escaping @Sendable (any LanguageModel) async -> Result<Beginning, ProviderFailure>
  ) async throws(ProviderFailure) -> (RunningCall, Beginning) {
    var tries = router.tries(
      RoutingNeeds(request, counter: router.counter), request.purpose, context, deadline: deadline)
    while true {
      let call = try await tries.next()
      let running = RunningCall(call, request.purpose, context, router)
      let (winner, result, lost) = await hedged(running, tries, attempt)
      for (call, failure) in lost { tries.note(call, failure) }
      switch result {
      case .success(let beginning): return (winner, beginning)
      case .failure(let failure):
        winner.end(.failed(failure), ModelCallOutcome(failure: failure, duration: .zero))
        try tries.failed(winner.call, failure, isBegun: false)
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
    told = ModelCall(purpose: purpose, provider: call.id, model: call.provider.model)
    router.events.emit(.modelCallStarted(told), in: context)
  }

  /// The same when the answer has begun.
  func begun() -> RunningCall {
    var begun = self
    begun.latency = start.duration(to: router.time.now)
    return begun
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
