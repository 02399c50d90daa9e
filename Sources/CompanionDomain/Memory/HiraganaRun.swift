/// Hiragana between other characters: particles and endings, which are told apart from words.
struct HiraganaRun {
  private(set) var content: [String] = []

  init(_ run: String, isAfterWord: Bool, keepsRoles: Bool) {
    var rest = run[...]
    var marks: [String] = []
    // From the end: politeness, tense, wish, negation.
    var isShorter = true
    while isShorter, !rest.isEmpty {
      isShorter = false
      for (ending, mark) in Self.endings where rest.hasSuffix(ending) {
        // A word that merely ends so is none.
        guard isAfterWord || rest.count > ending.count else { continue }
        rest = rest.dropLast(ending.count)
        if let mark { marks.append(mark) }
        isShorter = true
        break
      }
    }
    // A particle at the beginning, and one at the end.
    for (particle, mark) in Self.particles where isAfterWord && rest.hasPrefix(particle) {
      rest = rest.dropFirst(particle.count)
      if let mark { content.append(mark) }
      break
    }
    var last: String?
    for (particle, mark) in Self.particles where rest.count > particle.count && rest.hasSuffix(particle) {
      rest = rest.dropLast(particle.count)
      last = mark
      break
    }
    if keepsRoles, run.contains("が") { content.append("が") }
    if keepsRoles, run.contains("を") { content.append("を") }
    // What is left behind a character is its inflection, unless it is long; else it is a word.
    if isAfterWord, rest.count == 2, let voice = rest.last, "れせ".contains(voice) {
      marks.append(String(voice))
    }
    if !rest.isEmpty, !isAfterWord || rest.count > 2 || Self.words.contains(String(rest)) {
      content.append(String(rest))
    }
    if let last { content.append(last) }
    content += marks.sorted()
  }

  /// What may stand at the end, and what it tells: negation, past, wish, guess; `nil` for how it is put.
  private static let endings: [(String, String?)] = [
    ("ませんでした", "ない|past"), ("なかった", "ない|past"), ("ません", "ない"), ("ではない", "ない"), ("じゃない", "ない"),
    ("ていない", "ている|ない"), ("てない", "ている|ない"), ("ていません", "ている|ない"), ("でいない", "ている|ない"), ("でいません", "ている|ない"),
    ("ない", "ない"), ("ず", "ない"), ("ずに", "ない"), ("ないで", "ない"),
    ("かもしれない", "guess"),
    ("でしょう", "guess"), ("だろう", "guess"), ("らしい", "guess"), ("たい", "wish"), ("たいです", "wish"), ("ほしい", "wish"),
    ("ました", "past"), ("でした", "past"), ("だった", "past"), ("っていた", "past"), ("んでいた", "past"), ("ていた", "past"),
    ("でいた", "past"), ("った", "past"), ("んだ", "past"), ("いた", "past"), ("た", "past"), ("んです", nil),
    ("のです", nil),
    ("ています", nil), ("ている", nil), ("てます", nil), ("てる", nil), ("でいます", nil), ("でいる", nil), ("でます", nil),
    ("でる", nil), ("います", "いる"), ("いる", "いる"), ("あります", "ある"), ("ある", "ある"), ("ます", nil), ("です", nil),
    ("よ", nil),
    ("ね", nil), ("わ", nil), ("だ", nil), ("る", nil), ("の", nil),
  ].sorted { $0.0.count == $1.0.count ? $0.0 < $1.0 : $0.0.count > $1.0.count }

  private static let particles: [(String, String?)] = [
    ("から", "から"), ("まで", "まで"), ("より", "より"), ("には", nil), ("では", nil), ("とは", "と"), ("は", nil), ("が", nil),
    ("を", nil), ("に", nil), ("で", nil), ("へ", nil), ("も", nil), ("の", nil), ("と", "と"), ("や", "と"),
  ]

  /// Words of two characters or less that mean something behind another.
  private static let words: Set<String> = ["すし", "そば", "ねこ", "いぬ", "くも", "はは", "ちち", "あね", "うみ", "やま"]
}
