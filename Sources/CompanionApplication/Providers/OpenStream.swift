import CompanionDomain
import CompanionPorts

/// A streamed answer that has begun: its events up to the first that a person could notice, and the rest.
///
/// It may begin in one task and be gone through in another, by one consumer.
actor OpenStream {
  private var head: ArraySlice<GenerationEvent> = []
  private var rest: GenerationStream.AsyncIterator?

  /// Calls a model, and waits for the beginning of its answer.
  ///
  /// - Throws: whatever keeps the answer from beginning; nobody has noticed anything of it. An answer that ends
  ///   whole without a word is none.
  init(_ model: any LanguageModel, _ request: GenerationRequest) async throws(ProviderFailure) {
    var iterator = try await model.stream(request).makeAsyncIterator()
    var head: [GenerationEvent] = []
    var isBegun = false
    while !isBegun {
      guard let event = try await iterator.next() else {
        // A sequence may end without a word when its task is cancelled.
        throw ProviderFailure(Task.isCancelled ? .cancelled : .streamCut)
      }
      head.append(event)
      switch event {
      // White space alone is no answer.
      case .text(let text), .reasoning(let text): isBegun = !text.allSatisfy(\.isWhitespace)
      case .toolCall: isBegun = true
      case .finished(let reason):
        guard reason != .stop else {
          throw ProviderFailure(.malformedResponse, message: "The answer is empty.")
        }
        isBegun = true
      default: continue
      }
    }
    self.head = head[...]
    rest = iterator
  }

  /// The next event; `nil` when the answer is over.
  func next() async throws(ProviderFailure) -> GenerationEvent? {
    if let event = head.popFirst() { return event }
    guard var iterator = rest else { return nil }
    // An iterator cannot be in use and in its place at the same time.
    rest = nil
    let event = try await iterator.next(isolation: self)
    rest = event == nil ? nil : iterator
    return event
  }

  /// Stops the answer where it is.
  func close() {
    head = []
    rest = nil
  }
}
