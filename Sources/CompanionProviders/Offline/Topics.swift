import CompanionDomain

/// What several sentences are about: the words that come up in more than one of them.
struct Topics {
  /// The most common first, of equals the first to come up.
  let names: [String]

  private static let most = 5

  init(_ sentences: [String], in least: Int = 2) {
    var counts: [String: Int] = [:]
    var order: [String] = []
    var surface: [String: String] = [:]
    for sentence in sentences {
      var seen: Set<String> = []
      for word in Self.words(of: sentence) {
        let key = word.unicodeScalars.allSatisfy(\.isASCII) ? TextAnalysis.terms(of: word).first ?? "" : word
        guard !key.isEmpty, seen.insert(key).inserted else { continue }
        if counts[key] == nil { order.append(key) }
        // The shortest form is that of a dictionary, mostly.
        if let known = surface[key], known.count <= word.count {} else { surface[key] = word }
        counts[key, default: 0] += 1
      }
    }
    let common = order.filter { counts[$0, default: 0] >= least }
    // A row of characters inside of another one that is as common says nothing more.
    let byCount = Dictionary(grouping: common) { counts[$0, default: 0] }
    let whole = common.filter { name in
      !byCount[counts[name, default: 0], default: []].contains {
        $0.utf8.count > name.utf8.count && $0.contains(name)
      }
    }
    let ranked = whole.enumerated().sorted {
      (counts[$1.element, default: 0], $0.offset) < (counts[$0.element, default: 0], $1.offset)
    }
    names = ranked.prefix(Self.most).compactMap { surface[$0.element] }
  }

  /// The words of a sentence that may name a topic.
  private static func words(of sentence: String) -> [String] {
    let isChinese = WrittenLanguage(of: sentence) == .chinese
    var words: [String] = []
    for run in TextRun.all(in: sentence) {
      let word = run.text
      switch run.script {
      case .latin where word.utf8.count > 3 && word.utf8.allSatisfy({ $0 < 0x80 }):
        let lowered = word.lowercased()
        if !common.contains(lowered), !lowered.contains("'") { words.append(word) }
      case .han where word.unicodeScalars.count > 1 && isChinese: words += pairs(of: word)
      case .han where word.unicodeScalars.count > 1, .katakana where word.unicodeScalars.count > 1:
        if !commonCharacters.contains(word) { words.append(word) }
      default: continue
      }
    }
    return words
  }

  /// No space parts words of Chinese: pairs and rows of three and four, without those with common characters.
  private static func pairs(of row: String) -> [String] {
    let parts = row.split { functionCharacters.contains($0) }
    return parts.flatMap { part -> [String] in
      let characters = Array(part)
      return (2...4).flatMap { length in
        characters.indices.dropLast(length - 1).map { String(characters[$0..<($0 + length)]) }
      }
    }.filter { !commonCharacters.contains($0) }
  }

  private static let functionCharacters = Set("我你他她它们的了是在有和就都也不没很到去来说要会能想这那个一二两三吗呢吧啊把被给跟对从上下里为什么怎样还又再得着过")

  private static let commonCharacters: Set<String> = [
    "今日", "明日", "昨日", "今週", "来週", "先週", "今月", "来月", "先月", "今年", "来年", "去年", "最近", "本当", "時間", "一緒", "自分",
    "大丈夫", "今天", "明天", "昨天", "现在", "时候", "喜欢", "觉得", "知道", "可以", "已经", "因为", "所以", "但是", "如果", "真的", "最近",
    "打算",
    "决定", "开始", "起来", "东西", "晚上", "早上", "下午", "上午", "非常", "应该", "一起", "好吃", "谢谢", "好的", "大家", "予定", "全部",
  ]

  private static let common: Set<String> = [
    "about", "actually", "after", "again", "almost", "already", "also", "always", "another", "anything",
    "around",
    "back", "because", "been", "before", "being", "bring", "came", "come", "coming", "could", "days",
    "decided",
    "does", "doing", "done", "down", "each", "else", "even", "ever", "every", "feel", "fine", "first", "from",
    "getting", "give", "going", "gone", "good", "great", "haha", "hardly", "have", "having", "hello", "help",
    "here", "into", "just", "keep", "kind", "know", "last", "late", "later", "least", "left", "less", "like",
    "little", "live", "long", "look", "looking", "lots", "love", "made", "make", "maybe", "mean", "more",
    "morning",
    "most", "move", "much", "must", "need", "never", "next", "nice", "night", "nothing", "okay", "once",
    "only",
    "other", "over", "people", "please", "pretty", "probably", "quite", "really", "right", "said", "same",
    "seems",
    "should", "since", "some", "someone", "something", "soon", "sorry", "sounds", "still", "such", "sure",
    "take",
    "taking", "tell", "than", "thank", "thanks", "that", "their", "them", "then", "there", "these", "they",
    "thing",
    "things", "think", "this", "those", "though", "through", "time", "today", "told", "tomorrow", "tonight",
    "took",
    "until", "used", "very", "wait", "want", "well", "went", "were", "what", "when", "where", "which",
    "while",
    "will", "with", "work", "works", "would", "year", "years", "yesterday", "your", "monday", "tuesday",
    "wednesday",
    "thursday", "friday", "saturday", "sunday", "week", "weekend", "month", "evening", "afternoon", "plan",
    "planning", "hope", "ready", "might", "better", "best", "both", "anyone", "everyone", "away", "find",
    "found",
    "called", "finally", "prefer", "enjoy", "hate", "half", "many",
  ]
}
