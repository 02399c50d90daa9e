public import CompanionDomain

/// Counts the tokens that a model makes of a text.
public protocol TokenCounter: Sendable {
  /// The tokens of a text, at least 0; an estimate where the counter is not exact.
  ///
  /// Complexity: linear in the length of the text.
  func tokens(in text: String) -> Int

  /// The tokens that the format of a message adds to those of its text; 4 unless said otherwise.
  var tokensPerMessage: Double { get }
}

extension TokenCounter {
  /// 4: what common formats add.
  public var tokensPerMessage: Double { 4 }
}

extension TokenEstimator: TokenCounter {}

extension TokenCounter {
  /// The beginning of a text that is within a limit: all of it, or cut at the end of a sentence; where that
  /// would leave half of what fits unused, behind a word; and where that would too, behind a character, never
  /// inside one. Trailing white space of what was cut goes, too.
  ///
  /// - Parameter limit: the tokens that what is returned has at most, by this counter.
  ///
  /// Complexity: that of counting what is returned, times the logarithm of its length.
  public func cut(_ text: String, toTokens limit: Int) -> String {
    TextCut.beginning(of: text, toTokens: limit) { tokens(in: $0) }
  }
}

extension PromptCompiler {
  /// Compiles a prompt; see ``PromptCompiler/compile(_:template:masking:tokensPerMessage:countedBy:)``.
  ///
  /// - Parameters:
  ///   - counter: counts for the model that is asked; where it is a ``TokenEstimator``, give the budget its margin.
  ///   - masking: masks what only the host knows to be a secret.
  public func compile(
    _ context: PromptContext, template: PromptTemplate? = nil, counter: some TokenCounter,
    masking: (any SecretMasking)? = nil
  ) throws(PromptBudgetFailure) -> CompiledPrompt {
    try compile(
      context, template: template, masking: { masking?.masked($0) ?? $0 },
      tokensPerMessage: Int(exactly: max(counter.tokensPerMessage, 0).rounded(.up)) ?? .max,
      countedBy: { counter.tokens(in: $0) })
  }
}
