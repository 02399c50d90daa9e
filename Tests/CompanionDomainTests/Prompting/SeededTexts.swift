import CompanionDomain

extension SplitMix64 {
  /// Whether something with a probability happens.
  mutating func happens(_ probability: Double) -> Bool {
    Double.random(in: 0..<1, using: &self) < probability
  }
}

/// Texts of many scripts.
enum SeededTexts {
  private static let words = [
    "the", "companion", "remembers", "what", "you", "said", "Yesterday", "iPhone", "HTTP", "3.14", "2026",
    "fn(x)", "{\"a\":1}", "über", "naïve", "привет", "мир", "こんにちは", "梅雨の季節", "コンパニオン", "你好世界",
    "中文文本", "안녕하세요", "🙂", "👨‍👩‍👧", "❤️", "e\u{301}", "--", "\n", "\n\n", "  ", "。", "！", ". ", "? ", "שלום",
    "ไทย", "🇯🇵", "\r\n", "\u{0}", "…", "」",
  ]

  static func text(_ count: Int, _ numbers: inout SplitMix64) -> String {
    var text = ""
    for _ in 0..<count {
      text += words.randomElement(using: &numbers) ?? ""
      if numbers.happens(0.6) { text += " " }
    }
    return text
  }
}
