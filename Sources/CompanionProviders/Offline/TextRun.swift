/// A row of characters of one script.
struct TextRun: Hashable {
  /// What characters look like.
  enum Script: Hashable {
    case latin, hiragana, katakana, han, other

    init(_ scalar: Unicode.Scalar) {
      self =
        switch scalar.value {
        case 0x41...0x5A, 0x61...0x7A, 0xC0...0xD6, 0xD8...0xF6, 0xF8...0x24F: .latin
        case 0x3041...0x3096, 0x309D...0x309F: .hiragana
        case 0x30A1...0x30FA, 0x30FC...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9D: .katakana
        case 0x3005, 0x3007, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: .han
        default: .other
        }
    }
  }

  var script: Script
  var text: String

  /// The rows of a text in their order; a word may have apostrophes and hyphens in it.
  static func all(in text: String) -> [TextRun] {
    var runs: [TextRun] = []
    var row = String.UnicodeScalarView()
    var script = Script.other
    for scalar in text.unicodeScalars {
      var next = Script(scalar)
      if next == .other, script == .latin, "'’-".unicodeScalars.contains(scalar) { next = .latin }
      if next != script {
        if !row.isEmpty { runs.append(TextRun(script: script, text: String(row))) }
        row = String.UnicodeScalarView()
        script = next
      }
      row.append(scalar)
    }
    if !row.isEmpty { runs.append(TextRun(script: script, text: String(row))) }
    return runs
  }
}
