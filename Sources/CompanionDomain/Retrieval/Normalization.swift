import Foundation

/// Compatibility normalisation (NFKC) for the analysis, which most text has behind it already.
enum Normalization {
  /// A text, normalised where any of it needs to be; `nil` where none does.
  ///
  /// Full-width ASCII counts as normal: ``TermReader`` maps it. Of marks in a row only 30 are kept, the limit
  /// of stream-safe text (https://www.unicode.org/reports/tr15/#Stream_Safe_Text_Format), because putting
  /// marks in order takes more than linear time.
  static func normalized(_ text: String) -> String? {
    guard text.unicodeScalars.contains(where: { !isNormal($0.value) }) else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    // What is not normal, with the one scalar before that it may join. The rest of the text has no part in it.
    var stretch = ""
    var before: Unicode.Scalar?
    var marks = 0
    for scalar in text.unicodeScalars {
      if isNormal(scalar.value) {
        if !stretch.isEmpty { bytes += composed(stretch).utf8 }
        stretch = ""
        if let before { append(before, to: &bytes) }
        before = scalar
        marks = 0
        continue
      }
      if let joined = before { stretch.unicodeScalars.append(joined) }
      before = nil
      let isMark = scalar.properties.canonicalCombiningClass != .notReordered
      marks = isMark ? marks + 1 : 0
      if marks <= 30 { stretch.unicodeScalars.append(scalar) }
    }
    bytes += composed(stretch).utf8
    if let before { append(before, to: &bytes) }
    return String(decoding: bytes, as: UTF8.self)
  }

  private static func append(_ scalar: Unicode.Scalar, to bytes: inout [UInt8]) {
    if let encoded = UTF8.encode(scalar) { bytes.append(contentsOf: encoded) }
  }

  private static func composed(_ stretch: String) -> String {
    // In two steps: Foundation on Linux composes nothing that the first has taken apart.
    stretch.decomposedStringWithCompatibilityMapping.precomposedStringWithCanonicalMapping
  }

  /// Whether a scalar stays as it is, whatever stands beside it. Marks are not: they join what is before them.
  private static func isNormal(_ value: UInt32) -> Bool {
    switch value {
    case 0...0x9F, 0xC0...0x131, 0x134...0x13E, 0x141...0x148, 0x14A...0x17E: true
    case 0x391...0x3A9, 0x3AC...0x3CE, 0x400...0x481, 0x48A...0x52F, 0x5D0...0x5EA, 0x621...0x64A: true
    case 0x200C...0x200D, 0x2010...0x2016, 0x2018...0x2023, 0x2026...0x202E: true
    case 0x2600...0x27BF, 0x3000...0x3035, 0x3041...0x3096, 0x309D...0x309E, 0x30A0...0x30FE: true
    case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xAC00...0xD7A3, 0xFE0F, 0xFF01...0xFF5E: true
    case 0x1F300...0x1FAFF, 0x20000...0x2F7FF: true
    default: false
    }
  }

  /// A scalar as the bytes of UTF-8: a Latin letter without its marks, another in lower case. Letters that become
  /// ASCII keep their case.
  static func folded(_ scalar: Unicode.Scalar) -> [UInt8] {
    switch scalar.value {
    case 0xC0..<0x250: latin[Int(scalar.value) - 0xC0]
    case 0x1E00..<0x1F00: latinAdditional[Int(scalar.value) - 0x1E00]
    // Russian is mostly written without the dots of ё.
    case 0x401, 0x451: [UInt8]("е".utf8)
    // A sigma is another at the end of a word.
    case 0x3C2: [UInt8]("σ".utf8)
    default: [UInt8](scalar.properties.lowercaseMapping.utf8)
    }
  }

  private static let latin = (0xC0..<0x250).map(withoutMarks)
  private static let latinAdditional = (0x1E00..<0x1F00).map(withoutMarks)

  private static func withoutMarks(_ value: Int) -> [UInt8] {
    guard let scalar = Unicode.Scalar(UInt32(value)) else { return [] }
    if let plain = undecomposed[scalar] { return [UInt8](plain.utf8) }
    let bases = String(scalar).decomposedStringWithCanonicalMapping.unicodeScalars
      .filter { !(0x300...0x36F).contains($0.value) }
    let plain = String(String.UnicodeScalarView(bases))
    return [UInt8]((plain.utf8.allSatisfy { $0 < 0x80 } ? plain : plain.lowercased()).utf8)
  }

  /// Latin letters that are no letter with a mark to Unicode, yet are written as others where they are missing.
  private static let undecomposed: [Unicode.Scalar: String] = [
    "Æ": "AE", "æ": "ae", "Ð": "D", "ð": "d", "Ø": "O", "ø": "o", "Þ": "TH", "þ": "th", "ß": "ss", "Đ": "D",
    "đ": "d", "Ħ": "H", "ħ": "h", "ı": "i", "Ł": "L", "ł": "l", "Œ": "OE", "œ": "oe", "ẞ": "SS",
  ]
}
