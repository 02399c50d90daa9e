import CompanionDomain

/// A conversation for tests of prompts.
enum PromptScene {
  static func message(
    _ sequence: Int, _ role: ChatMessage.Role, _ parts: [MessagePart]
  ) -> ChatMessage {
    ChatMessage(
      sequence: SequenceNumber(rawValue: Int64(sequence)), turn: TurnID(bits: 0), role: role, parts: parts,
      time: .epoch, origin: role == .user ? .person : .model)
  }

  static func message(_ sequence: Int, _ role: ChatMessage.Role, _ text: String) -> ChatMessage {
    message(sequence, role, [.text(text)])
  }

  /// Messages of person and companion in turns.
  static func talk(_ places: ClosedRange<Int>, words: Int = 30) -> [ChatMessage] {
    places.map { place in
      let text = (0..<words).map { "word\($0 % 7)" }.joined(separator: " ")
      return message(place, place.isMultiple(of: 2) ? .assistant : .user, "\(place): \(text)")
    }
  }

  static func compiled(
    _ context: PromptContext, limit: Int = 8_000, template: PromptTemplate? = nil
  ) throws(PromptBudgetFailure) -> CompiledPrompt {
    let estimator = TokenEstimator()
    return try PromptCompiler(budget: PromptBudget(limit: limit)).compile(
      context, template: template, countedBy: { estimator.tokens(in: $0) })
  }
}
