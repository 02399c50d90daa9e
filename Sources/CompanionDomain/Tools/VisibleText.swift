extension String {
  /// The text on one line, as a person can trust it: what would be obeyed instead of shown, such as line ends,
  /// control characters, those that turn the order around and those that are not seen, is written as an escape.
  ///
  /// - Parameter limit: about how many characters are shown; of the text that is left out, the number is told.
  ///
  /// Complexity: linear in the length of the text.
  package func visible(limit: Int) -> String {
    var shown = ""
    var rest = unicodeScalars[...]
    var count = 0
    while count < limit, let scalar = rest.popFirst() {
      let text = scalar.shown
      shown += text
      count += text.unicodeScalars.count
    }
    return rest.isEmpty ? shown : "\(shown)… (\(rest.count) more characters)"
  }
}

extension Unicode.Scalar {
  /// Whether it is seen as itself: no control character, no separator of lines, nothing that turns the order, and
  /// nothing without a shape, but for what changes the shape of its neighbours.
  package var isShown: Bool {
    switch properties.generalCategory {
    case .control, .lineSeparator, .paragraphSeparator: false
    default: !properties.isBidiControl && (!properties.isDefaultIgnorableCodePoint || changesNeighbours)
    }
  }

  /// Joiners and selectors of variants, of which emoji and words of many languages are made.
  private var changesNeighbours: Bool {
    properties.isVariationSelector || ["\u{200C}", "\u{200D}", "\u{34F}"].contains(self)
  }

  fileprivate var shown: String {
    switch self {
    case "\n": "\\n"
    case "\r": "\\r"
    case "\t": "\\t"
    default: isShown ? String(self) : "\\u{\(String(value, radix: 16))}"
    }
  }
}
