import CompanionDomain

/// Tells what says something from greetings, thanks, and words that merely agree.
///
/// A word of English is several letters; of Chinese and Japanese mostly one or two characters: a sentence of seven
/// may say as much as one of six words.
enum SmallTalk {
  /// Whether a sentence says more than that somebody greets, thanks or agrees.
  static func tells(_ sentence: String) -> Bool {
    switch WrittenLanguage(of: sentence) {
    case .english: words(of: sentence) >= 3
    // Whoever says something of themselves says it in fewer characters.
    case .chinese: characters(of: sentence) >= (sentence.unicodeScalars.contains("我") ? 2 : 3)
    case .japanese: characters(of: sentence) >= 2
    }
  }

  /// Whether there is anything in a sentence beside small talk.
  static func hasContent(_ sentence: String) -> Bool {
    WrittenLanguage(of: sentence) == .english ? words(of: sentence) > 0 : characters(of: sentence) > 0
  }

  private static func words(of sentence: String) -> Int {
    Set(TextAnalysis.terms(of: sentence)).subtracting(smallWords).count
  }

  /// How many characters carry meaning. Hiragana are endings and particles, and so are some of Chinese; a word in
  /// Latin letters, or a number, counts for two.
  private static func characters(of sentence: String) -> Int {
    var text = sentence
    for place in table.groups(in: ComparableText(text)) {
      text = text.replacing(phrases[place], with: " ")
    }
    let isChinese = WrittenLanguage(of: sentence) == .chinese
    return TextRun.all(in: text).reduce(0) { count, run in
      switch run.script {
      case .han: count + run.text.unicodeScalars.count { !isChinese || !particles.contains($0) }
      case .katakana: count + run.text.unicodeScalars.count
      case .latin: count + (smallWords.contains(run.text.lowercased()) ? 0 : 2)
      case .hiragana: count
      case .other: count + (run.text.contains(where: \.isNumber) ? 2 : 0)
      }
    }
  }

  private static let smallWords: Set<String> = [
    "thank", "ok", "okay", "ye", "yes", "no", "not", "haha", "lol", "nice", "good", "great", "cool", "sure",
    "sound", "thing", "fine", "oh", "wow", "see", "hello", "hi", "hey", "bye", "night", "morning", "sorry",
    "please",
  ]

  /// The longer ones first: some stand in others.
  private static let phrases = [
    "不好意思", "没有问题", "我知道了", "知道了", "早上好", "晚上好", "下午好", "中午好", "大家好", "不客气", "没关系", "没问题", "对不起", "辛苦了",
    "不用谢", "太好了", "太棒了", "谢谢", "多谢", "感谢", "没事", "你好", "您好", "明白", "了解", "收到", "同意", "当然", "再见", "拜拜", "晚安",
    "早安", "抱歉", "哈哈", "真的", "不错", "没错", "好的", "好吧", "可以", "知道", "真棒", "加油",
    "ありがとう", "有難う", "有り難う", "御座います", "お疲れ様", "お疲れさま", "お疲れ", "ご苦労様", "お願い", "大丈夫", "了解", "承知", "承りました",
    "分かり", "分かった", "判りました", "感謝", "失礼", "本当", "結構", "最高", "素敵", "賛成", "同感", "勿論", "頑張", "申し訳", "問題な",
    "良かった", "良い", "元気", "今日は", "今晩は", "初めまして", "済みません", "オッケー", "オーケー", "ハハ", "バイバイ", "ハイ", "ハロー", "ドンマイ",
  ]

  private static let table = PhraseTable(phrases.map { [$0] })

  private static let particles = Set("我你您他她它们的了是在吗呢吧啊呀哦嗯哈都也就还又很太真好那这不没有和跟对".unicodeScalars)
}
