/// A text that can be found by its words.
public struct TextDocument<ID: Hashable & Comparable & Sendable>: Hashable, Sendable {
  /// Its name.
  public var id: ID
  /// What it says.
  public var text: String
  /// What is said about the text, and found as if it were in it: its speaker, its date, a caption.
  public var context: [String]
  /// Where it can be found; what is in no scope is found where no scope is asked for.
  public var scope: String?
  /// The conversation it is part of; sessions of one name in two scopes are two.
  public var session: String?
  /// Its place in its session. Of two in the same place the identifiers decide.
  public var position: Int

  /// A text, with what is known of it.
  public init(
    id: ID, text: String, context: [String] = [], scope: String? = nil, session: String? = nil,
    position: Int = 0
  ) {
    self.id = id
    self.text = text
    self.context = context
    self.scope = scope
    self.session = session
    self.position = position
  }

  /// The terms of all of it. Complexity: linear in its length.
  public var terms: [String] {
    // Parted by a line, so that nothing of one joins something of another.
    TextAnalysis.terms(of: ([text] + context).joined(separator: "\n"))
  }
}
