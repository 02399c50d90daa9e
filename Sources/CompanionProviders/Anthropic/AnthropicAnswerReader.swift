import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// Reads answers of the Messages API.
struct AnthropicAnswerReader: AnswerReader {
  /// What a block of the answer's content is.
  private enum Block {
    /// A call, with the arguments that came with its beginning until others follow.
    case call(index: Int, input: JSONValue?)
    /// The call whose arguments are the answer.
    case answer(input: JSONValue?)
    /// Text, thoughts, and whatever else nobody asked for.
    case other
  }

  /// The tool whose arguments are the answer.
  private let answerTool: String?
  private var finish: FinishReason?
  private var usage: AnthropicMessage.Usage?
  private var blocks: [Int: Block] = [:]
  private var callCount = 0
  private var hasAnswer = false
  /// Text beside the call that is to be the answer: it counts only if that call does not come.
  private var asides = ""

  init(answerTool: String?) { self.answerTool = answerTool }

  /// Whether the model has said that it is done.
  var isComplete: Bool { finish != nil }

  mutating func take(
    _ event: ServerSentEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> AnswerStep<GenerationEvent> {
    if event.type == "error" { throw context.failure(body: event.data) }
    guard !event.data.isEmpty else { return .more([]) }
    let part = try context.decode(AnthropicEvent.self, from: event.data, expecting: "an event of a message")
    switch part.type {
    case "message_start":
      guard let message = part.message else { throw context.malformed("a message begins without itself") }
      count(message.usage)
      return .more([])
    case "content_block_start": return .more(try begin(part, context))
    case "content_block_delta": return .more(try goOn(part, context))
    case "content_block_stop": return .more(try end(part, context))
    case "message_delta":
      guard let delta = part.delta else { throw context.malformed("a message ends without saying how") }
      count(part.usage)
      if let reason = delta.stopReason { finish = try finishReason(reason, delta.stopDetails) }
      return .more([])
    case "message_stop": return .last([])
    case "error": throw context.failure(body: event.data)
    // The API says that there may be others.
    default: return .more([])
    }
  }

  mutating func takeWhole(
    _ data: Data, _ context: ResponseContext
  ) throws(ProviderFailure) -> [GenerationEvent] {
    let message = try context.decode(AnthropicMessage.self, from: data, expecting: "a message")
    guard let content = message.content else {
      if let json = JSONValue(json: data), json["type"] == "error" || json["error"] != nil {
        throw context.failure(json)
      }
      throw context.malformed("the answer has no content")
    }
    count(message.usage)
    var events: [GenerationEvent] = []
    for block in content {
      switch block.type {
      case "tool_use" where isAnswer(block):
        hasAnswer = true
        events.append(.text((block.input ?? [:]).jsonText))
      case "tool_use":
        var call = try beginCall(block, context)
        call.arguments = (block.input ?? [:]).jsonText
        events.append(.toolCall(call))
      default: events += said(text: block.text, thinking: block.thinking)
      }
    }
    if let reason = message.stopReason { finish = try finishReason(reason, message.stopDetails) }
    return events
  }

  /// The events that end a whole answer. Where no reason was given, the model stopped by itself.
  func closingEvents() -> [GenerationEvent] {
    var events: [GenerationEvent] = []
    if !hasAnswer, !asides.isEmpty { events.append(.text(asides)) }
    if let usage = usage?.counted { events.append(.usage(usage)) }
    let finish = finish ?? .stop
    switch finish {
    case .toolCalls where callCount == 0: events.append(.finished(.stop))
    case .stop where callCount > 0: events.append(.finished(.toolCalls))
    default: events.append(.finished(finish))
    }
    return events
  }

  private mutating func begin(
    _ part: AnthropicEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> [GenerationEvent] {
    guard let index = part.index, let block = part.block else {
      throw context.malformed("a block begins without itself")
    }
    guard block.type == "tool_use" else {
      blocks[index] = .other
      return said(text: block.text, thinking: block.thinking)
    }
    if isAnswer(block) {
      hasAnswer = true
      blocks[index] = .answer(input: block.input ?? [:])
      return []
    }
    let call = try beginCall(block, context)
    blocks[index] = .call(index: call.index, input: block.input ?? [:])
    return [.toolCall(call)]
  }

  private mutating func goOn(
    _ part: AnthropicEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> [GenerationEvent] {
    guard let delta = part.delta, let type = delta.type else {
      throw context.malformed("a block goes on with nothing")
    }
    switch type {
    case "text_delta":
      guard let text = delta.text else { throw context.malformed("a piece of text has none") }
      return said(text: text)
    case "thinking_delta":
      guard let thinking = delta.thinking else { throw context.malformed("a piece of thoughts has none") }
      return said(thinking: thinking)
    case "input_json_delta":
      guard let json = delta.partialJSON, let index = part.index, let block = blocks[index] else {
        throw context.malformed("a piece of a call belongs to none")
      }
      guard !json.isEmpty else { return [] }
      switch block {
      case .call(let call, _):
        blocks[index] = .call(index: call, input: nil)
        return [.toolCall(ToolCallDelta(index: call, arguments: json))]
      case .answer:
        blocks[index] = .answer(input: nil)
        return [.text(json)]
      case .other: return []
      }
    // Signatures are for those who send thoughts back; citations are not asked for.
    default: return []
    }
  }

  /// A call without a piece of arguments has those that came with its beginning, often none.
  private mutating func end(
    _ part: AnthropicEvent, _ context: ResponseContext
  ) throws(ProviderFailure) -> [GenerationEvent] {
    guard let index = part.index else { throw context.malformed("a block ends without a number") }
    switch blocks.removeValue(forKey: index) {
    case .call(let call, let input?):
      return [.toolCall(ToolCallDelta(index: call, arguments: input.jsonText))]
    case .answer(let input?): return [.text(input.jsonText)]
    default: return []
    }
  }

  private mutating func said(text: String? = nil, thinking: String? = nil) -> [GenerationEvent] {
    var events: [GenerationEvent] = []
    if let thinking, !thinking.isEmpty { events.append(.reasoning(thinking)) }
    if let text, !text.isEmpty {
      if answerTool == nil { events.append(.text(text)) } else { asides += text }
    }
    return events
  }

  private func isAnswer(_ block: AnthropicMessage.Block) -> Bool {
    answerTool != nil && block.name == answerTool && !hasAnswer
  }

  private mutating func beginCall(
    _ block: AnthropicMessage.Block, _ context: ResponseContext
  ) throws(ProviderFailure) -> ToolCallDelta {
    guard let name = block.name, !name.isEmpty else { throw context.malformed("a call names no tool") }
    let index = callCount
    callCount += 1
    // Results refer to calls by name: a call that has none gets one.
    let id = block.id.flatMap { $0.isEmpty ? nil : $0 } ?? "call_\(index)"
    return ToolCallDelta(index: index, id: id, name: name)
  }

  private mutating func count(_ reported: AnthropicMessage.Usage?) {
    guard let reported else { return }
    usage = usage?.merging(reported) ?? reported
  }

  /// - Throws: `refused`. The words of a refusal are an answer of the model: they are not for an error's
  ///   message.
  private func finishReason(
    _ reason: String, _ details: AnthropicMessage.StopDetails?
  ) throws(ProviderFailure) -> FinishReason {
    switch reason {
    case "refusal": throw ProviderFailure(.refused, code: details?.category ?? reason)
    case "max_tokens", "model_context_window_exceeded": .length
    case "tool_use": .toolCalls
    default: .stop
    }
  }
}
