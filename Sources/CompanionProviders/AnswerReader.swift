import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Turns what a provider sends of an answer into events, in the words of one API. It knows nothing of bytes.
protocol AnswerReader: Sendable {
  /// Whether the provider has said why the answer ended: it may be whole without its last event.
  var isComplete: Bool { get }

  /// The events of one server-sent event.
  ///
  /// - Throws: what the event says is wrong: an answer with a success status is not always one.
  mutating func take(
    _ event: ServerSentEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> AnswerStep

  /// The events of an answer that came as one JSON object, without those that close it.
  mutating func takeWhole(
    _ data: Data, _ context: ResponseContext
  ) throws(ProviderFailure) -> [GenerationEvent]

  /// The events that end a whole answer.
  func closingEvents() -> [GenerationEvent]
}

/// What a server-sent event comes to.
enum AnswerStep {
  /// More of the answer.
  case more([GenerationEvent])
  /// The last of it: what follows belongs to nothing.
  case last([GenerationEvent])
}
