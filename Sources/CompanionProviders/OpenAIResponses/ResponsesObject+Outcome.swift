import CompanionDomain
import CompanionPorts

extension ResponsesObject {
  /// The name that a job is given.
  func jobID(_ context: ResponseContext) throws(ProviderFailure) -> ProviderJobID {
    guard let id = id.flatMap(ProviderJobID.init(rawValue:)), !id.isPathSegment else {
      throw context.malformed("the provider gives the job no name that can be used")
    }
    return id
  }

  /// The job that this response is.
  ///
  /// - Throws: `malformedResponse` for a status that is not known.
  func job(_ id: ProviderJobID, _ context: ResponseContext) throws(ProviderFailure) -> ProviderJob {
    let state: ProviderJobState
    switch status {
    case "queued": state = .queued
    case "in_progress": state = .running
    case "completed": state = .completed
    case "incomplete": state = .incomplete(shortfall(context))
    case "failed": state = .failed(failure(context))
    case "cancelled": state = .cancelled
    default: throw context.malformed("the job has no known status")
    }
    let goesOn = state == .queued || state == .running
    return ProviderJob(id: id, state: state, pollAfter: goesOn ? context.pollDelay : nil)
  }

  /// The events of the answer that this response is, and those that close it.
  ///
  /// - Throws: why there is no answer: `refused`, `contentFiltered`, and whatever has failed.
  func answer(
    _ context: ResponseContext
  ) throws(ProviderFailure) -> (events: [GenerationEvent], ending: [GenerationEvent]) {
    let ending = try ending(context)
    return (try outputEvents(), ending)
  }

  /// The same for a job that was asked for its answer: what there is of an incomplete one counts, whatever has
  /// ended it, and one that has not ended is a matter of time.
  func answerOfJob(
    _ context: ResponseContext
  ) throws(ProviderFailure) -> (events: [GenerationEvent], ending: [GenerationEvent]) {
    switch status {
    case "incomplete": return (try outputEvents(), closing(.length))
    case "queued", "in_progress":
      throw ProviderFailure(.invalidRequest, disposition: .transient, message: "the job has not ended yet")
    default: return try answer(context)
    }
  }

  private func outputEvents() throws(ProviderFailure) -> [GenerationEvent] {
    var events: [GenerationEvent] = []
    var callCount = 0
    for item in output ?? [] {
      switch item {
      case .text(let text): events.append(.text(text))
      case .reasoning(let text): events.append(.reasoning(text))
      // The words of a refusal are an answer of the model: they are not for an error's message.
      case .refusal: throw ProviderFailure(.refused)
      case .call(let call):
        let delta = ToolCallDelta(index: callCount, id: call.id, name: call.name, arguments: call.arguments)
        events.append(.toolCall(delta))
        callCount += 1
      case .other: continue
      }
    }
    return events
  }

  /// The events that close the answer.
  ///
  /// - Parameter hasCalls: whether tool calls have been streamed that the response itself may not repeat.
  /// - Throws: why there is no whole answer, unless a limit on tokens has ended it.
  func ending(
    _ context: ResponseContext, hasCalls: Bool = false
  ) throws(ProviderFailure) -> [GenerationEvent] {
    switch status {
    case "completed", nil:
      let calls = hasCalls || (output ?? []).contains { if case .call = $0 { true } else { false } }
      return closing(calls ? .toolCalls : .stop)
    case "incomplete":
      let shortfall = shortfall(context)
      guard incompleteReason == Self.tokenLimit else { throw shortfall }
      return closing(.length)
    case "failed": throw failure(context)
    case "cancelled": throw context.failure(.cancelled, message: "the response was cancelled")
    default: throw context.malformed("the response has no status of one that has ended")
    }
  }

  private static var tokenLimit: String { "max_output_tokens" }

  private func closing(_ finish: FinishReason) -> [GenerationEvent] {
    (usage.map { [.usage($0)] } ?? []) + [.finished(finish)]
  }

  /// Why the response failed.
  private func failure(_ context: ResponseContext) -> ProviderFailure {
    context.failure(["error": error ?? .null])
  }

  /// Why the response is not whole.
  private func shortfall(_ context: ResponseContext) -> ProviderFailure {
    context.failure(
      incompleteReason == "content_filter" ? .contentFiltered : .incomplete, code: incompleteReason)
  }
}

extension ResponseContext {
  /// How long the provider asks to wait before the next look at a job.
  fileprivate var pollDelay: Duration? { RetryHeaders(headers).pollDelay(at: time.now) }
}
