import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Reads answers of the Responses API.
struct ResponsesAnswerReader: AnswerReader {
  /// Whether a call's index counts calls. It counts all items of the output where a stream may begin midway.
  private let countsCalls: Bool
  /// The indices of the calls that have begun, by the place of their items in the output.
  private var calls: [Int: Int] = [:]
  private var ending: [GenerationEvent] = []

  init(countsCalls: Bool = true) { self.countsCalls = countsCalls }

  /// Only its last event completes a streamed answer.
  var isComplete: Bool { false }

  mutating func take(
    _ event: ServerSentEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> AnswerStep<GenerationEvent> {
    guard let event = try context.responsesEvent(event) else { return .more([]) }
    return try take(event, context)
  }

  /// The events of one event of the API.
  ///
  /// - Throws: what it says is wrong, `contentFiltered` and `refused` among it.
  mutating func take(
    _ event: ResponsesEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> AnswerStep<GenerationEvent> {
    switch event.content {
    case .text(let text): return .more(text.isEmpty ? [] : [.text(text)])
    case .reasoning(let text): return .more(text.isEmpty ? [] : [.reasoning(text)])
    case .reasoningPart(let index): return .more(index > 0 ? [.reasoning(ResponsesItem.partBreak)] : [])
    // The words of a refusal are an answer of the model: they are not for an error's message.
    case .refusal(let words):
      guard words.isEmpty else { throw ProviderFailure(.refused) }
      return .more([])
    case .call(let call, let place):
      let index = countsCalls ? calls[place] ?? calls.count : place
      calls[place] = index
      return .more([
        .toolCall(ToolCallDelta(index: index, id: call.id, name: call.name, arguments: call.arguments))
      ])
    case .arguments(let more, let place):
      guard let index = calls[place] ?? (countsCalls ? nil : place) else {
        throw context.malformed("a part of the answer belongs to no tool call")
      }
      return .more(more.isEmpty ? [] : [.toolCall(ToolCallDelta(index: index, arguments: more))])
    case .standing, .other: return .more([])
    case .end(let response):
      ending = try response.ending(context, hasCalls: !calls.isEmpty)
      return .last([])
    case .error(let error): throw context.failure(error)
    }
  }

  mutating func takeWhole(
    _ data: Data, _ context: ResponseContext
  ) throws(ProviderFailure) -> [GenerationEvent] {
    let (events, ending) = try context.response(data).answer(context)
    self.ending = ending
    return events
  }

  /// The events that end a whole answer, as its end told them.
  func closingEvents() -> [GenerationEvent] { ending }
}
