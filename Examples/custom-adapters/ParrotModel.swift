import CompanionKit

/// A model of one's own: it repeats what it is told.
struct ParrotModel: LanguageModel {
  let identity = ModelIdentity(provider: "example", model: "parrot")

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    GenerationResponse(text: try words(for: request).joined())
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    GenerationStream(events: try words(for: request).map { .text($0) } + [.finished(.stop)])
  }

  private func words(for request: GenerationRequest) throws(ProviderFailure) -> [String] {
    // A cancelled task ends, and says so: that is neutral, not a failure of the provider.
    guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
    // JSON is asked for to understand a message. What is not of its schema makes rules decide instead.
    if request.format != .text { return ["{}"] }
    // The last part of the last message is what the person says; what the app has to add stands before it.
    guard let message = request.messages.last(where: { $0.role == .user }),
      case .text(let said)? = message.parts.last
    else { return ["Squawk!"] }
    return ["You said: ", said]
  }
}
