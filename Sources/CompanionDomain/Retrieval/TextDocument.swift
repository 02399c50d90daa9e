/// A text that can be found by its words.
package struct TextDocument<ID: Hashable & Comparable & Sendable>: Hashable, Sendable {
  package var id: ID
  package var text: String
  /// What is said about the text, and found as if it were in it: its speaker, its date, a caption.
  package var context: [String]
  /// Where it can be found; what is in no scope is found where no scope is asked for.
  package var scope: String?
  /// The conversation it is part of; sessions of one name in two scopes are two.
  package var session: String?
  /// Its place in its session. Of two in the same place the identifiers decide.
  package var position: Int

  package init(
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
  package var terms: [String] {
    // Parted by a line, so that nothing of one joins something of another.
    TextAnalysis.terms(of: ([text] + context).joined(separator: "\n"))
  }
}
