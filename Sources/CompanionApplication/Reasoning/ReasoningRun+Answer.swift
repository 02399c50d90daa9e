import CompanionDomain
import CompanionPorts

extension ReasoningRun {
  func answer(
    _ stream: OpenStream, of running: RunningCall, _ checkpoint: ReasoningCheckpoint
  ) async throws -> TaskOutcome {
    var text = ""
    var characters = 0
    var usage: TokenUsage?
    var lost: (any Error)?
    do {
      let finish = try await calls.consume(
        stream, of: running, context, onUsage: { usage = $0 },
        take: { piece in
          text += piece
          characters += piece.count
          do {
            try await attempt.report(TaskProgress(note: "\(characters) characters"))
            return true
          } catch {
            lost = error
            return false
          }
        })
      guard let finish else { throw lost ?? CancellationError() }
      guard finish != .length else { throw ProviderFailure(.incomplete) }
    } catch let failure as ProviderFailure {
      if failure.isOfAnswer, !text.isEmpty {
        var checkpoint = checkpoint
        checkpoint.partial = text
        try await store(checkpoint, usage: usage)
      }
      throw failure
    }
    guard !text.isEmpty else { throw ProviderFailure(.malformedResponse, message: "The answer is empty.") }
    return .done(text, usage: usage)
  }
}

extension ProviderFailure {
  /// Whether there may be a part of an answer that another attempt would not make whole.
  fileprivate var isOfAnswer: Bool { kind == .incomplete || kind == .contentFiltered }
}
