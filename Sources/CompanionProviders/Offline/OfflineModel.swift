public import CompanionDomain
public import CompanionPorts
import FoundationEssentials

/// A model that needs nothing: no key, no server, no network.
///
/// It does not write: it answers a question with what the conversation says about it, summarises by picking
/// sentences, understands messages by keyword rules, picks what to remember, calls tools for simple requests about files
/// and programs, and says that it is offline. It is there so that everything else can be tried, tested and relied on
/// without a provider. It answers at once, and reports no usage: it counts no tokens.
public struct OfflineModel: LanguageModel {
  /// An offline model.
  public init() {}

  /// `offline`, `extractive`.
  public var identity: ModelIdentity { ModelIdentity(provider: "offline", model: "extractive") }

  /// Answers whole.
  ///
  /// - Throws: `ProviderFailure` of kind `invalidRequest` when JSON is asked for anything but an intent, a
  ///   judgement or facts, or a memory is asked for without its material.
  public func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
    return try answer(to: request)
  }

  /// Answers in pieces of a few words. A call of a tool is one piece.
  ///
  /// - Throws: as ``generate(_:)`` does.
  public func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    guard !Task.isCancelled else { throw ProviderFailure(.cancelled) }
    let answer = try answer(to: request)
    let calls = answer.toolCalls.enumerated().map { place, call in
      GenerationEvent.toolCall(
        ToolCallDelta(index: place, id: call.id, name: call.name, arguments: call.arguments))
    }
    return GenerationStream(
      events: Self.pieces(of: answer.text).map { .text($0) } + calls + [.finished(answer.finish)])
  }

  private func answer(to request: GenerationRequest) throws(ProviderFailure) -> GenerationResponse {
    if request.purpose == .task, request.format == .text { return try work(on: request) }
    return GenerationResponse(text: try text(answering: request))
  }

  private func work(on request: GenerationRequest) throws(ProviderFailure) -> GenerationResponse {
    let prompt = PromptReading(request.messages)
    switch OfflineToolUse(prompt, tools: request.tools).step {
    case .call(let calls):
      return GenerationResponse(
        text: "",
        toolCalls: try calls.map { call throws(ProviderFailure) in
          ToolCall(id: call.id, name: call.name, arguments: try json(call.arguments))
        }, finish: .toolCalls)
    case .say(let text): return GenerationResponse(text: text)
    case nil: return GenerationResponse(text: OfflineTask(prompt).result)
    }
  }

  private func text(answering request: GenerationRequest) throws(ProviderFailure) -> String {
    switch (request.purpose, request.format) {
    case (.intent, .json):
      let question = request.messages.last { $0.role == .user }?.text ?? ""
      return try json(IntentJudgement.answer(for: IntentRules.intent(of: question)))
    case (.judgement, .json(_, name: "judgement")):
      return try json(OfflineJudgement(dialogue: request.messages.filter { $0.role != .system }).json)
    case (.memory, .json):
      guard let value = MemoryMaterial(request.messages).flatMap({ OfflineMemory(material: $0).json }) else {
        throw Self.noJSON
      }
      return try json(value)
    case (_, .json): throw Self.noJSON
    case (.memory, _):
      guard let material = MemoryMaterial(request.messages) else {
        throw ProviderFailure(.invalidRequest, message: "The offline model forms no memory of such a prompt.")
      }
      let memory = OfflineMemory(material: material)
      if let text = memory.answer { return text }
      return try json(memory.json ?? .null)
    case (.summary, _):
      guard let asked = SummaryRequest(request.messages) else { fallthrough }
      return OfflineSummary(asked).text
    default: return OfflineAnswer(PromptReading(request.messages)).text
    }
  }

  private static var noJSON: ProviderFailure {
    ProviderFailure(
      .invalidRequest, message: "The offline model gives JSON for intents, judgements and facts only.")
  }

  private func json(_ value: JSONValue) throws(ProviderFailure) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    guard let data = try? encoder.encode(value) else { throw ProviderFailure(.malformedResponse) }
    return String(decoding: data, as: UTF8.self)
  }

  /// The text in pieces that end behind white space, or after eight characters without any.
  private static func pieces(of text: String) -> [String] {
    var pieces: [String] = []
    var piece = ""
    for character in text {
      piece.append(character)
      let isLong = piece.count >= 8 && !character.isASCII
      guard character.isWhitespace || isLong else { continue }
      pieces.append(piece)
      piece = ""
    }
    return piece.isEmpty ? pieces : pieces + [piece]
  }
}

extension LanguageModel where Self == OfflineModel {
  /// A model that needs nothing; see ``OfflineModel``.
  public static var offline: OfflineModel { OfflineModel() }
}
