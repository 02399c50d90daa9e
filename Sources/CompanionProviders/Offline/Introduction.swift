import Synchronization

/// Finds out how people say who they are.
enum Introduction {
  /// The name in a sentence such as "I am Aiko", 「愛子と申します」 or “我叫爱子”.
  static func name(in sentence: String) -> String? {
    guard signs.isFound(in: ComparableText(sentence)) else { return nil }
    return patterns.withLock { patterns in
      patterns.lazy.compactMap { sentence.firstMatch(of: $0)?.output.1 }.first.map { String($0) }
    }
  }

  /// Whether a sentence greets.
  static func isGreeting(_ sentence: String) -> Bool {
    let text = sentence.lowercased()
    return greetings.contains { text.hasPrefix($0) }
  }

  /// Whether a question asks for the person's own name.
  static func isAskedFor(in question: String) -> Bool {
    let text = question.lowercased()
    return asks.contains { text.contains($0) }
  }

  /// One of these is in every sentence that has a name.
  private static let signs = PhraseTable([
    "i am ", "i'm ", "my name is ", "call me ", "と申します", "といいます", "と言います", "です", "我叫", "我的名字是", "我名叫",
  ])

  // A regex is not Sendable, and reading one takes longer than a sentence: there is one of each.
  private static let patterns = Mutex<[Regex<(Substring, Substring)>]>([
    /\b(?:[Ii] am|[Ii]['’]m|[Mm]y name is|[Cc]all me) (\p{Lu}[\p{L}'’-]*)/,
    /(?:私は|僕は|俺は|名前は|^|[、。])([\p{Han}\p{Katakana}ー\p{Latin}]{1,12}?)(?:と申します|といいます|と言います|です(?:。|$))/,
    /(?:我叫|我的名字是|我名叫)([\p{Han}\p{Latin}]{1,12}?)(?:[,，。！]|$)/,
  ])

  private static let greetings = [
    "hello", "hi ", "hi,", "hi!", "hi.", "hey", "good morning", "good afternoon", "good evening", "こんにちは",
    "おはよう", "こんばんは", "はじめまして", "初めまして", "你好", "您好", "早上好", "晚上好",
  ]

  private static let asks = [
    "my name", "who am i", "what am i called", "私の名前", "僕の名前", "私は誰", "我的名字", "我叫什么", "我是谁",
  ]
}
