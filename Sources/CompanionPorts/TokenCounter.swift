public import CompanionDomain

/// Counts the tokens that a model makes of a text.
public protocol TokenCounter: Sendable {
  /// The tokens of a text, at least 0; an estimate where the counter is not exact.
  ///
  /// Complexity: linear in the length of the text.
  func tokens(in text: String) -> Int
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
