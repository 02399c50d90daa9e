import CompanionKit
import Synchronization

/// Answers at once, and notes when it was called.
final class StampingModel: LanguageModel {
  private let state = Mutex((lastCall: ContinuousClock.Instant?.none, chunks: 3))

  let identity = ModelIdentity(provider: "companion-bench", model: "stamping")

  var lastCall: ContinuousClock.Instant? { state.withLock { $0.lastCall } }

  /// How many chunks an answer has.
  var chunks: Int {
    get { state.withLock { $0.chunks } }
    set { state.withLock { $0.chunks = newValue } }
  }

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    stamp()
    return GenerationResponse(text: "Soup.")
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    stamp()
    return GenerationStream(events: Array(repeating: .text("word "), count: chunks) + [.finished(.stop)])
  }

  private func stamp() {
    let now = ContinuousClock().now
    state.withLock { $0.lastCall = now }
  }
}
