import CompanionApplication
import CompanionDomain
import CompanionPorts
import FoundationEssentials
import Synchronization

/// A model that forms memory by rule, when nothing goes wrong with it: it keeps a line for each mark that it is given,
/// and leaves out what was taken back. It answers people with a mark of its own.
struct RuleModel: LanguageModel {
  let life: MemoryLife
  let world: MemoryWorld

  var identity: ModelIdentity { .scripted }

  private var witness: MemoryWitness { world.witness }

  func generate(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationResponse {
    guard request.purpose == .memory else { return GenerationResponse(text: "Well.") }
    let text = request.messages.map(\.text).joined(separator: "\n")
    let material = MemoryMaterial(request.messages)
    let answer = try await answer(text, material)
    if world.flaw == .askTwice { _ = try await self.answer(text, material) }
    return answer
  }

  private func answer(
    _ text: String, _ material: MemoryMaterial?
  ) async throws(ProviderFailure) -> GenerationResponse {
    try checkLife()
    witness.noteRequest(text, material, by: life.index)
    let reaction = world.nextReaction()
    try await pass(reaction.latency)
    guard let material else { throw ProviderFailure(.invalidRequest) }
    let failure =
      text.contains(MemoryClient.poison) ? ProviderFailure(.contentFiltered, status: 400) : reaction.failure
    if let failure {
      if failure.disposition == .permanentForRequest { witness.noteRefusal(of: material) }
      throw failure
    }
    return GenerationResponse(text: reaction.nonsense.applied(to: Self.answer(material), material))
  }

  func stream(_ request: GenerationRequest) async throws(ProviderFailure) -> GenerationStream {
    try checkLife()
    let text = request.messages.map(\.text).joined(separator: "\n")
    let isReminded = text.contains("<memory>\n> ") || text.contains("<recalled>\n> ")
    let mark = witness.notePrompt(text, isReminded: isReminded, in: MemoryScenario.chat)
    let time = world.time
    return try await ScriptedModel.answering(
      .text("\(mark.word) is what I say to it. "), .pause(.seconds(2), on: time), .text("And a bit more, "),
      .pause(.seconds(3), on: time), .text("and that is all.")
    ).stream(request)
  }

  // MARK: Waiting

  private func checkLife() throws(ProviderFailure) {
    if life.process.hasStopped, !life.hasDied {
      witness.report(.shutdownEnds, "\(life.process) asks a model when it has stopped")
    }
    guard !life.hasDied, !Task.isCancelled else { throw ProviderFailure(.cancelled) }
  }

  private func pass(_ duration: Duration) async throws(ProviderFailure) {
    do {
      try await world.time.sleep(until: world.time.now.advanced(by: duration), tolerance: nil)
    } catch {
      if world.flaw == .ignoreStop { await world.stayAway(until: world.time.now.advanced(by: .seconds(900))) }
      throw ProviderFailure(.cancelled)
    }
    guard !life.hasDied else { throw ProviderFailure(.cancelled) }
  }

  // MARK: Rules

  private static func answer(_ material: MemoryMaterial) -> String {
    switch material.work {
    case .shortTerm, .longTerm: memory(material)
    case .facts: facts(material.lines.enumerated().compactMap { fact($1, number: $0 + 1) }, material)
    case .supersession:
      Supersessions.answer(
        material.knownFacts.indices.filter { $0.isMultiple(of: 3) && !material.newFacts.isEmpty }
          .map { Supersessions.Pair(known: $0, new: material.newFacts.count - 1) }
      ).json
    }
  }

  private static func memory(_ material: MemoryMaterial) -> String {
    let gone = Set(material.corrections.flatMap { TextMark.all(in: $0.old) })
    let said = material.lines.filter { $0.speaker != nil } + material.corrections.map(\.line)
    let texts = [material.previous] + material.merged.map(\.text) + said.map(\.text)
    let standing = Set(said.flatMap { TextMark.all(in: $0.text) })
    var seen: Set<TextMark> = []
    let marks = texts.flatMap(TextMark.all).filter { mark in
      (!gone.contains(mark) || standing.contains(mark)) && seen.insert(mark).inserted
    }
    // The newest come last, and the first are left out where there is no place for all.
    return marks.map { "- 2026-01-0\(1 + $0.number % 9): \($0.word)" }.joined(separator: "\n")
  }

  private static func fact(_ line: MemoryLine, number: Int) -> ExtractedFacts.Item? {
    guard let speaker = line.speaker, line.text.hasPrefix(MemoryClient.fact),
      let mark = TextMark.all(in: line.text).first
    else { return nil }
    return ExtractedFacts.Item(
      subject: speaker.rawValue, statement: "\(speaker) likes \(mark.word) with green tea", quote: line.text,
      line: number, confidence: 0.9)
  }

  private static func facts(_ items: [ExtractedFacts.Item], _ material: MemoryMaterial) -> String {
    ExtractedFacts.answer(items, calendar: material.calendar).json
  }

  static func unsaid(_ material: MemoryMaterial) -> String {
    let item = ExtractedFacts.Item(
      subject: "anna", statement: "anna hates \(TextMark.unsaid.word)",
      quote: "I hate \(TextMark.unsaid.word)",
      line: 1, confidence: 1)
    let own = material.lines.enumerated().compactMap { fact($1, number: $0 + 1) }
    return facts(own + [item], material)
  }
}

/// How the model reacts to one request.
struct RuleReaction: Sendable {
  /// How an answer is not what was asked for.
  enum Nonsense: CaseIterable {
    case none, tooLong, repeated, unsaid, chatty, cut, noList

