/// Masks further secrets before anything goes to a provider: what only the host knows to be one.
///
/// The engine masks keys of well-known providers, tokens, passwords that are named as such and blocks of private keys
/// by itself, before this is asked.
public protocol SecretMasking: Sendable {
  /// A text without its secrets. The same text always gives the same, or prompts change from turn to turn; and what it
  /// has masked comes out as it is: a text that is cut is masked before, and its pieces again before they go.
  ///
  /// Complexity: linear in the length of the text; it is called for every text of every prompt, and for what gets vectors.
  func masked(_ text: String) -> String
}
