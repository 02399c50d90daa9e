import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Turns what a provider sends of an answer into events, in the words of one API. It knows nothing of bytes.
protocol AnswerReader: Sendable {
  /// What a server-sent event is turned into.
  associatedtype Output: Sendable = GenerationEvent

  /// Whether the provider has said why the answer ended: it may be whole without its last event.
  var isComplete: Bool { get }

  /// The events of one server-sent event.
  ///
  /// - Throws: what the event says is wrong: an answer with a success status is not always one.
  mutating func take(
    _ event: ServerSentEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> AnswerStep<Output>

  /// The events of an answer that came as one JSON object, without those that close it.
  mutating func takeWhole(
    _ data: Data, _ context: ResponseContext
  ) throws(ProviderFailure) -> [Output]

  /// The events that end a whole answer.
  func closingEvents() -> [Output]
}

/// What a server-sent event comes to.
enum AnswerStep<Output> {
  /// More of the answer.
  case more([Output])
  /// The last of it: what follows belongs to nothing.
  case last([Output])
}
