import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Reads answers of the Chat Completions API.
struct ChatAnswerReader: AnswerReader {
  private var finish: FinishReason?
  private var usage: TokenUsage?
  /// How many tool calls have begun, for servers that do not number them.
  private var toolCallCount = 0

  /// Whether the model has said that it is done.
  var isComplete: Bool { finish != nil }

  private static let doneMark = Data("[DONE]".utf8)

  mutating func take(
    _ event: ServerSentEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> AnswerStep<GenerationEvent> {
    if event.data == Self.doneMark { return .last([]) }
    if event.type == "error" { throw context.failure(body: event.data) }
    guard !event.data.isEmpty else { return .more([]) }
    return .more(try events(of: try context.chunk(event.data)))
  }

  mutating func takeWhole(
    _ data: Data, _ context: ResponseContext
  ) throws(ProviderFailure) -> [GenerationEvent] {
    let chunk = try context.chunk(data)
    guard chunk.choices?.isEmpty == false else { throw context.malformed("the answer has no choices") }
    return try events(of: chunk)
  }

  /// The events of one chunk.
  ///
  /// - Throws: `contentFiltered` and `refused`: an answer with a success status is not always one.
  private mutating func events(of chunk: ChatChunk) throws(ProviderFailure) -> [GenerationEvent] {
    // Some servers count along in every chunk: the last one counts.
    if let reported = chunk.usage.flatMap(TokenUsage.init) { usage = reported }
    var events: [GenerationEvent] = []
    for choice in chunk.choices ?? [] where (choice.index ?? 0) == 0 {
      if let piece = choice.delta ?? choice.message { try append(piece, to: &events) }
      if let reason = choice.finishReason { finish = try finishReason(reason) }
    }
    return events
  }

  /// The events that end a whole answer. Where no reason was given, the model stopped by itself.
  func closingEvents() -> [GenerationEvent] {
    let finish = finish ?? .stop
    // Some servers say that the model stopped where it waits for tools.
    let actual = finish == .stop && toolCallCount > 0 ? .toolCalls : finish
    return (usage.map { [.usage($0)] } ?? []) + [.finished(actual)]
  }

  private mutating func append(
    _ piece: ChatChunk.Piece, to events: inout [GenerationEvent]
  ) throws(ProviderFailure) {
    // The words of a refusal are an answer of the model: they are not for an error's message.
    if let refusal = piece.refusal, !refusal.isEmpty { throw ProviderFailure(.refused) }
    if let reasoning = piece.reasoningContent ?? piece.reasoning, !reasoning.isEmpty {
      events.append(.reasoning(reasoning))
    }
    if let text = piece.content, !text.isEmpty { events.append(.text(text)) }
    for call in piece.toolCalls ?? [] {
      events.append(.toolCall(delta(call)))
    }
  }

  private mutating func delta(_ call: ChatChunk.ToolPiece) -> ToolCallDelta {
    let id = call.id.flatMap { $0.isEmpty ? nil : $0 }
    let name = call.function?.name.flatMap { $0.isEmpty ? nil : $0 }
    // Without a number, a piece with a name begins a call, and one without goes on with the last.
    let index = call.index ?? (name == nil ? max(0, toolCallCount - 1) : toolCallCount)
    let isNew = index >= toolCallCount
    if isNew { toolCallCount = max(toolCallCount, min(index, 1 << 20) + 1) }
    // Results refer to calls by name: a call that has none gets one.
    return ToolCallDelta(
      index: index, id: id ?? (isNew ? "call_\(index)" : nil), name: name,
      arguments: call.function?.arguments ?? "")
  }

  private func finishReason(_ reason: String) throws(ProviderFailure) -> FinishReason {
    switch reason {
    case "content_filter": throw ProviderFailure(.contentFiltered, code: reason)
    case "length": .length
    case "tool_calls", "function_call": .toolCalls
    default: .stop
    }
  }
}
