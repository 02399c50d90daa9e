import CompanionKit

/// Begins to answer, and then says nothing more until it is stopped.
struct StallingModel: LanguageModel {
  static let chunks = 20

  let identity = ModelIdentity(provider: "companion-bench", model: "stalling")

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    GenerationResponse(text: "Soup.")
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    GenerationStream(Chunks())
  }

  private struct Chunks: AsyncSequence, Sendable {
    typealias Element = GenerationEvent
    typealias Failure = ProviderFailure

    struct Iterator: AsyncIteratorProtocol {
      var given = 0

      mutating func next() async throws(ProviderFailure) -> GenerationEvent? {
        try await next(isolation: #isolation)
      }

      mutating func next(
        isolation actor: isolated (any Actor)?
      ) async throws(ProviderFailure) -> GenerationEvent? {
        given += 1
        if given <= StallingModel.chunks { return .text("word ") }
        do { try await Task.sleep(for: .seconds(600)) } catch {}
        throw ProviderFailure(.cancelled)
      }
    }

    func makeAsyncIterator() -> Iterator { Iterator() }
  }
}
