import CompanionDomain
import CompanionPorts

/// Takes steps one by one, as its consumer asks for events.
struct ScriptedEvents: AsyncSequence, Sendable {
  typealias Element = GenerationEvent
  typealias Failure = ProviderFailure

  let steps: ArraySlice<ModelStep>
  /// Whether `finished` follows the last step, where no step said so.
  var announcesEnd = true

  func makeAsyncIterator() -> Iterator { Iterator(rest: steps, announcesEnd: announcesEnd) }

  struct Iterator: AsyncIteratorProtocol {
    var rest: ArraySlice<ModelStep>
    var announcesEnd: Bool

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ProviderFailure) -> GenerationEvent? {
      while let step = rest.popFirst() {
        guard !Task.isCancelled else { throw end(with: ProviderFailure(.cancelled)) }
        switch step.action {
        case .event(let event): return event.isEnd ? end(with: event) : event
        case .fail(let failure): throw end(with: failure)
        case .accept: continue
        case .perform(let action):
          do { try await action() } catch { throw end(with: ProviderFailure(scripted: error)) }
        }
      }
      guard announcesEnd else { return nil }
      guard !Task.isCancelled else { throw end(with: ProviderFailure(.cancelled)) }
      return end(with: .finished(.stop))
    }

    /// Nothing follows what ends an answer.
    private mutating func end<Ending>(with ending: Ending) -> Ending {
      rest = []
      announcesEnd = false
      return ending
    }
  }
}

extension GenerationEvent {
  fileprivate var isEnd: Bool {
    if case .finished = self { true } else { false }
  }
}

extension ProviderFailure {
  fileprivate init(scripted error: any Error) {
    self =
      switch error {
      case let failure as ProviderFailure: failure
      case is CancellationError: ProviderFailure(.cancelled)
      default: ProviderFailure(.unknown, message: "\(error)")
      }
  }
}
