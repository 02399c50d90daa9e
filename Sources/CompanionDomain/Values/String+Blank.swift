extension String {
  /// Whether it says nothing: it is empty, or white space.
  var isBlank: Bool { allSatisfy(\.isWhitespace) }
}
