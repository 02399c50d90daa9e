import CompanionKit
import Synchronization

/// Gives vectors that are there already, and notes how long that takes.
final class InstantEmbeddings: EmbeddingService {
  let identity = ModelIdentity(provider: "companion-bench", model: "instant")
  let maximumBatch = 4_096

  private let vectors: [[Float]]
  private let state = Mutex((given: 0, time: Duration.zero))

  init(vectors: [[Float]]) { self.vectors = vectors }

  /// How long all calls have taken so far.
  var microseconds: Double { state.withLock { $0.time.milliseconds * 1_000 } }

  func embed(_ texts: [String]) async throws(ProviderFailure) -> EmbeddingResponse {
    let clock = ContinuousClock()
    let start = clock.now
    let first = state.withLock { state in
      defer { state.given += texts.count }
      return state.given
    }
    let response = EmbeddingResponse(vectors: texts.indices.map { vectors[(first + $0) % vectors.count] })
    let time = clock.now - start
    state.withLock { $0.time += time }
    return response
  }
}
