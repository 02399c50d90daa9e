import CompanionApplication
import CompanionDomain
import CompanionPorts
import FoundationEssentials

/// A model that answers people, understands what they ask for, works on tasks with tools, and does whatever it reads in
/// a tool's output.
struct ChatModel: LanguageModel {
  let provider: Int
  let life: ProcessLife
  let world: ChatWorld

  var identity: ModelIdentity {
    ModelIdentity(provider: ChatScenario.providers[provider].rawValue, model: "scripted")
  }

  private var witness: ChatWitness { world.witness }

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    let answer = try await answer(request)
    if world.flaw == .understandTwice, request.purpose == .intent { _ = try await self.answer(request) }
    return answer
  }

  private func answer(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    let (request, subject) = try begin(request)
    let reaction = world.nextReaction(of: provider)
    try await pass(reaction.latency)
    if let failure = reaction.failure { throw failure }
    let text: String
    switch request.purpose {
    case .intent: text = reaction.isNonsense ? "It is about a garden." : Self.understanding(of: subject)
    case .summary: text = Self.summary(of: request)
    default: text = "Well."
    }
    return GenerationResponse(text: text)
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    let (request, subject) = try begin(request)
    let reaction = world.nextReaction(of: provider)
    try await pass(reaction.latency)
    if let failure = reaction.failure { throw failure }
    var events =
      request.purpose == .task ? work(on: request, subject, reaction) : words(of: subject, reaction)
    if world.scenario.countsExactly {
      let tokens = PromptTokens(of: request) { ByteCounter().tokens(in: $0) }.count
      events.insert(.usage(TokenUsage(input: tokens, output: 20)), at: events.count - 1)
    }
    return GenerationStream(ChatAnswer(model: self, events: events, reaction: reaction))
  }

  private func begin(
    _ request: GenerationRequest
  ) throws(ProviderFailure) -> (GenerationRequest, ChatWitness.Subject?) {
    guard !life.hasDied, !Task.isCancelled else { throw ProviderFailure(.cancelled) }
    let request = world.flaw == .loseResult ? request.withoutLastResult : request
    return (request, witness.note(request, at: provider, in: life))
  }

  // MARK: Answers

  private static func understanding(of subject: ChatWitness.Subject?) -> String {
    let isWork = subject.map { ChatWords.isWork($0.words) } ?? false
    let intent = Intent(
      action: isWork ? .multiStepTask : .directResponse, profile: isWork ? .analysis : .information,
      complexity: isWork ? .medium : .low, confidence: 0.9, method: .model)
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    let data = try? encoder.encode(IntentJudgement.answer(for: intent))
    return data.map { String(decoding: $0, as: UTF8.self) } ?? ""
  }

  /// It keeps every mark that it is given, of which there is place for some.
  private static func summary(of request: GenerationRequest) -> String {
    let marks = TextMark.all(in: request.messages.map(\.text).joined(separator: "\n"))
    return "They talked about " + marks.suffix(12).map(\.word).joined(separator: ", ")
  }

  private func words(of subject: ChatWitness.Subject?, _ reaction: ChatReaction) -> [GenerationEvent] {
    let mark = witness.newMark(in: subject.map { witness.session(of: $0.mark) } ?? nil)
    let pieces = ["\(mark.word) is what I say to it. "] + (1..<reaction.pieces).map { "Piece \($0). " }
    return pieces.map { .text($0) } + [.finished(reaction.isCutAtLimit ? .length : .stop)]
  }

  private func work(
    on request: GenerationRequest, _ subject: ChatWitness.Subject?, _ reaction: ChatReaction
  ) -> [GenerationEvent] {
    let result: [GenerationEvent] = [
      .text("The result of \(subject?.mark.word ?? "it"), "), .text("which took long."), .finished(.stop),
    ]
    guard !request.tools.isEmpty else { return result }
    let outputs = request.messages.flatMap(\.parts).compactMap { part in
      if case .toolResult(let result) = part { result.content } else { nil as String? }
    }
    // It obeys whatever it reads last.
    let obeys = outputs.last?.contains(ChatTool.orders) ?? false
    guard obeys || reaction.callsTools else { return result }
    let session = subject.flatMap { witness.session(of: $0.mark) }
    let planned: [ChatReaction.PlannedCall] =
      obeys ? [ChatReaction.PlannedCall(name: "wipe", isMalformed: false)] : reaction.calls
    let calls = planned.enumerated().flatMap { place, call in
      let mark = witness.newMark(in: session)
      let id = reaction.repeatsIdentifiers ? "call" : "call_\(mark.number)"
      let name = call.name == ChatWords.asking ? "question" : "mark"
      let arguments = "{\"\(name)\": \"\(mark.word)\"" + (call.isMalformed ? "" : "}")
      let half = arguments.index(arguments.startIndex, offsetBy: 5)
      return [
        GenerationEvent.toolCall(
          ToolCallDelta(index: place, id: id, name: call.name, arguments: String(arguments[..<half]))),
        .toolCall(ToolCallDelta(index: place, arguments: String(arguments[half...]))),
      ]
    }
    return (reaction.pieces.isMultiple(of: 2) ? [.text("I look it up. ")] : []) + calls + [
      .finished(.toolCalls)
    ]
  }

  // MARK: Waiting

  fileprivate func pass(_ duration: Duration) async throws(ProviderFailure) {
    do {
      try await world.time.sleep(until: world.time.now.advanced(by: duration), tolerance: nil)
    } catch {
      if world.flaw == .ignoreStop { await world.stayAway(until: world.time.now.advanced(by: .seconds(2))) }
      throw ProviderFailure(.cancelled)
    }
    guard !life.hasDied else { throw ProviderFailure(.cancelled) }
  }
}

