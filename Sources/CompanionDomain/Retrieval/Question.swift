/// Tells questions from statements, in English, Japanese and Chinese.
public enum Question {
  /// Whether a sentence asks something.
  public static func isAsked(in sentence: String) -> Bool {
    var text = sentence.lowercased()[...]
    while let last = text.last, last.isWhitespace || "。.!！\"”」』)".contains(last) { text.removeLast() }
    if text.hasSuffix("?") || text.hasSuffix("？") { return true }
    switch WrittenLanguage(of: sentence) {
    case .japanese:
      return text.hasSuffix("か") || text.hasSuffix("かな") || text.hasSuffix("教えて")
        || text.hasSuffix("教えてください")
    case .chinese:
      return text.hasSuffix("吗") || text.hasSuffix("呢") || chineseWords.contains { text.contains($0) }
    case .english:
      let first = text.prefix { $0.isLetter || $0 == "'" }
      return openings.contains(String(first)) || text.hasPrefix("tell me ") || text.hasPrefix("do you ")
    }
  }

  private static let openings: Set<String> = [
    "are", "can", "could", "did", "does", "how", "is", "what", "what's", "when", "where", "where's", "which",
    "who", "who's", "whom", "whose", "why", "would",
  ]

  private static let chineseWords = ["什么", "哪里", "哪儿", "哪个", "谁", "怎么", "为什么", "多少", "几点"]
}
