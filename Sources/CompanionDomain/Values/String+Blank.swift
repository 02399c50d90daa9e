extension String {
  /// Whether it says nothing: it is empty, or white space.
  package var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
