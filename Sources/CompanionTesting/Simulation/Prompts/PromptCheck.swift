import CompanionDomain

/// What holds of every compiled prompt, found out without the compiler's own counting.
package struct PromptCheck {
  /// How a prompt came out.
  package enum Outcome: Hashable, Sendable {
    /// It fits.
    case fits
    /// What is pinned does not fit, which an error said.
    case refused
  }

  /// What does not hold, for a person.
  package struct Violation: Error, CustomStringConvertible {
    package let description: String
  }

  private let count: (String) -> Int
  private let perMessage: Int

  package init(perMessage: Int = 4, countedBy count: @escaping (String) -> Int) {
    self.perMessage = perMessage
    self.count = count
  }

  /// Compiles a prompt twice, and looks at what comes.
  package func callAsFunction(_ prompt: RandomPrompt) throws(Violation) -> Outcome {
    let compiler = PromptCompiler(budget: prompt.budget)
    let first = compiled(prompt, compiler)
    guard first == compiled(prompt, compiler) else { throw violation("the same input gave two prompts") }
    switch first {
    case .failure(.pinnedDoesNotFit(let section, let tokens, let left, _)):
      guard tokens > left else { throw violation("\(section) was refused though it fits") }
      return .refused
    case .failure(let failure): throw violation("\(failure)")
    case .success(let compiled):
      try check(compiled, prompt)
      return .fits
    }
  }

  private func compiled(
    _ prompt: RandomPrompt, _ compiler: PromptCompiler
  ) -> Result<CompiledPrompt, PromptBudgetFailure> {
    do throws(PromptBudgetFailure) {
      return .success(
        try compiler.compile(
          prompt.context, template: prompt.template, tokensPerMessage: perMessage, countedBy: count))
    } catch {
      return .failure(error)
    }
  }

  private func check(_ compiled: CompiledPrompt, _ prompt: RandomPrompt) throws(Violation) {
    let budget = prompt.budget
    let tokens = tokens(of: compiled)
    guard tokens == compiled.tokens else {
      throw violation("\(tokens) tokens, and \(compiled.tokens) are told")
    }
    let room = Double(budget.limit - budget.reservedOutput)
    for tokens in [tokens, compiled.report.tokens]
    where Double(tokens) * (1 + budget.margin) > room + 1e-6 {
      throw violation("\(tokens) tokens do not fit \(budget)")
    }
    let words = MessagePart.text(SecretMask.masked(prompt.context.message))
    let isLast = { (message: PromptMessage) in message.role == .user && message.parts.last == words }
    if prompt.context.work.isEmpty {
      guard compiled.messages.last.map(isLast) == true else {
        throw violation("the message is not the last word")
      }
    } else {
      guard compiled.messages.contains(where: isLast) else { throw violation("the message is not there") }
    }
    guard ToolPairing.repaired(compiled.messages) == compiled.messages.filter({ !$0.parts.isEmpty }) else {
      throw violation("a call has not exactly one result")
    }
    let beginning = compiled.messages.first?.text ?? ""
    let pinned = [prompt.context.persona] + prompt.context.rules
    guard pinned.allSatisfy({ $0.isEmpty || beginning.contains($0) }) else {
      throw violation("the host's words are not there in full")
    }
    for section in compiled.report.sections
    where (section.cut == nil) != (section.tokens == section.fullTokens) {
      throw violation("the report does not say what was cut: \(section)")
    }
  }

  /// The tokens of what is sent.
  private func tokens(of compiled: CompiledPrompt) -> Int {
    var tokens = 0
    func add(_ text: String) { tokens += text.isEmpty ? 0 : count(text) }
    for message in compiled.messages {
      tokens += perMessage
      for part in message.parts {
        switch part {
        case .text(let text): add(text)
        case .toolCall(let call):
          tokens += perMessage
          for text in [call.id, call.name, call.arguments] { add(text) }
        case .toolResult(let result):
          tokens += perMessage
          for text in [result.callID, result.content] { add(text) }
        @unknown default: break
        }
      }
    }
    for tool in compiled.tools {
      tokens += perMessage
      for text in [tool.name, tool.summary, Self.parameters] { add(text) }
    }
    return tokens
  }

  /// Those of all random tools, as they are sent.
  private static let parameters =
    #"{"properties":{"path":{"description":"a path","type":"string"}},"type":"object"}"#

  private func violation(_ text: String) -> Violation { Violation(description: text) }
}
