extension String {
  /// The text without what a terminal would obey instead of showing: control characters but line ends and
  /// tabs, and those that turn the order of what is shown around.
  package var withoutControls: String {
    let shown = unicodeScalars.filter {
      let isObeyed = $0.properties.generalCategory == .control || $0.properties.isBidiControl
      return !isObeyed || $0 == "\n" || $0 == "\t"
    }
    return String(String.UnicodeScalarView(shown))
  }

  /// The text on one line.
  package var singleLine: String { split(whereSeparator: \.isNewline).joined(separator: " ") }
}
