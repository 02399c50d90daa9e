/// The language that a text seems to be written in, by its script.
public enum WrittenLanguage: Hashable, Sendable {
  case english, japanese, chinese

  /// Kana make a text Japanese; Han characters without kana make it Chinese; the rest counts as English.
  public init(of text: String) {
    var hasHan = false
    for scalar in text.unicodeScalars {
      switch scalar.value {
      case 0x3041...0x30FF, 0x31F0...0x31FF, 0xFF66...0xFF9D:
        self = .japanese
        return
      case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x3FFFF: hasHan = true
      default: continue
      }
    }
    self = hasHan ? .chinese : .english
  }
}
