/// Counts the tokens that a model makes of a text.
public protocol TokenCounter: Sendable {
  /// The tokens of a text, at least 0; an estimate where the counter is not exact.
  ///
  /// Complexity: linear in the length of the text.
  func tokens(in text: String) -> Int
}

/// A rule of thumb for models whose tokenizer is not known: four ASCII characters to a token, one token for
/// any other character.
public struct RuleOfThumbTokenCounter: TokenCounter {
  /// The rule.
  public init() {}

  /// The tokens of a text, by the rule.
  public func tokens(in text: String) -> Int {
    var ascii = 0
    var others = 0
    for byte in text.utf8 {
      // Of any other character, the first byte counts.
      if byte < 0x80 { ascii += 1 } else if byte >= 0xc0 { others += 1 }
    }
    return (ascii + 3) / 4 + others
  }
}
