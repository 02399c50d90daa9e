import CompanionDomain
import CompanionPorts

/// Calls the model, and tells of each call's start and end.
struct ModelCaller: Sendable {
  let model: any LanguageModel
  let time: any TimeSource
  let events: EventEmitter

  /// Calls the model for a whole answer.
  func generate(
    _ request: GenerationRequest, context: EventContext
  ) async throws(ProviderFailure) -> GenerationResponse {
    let call = ModelCall(purpose: request.purpose, model: model.identity)
    let start = time.now
    events.emit(.modelCallStarted(call), in: context)
    do {
      let response = try await model.generate(request)
      let outcome = ModelCallOutcome(
        finish: response.finish, usage: response.usage, duration: start.duration(to: time.now))
      events.emit(.modelCallEnded(call, outcome), in: context)
      return response
    } catch {
      let outcome = ModelCallOutcome(failure: error, duration: start.duration(to: time.now))
      events.emit(.modelCallEnded(call, outcome), in: context)
      throw error
    }
  }

  /// Calls the model for a streamed answer.
  ///
  /// - Parameters:
  ///   - onFinish: told when the answer is whole. The stream may take a moment longer to end, which lets its
  ///     connection be used again; nobody has to wait for that.
  ///   - onUsage: told of the tokens, where they are reported.
  ///   - take: takes each piece of text; `false` stops the call.
  /// - Returns: why the answer ended; `nil` when `take` stopped it.
  func stream(
    _ request: GenerationRequest, context: EventContext, onFinish: (FinishReason) -> Void = { _ in },
    onUsage: (TokenUsage) -> Void = { _ in }, take: (String) async -> Bool
  ) async throws(ProviderFailure) -> FinishReason? {
    let call = ModelCall(purpose: request.purpose, model: model.identity)
    let start = time.now
    var outcome = ModelCallOutcome(duration: .zero)
    events.emit(.modelCallStarted(call), in: context)
    defer {
      outcome.duration = start.duration(to: time.now)
      events.emit(.modelCallEnded(call, outcome), in: context)
    }
    do throws(ProviderFailure) {
      for try await event in try await model.stream(request) {
        switch event {
        case .text(let text):
          if outcome.timeToFirstChunk == nil { outcome.timeToFirstChunk = start.duration(to: time.now) }
          guard await take(Self.storable(text)) else { return nil }
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
      return finish
    } catch {
      // Whatever happens behind the end of an answer does not take the answer back.
      if let finish = outcome.finish { return finish }
      outcome.failure = error
      throw error
    }
  }

  /// The text with NUL, which no store holds, replaced by U+FFFD.
  private static func storable(_ text: String) -> String {
    guard text.utf8.contains(0) else { return text }
    return String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
  }
}