/// The events of a streamed answer, with what goes wrong with them.
private struct ChatAnswer: AsyncSequence, Sendable {
  typealias Element = GenerationEvent
  typealias Failure = ProviderFailure

  let model: ChatModel
  let events: [GenerationEvent]
  let reaction: ChatReaction

  func makeAsyncIterator() -> Iterator { Iterator(answer: self) }

  struct Iterator: AsyncIteratorProtocol {
    let answer: ChatAnswer
    var given = 0

    mutating func next(
      isolation actor: isolated (any Actor)?
    ) async throws(ProviderFailure) -> GenerationEvent? {
      guard given < answer.events.count else { return nil }
      if given > 0 { try await answer.model.pass(answer.reaction.gap) }
      if let cut = answer.reaction.cutAfter, given >= cut {
        if answer.reaction.hangs { try await answer.model.pass(.seconds(900)) }
        throw ProviderFailure(.streamCut)
      }
      defer { given += 1 }
      return answer.events[given]
    }
  }
}

extension GenerationRequest {
  /// The request without the result of its last call; see ``PlantedChatFlaw/loseResult``.
  fileprivate var withoutLastResult: GenerationRequest {
    var request = self
    if let last = messages.lastIndex(where: { $0.role == .tool }) { request.messages.remove(at: last) }
    return request
  }
}

/// How a model reacts to one request.
struct ChatReaction: Sendable {
  /// A call of a tool, as a model means it.
  struct PlannedCall: Sendable {
    var name: String
    var isMalformed: Bool
  }

  var latency: Duration
  var gap: Duration
  var pieces: Int
  var failure: ProviderFailure?
  /// After how many events the answer is cut.
  var cutAfter: Int?
  /// Whether it says nothing for very long before it is cut.
  var hangs: Bool
  var isNonsense: Bool
  var isCutAtLimit: Bool
  var callsTools: Bool
  var calls: [PlannedCall]
  var repeatsIdentifiers: Bool

  init(_ remote: ChatScenario.Remote, _ dice: inout Dice) {
    latency = dice.milliseconds(in: remote.latency)
    gap = dice.milliseconds(in: remote.gap)
    pieces = dice.number(in: 1...30)
    failure = dice.happens(percent: remote.oddsOfFault) ? Self.failure(&dice) : nil
    cutAfter = dice.happens(percent: remote.oddsOfFault) ? dice.number(in: 0...6) : nil
    hangs = dice.happens(percent: 20)
    isNonsense = dice.happens(percent: remote.oddsOfNonsense)
    isCutAtLimit = dice.happens(percent: 5)
    callsTools = dice.happens(percent: 65)
    repeatsIdentifiers = dice.happens(percent: 15)
    calls = []
    for _ in 0..<dice.pick([1, 1, 2, 3, 5]) {
      let other: String? = dice.pick(weighted: [(8, "teleport"), (12, ChatWords.asking), (80, nil)])
      let name = other ?? dice.pick(ChatTool.Kind.planned).rawValue
      calls.append(PlannedCall(name: name, isMalformed: dice.happens(percent: 8)))
    }
  }

  private static func failure(_ dice: inout Dice) -> ProviderFailure {
    dice.pick([
      ProviderFailure(.rateLimited, retryAfter: .seconds(5), status: 429),
      ProviderFailure(.serverError, status: 500), ProviderFailure(.overloaded, status: 529),
      ProviderFailure(.timedOut), ProviderFailure(.connectionLost), ProviderFailure(.malformedResponse),
      ProviderFailure(.contentFiltered, status: 400), ProviderFailure(.authentication, status: 401),
    ])
  }
}