    func applied(to answer: String, _ material: MemoryMaterial) -> String {
      let isMemory = material.work == .shortTerm || material.work == .longTerm
      switch self {
      case .none: return answer
      case .tooLong:
        guard isMemory else { return answer }
        return answer + "\n"
          + (0..<30).map { "- line \($0) " + String(repeating: "goes on and on ", count: 20) }.joined(
            separator: "\n")
      case .repeated: return isMemory ? answer + "\n" + answer : answer
      case .unsaid: return material.work == .facts ? RuleModel.unsaid(material) : answer
      case .chatty: return "Here is what you asked for:\n\n\(answer)\n\nLet me know if you need more!"
      case .cut: return isMemory ? answer : String(answer.prefix(answer.count / 2))
      case .noList: return isMemory ? answer : "I would rather not."
      }
    }
  }

  var latency: Duration
  var failure: ProviderFailure?
  var nonsense = Nonsense.none

  static func next(_ model: MemoryScenario.Model, _ dice: inout Dice) -> RuleReaction {
    var reaction = RuleReaction(latency: dice.milliseconds(in: model.latency))
    if dice.happens(percent: model.oddsOfFault) { reaction.failure = failure(&dice) }
    if dice.happens(percent: model.oddsOfNonsense) { reaction.nonsense = dice.pick(Nonsense.allCases) }
    return reaction
  }

  private static func failure(_ dice: inout Dice) -> ProviderFailure {
    dice.pick([
      ProviderFailure(.rateLimited, retryAfter: .seconds(20), status: 429),
      ProviderFailure(.serverError, status: 500),
      ProviderFailure(.overloaded, status: 529), ProviderFailure(.timedOut), ProviderFailure(.connectionLost),
      ProviderFailure(.malformedResponse), ProviderFailure(.refused),
      ProviderFailure(.contentFiltered, status: 400),
      ProviderFailure(.incomplete), ProviderFailure(.contextLengthExceeded, status: 400),
      ProviderFailure(.authentication, status: 401),
    ])
  }
}

extension JSONValue {
  /// As a model writes it.
  fileprivate var json: String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = .sortedKeys
    return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? ""
  }
}
