import CompanionDomain
import CompanionPorts

extension ReasoningRun {
  func answer(
    _ stream: OpenStream, of running: RunningCall, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    var answer = AnswerOfAttempt(of: attempt)
    do {
      let finish = try await calls.consume(
        stream, of: running, context, onUsage: { answer.usage = $0 }, take: { await answer.take($0) })
      guard let finish else { throw answer.interruption }
      guard finish != .length else { throw ProviderFailure(.incomplete) }
    } catch let failure as ProviderFailure {
      if failure.isOfAnswer, !answer.text.isEmpty {
        var checkpoint = checkpoint
        checkpoint.partial = answer.text
        try await store(checkpoint, usage: answer.usage)
      }
      throw failure
    }
    guard !answer.text.isEmpty else {
      throw ProviderFailure(.malformedResponse, message: "The answer is empty.")
    }
    return .done(answer.text, usage: answer.usage)
  }
}

extension ProviderFailure {
  /// Whether there may be a part of an answer that another attempt would not make whole.
  fileprivate var isOfAnswer: Bool { kind == .incomplete || kind == .contentFiltered }
}
