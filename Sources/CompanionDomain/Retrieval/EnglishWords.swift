/// English words, and the terms they become.
enum EnglishWords {
  /// The term of a word in lower case; `nil` for a stop word.
  static func term(of word: [UInt8]) -> String? {
    let text = String(decoding: word, as: UTF8.self)
    if word.count <= longestKnown, let term = known[text] { return term.isEmpty ? nil : term }
    guard word.count > 2, EnglishStem.mayChange(word), word.allSatisfy({ $0 < 0x80 }) else { return text }
    return EnglishStem(word).text
  }

  /// The terms of words that follow no rule, empty for stop words.
  private static let known: [String: String] = {
    var known = baseForms.mapValues { EnglishStem([UInt8]($0.utf8)).text }
    for word in unchanging { known[word] = word }
    for word in stopWords { known[word] = "" }
    return known
  }()

  static let months = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october",
    "november", "december",
  ]

  static let ordinalEndings: Set<String> = ["st", "nd", "rd", "th"]

  /// No word of the lists is longer.
  private static let longestKnown = 10

  private static let stopWords: Set<String> = [
    "a", "about", "am", "an", "and", "any", "are", "aren", "as", "at", "be", "because", "been", "being",
    "but",
    "by", "ca", "can", "could", "did", "didn", "do", "does", "doesn", "doing", "don", "done", "dont", "for",
    "from", "had", "has", "have", "having", "he", "her", "hers", "him", "his", "how", "i", "if", "im", "in",
    "into", "is", "isn", "it", "its", "ive", "me", "my", "of", "on", "or", "our", "ours", "she", "should",
    "so", "than", "that", "the", "their", "theirs", "them", "then", "there", "these", "they", "this", "those",
    "to", "too", "very", "was", "we", "were", "what", "when", "where", "which", "who", "whom", "whose", "why",
    "will", "with", "wo", "would", "you", "your", "yours",
  ]

  /// Words that only look like a form of another.
  private static let unchanging: Set<String> = [
    "anything", "ceiling", "christmas", "during", "evening", "everything", "hundred", "morning", "news",
    "nothing", "sibling", "something", "wedding",
  ]

  /// The base of irregular forms, and the full word of short ones.
  private static let baseForms: [String: String] = [
    // Verbs, each with its forms.
    "become": ["became"], "begin": ["began", "begun"], "blow": ["blew", "blown"],
    "break": ["broke", "broken"], "bring": ["brought"], "build": ["built"], "buy": ["bought"],
    "catch": ["caught"], "choose": ["chose", "chosen"], "come": ["came"], "deal": ["dealt"],
    "die": ["dying"], "draw": ["drew", "drawn"], "dream": ["dreamt"], "drink": ["drank", "drunk"],
    "drive": ["drove", "driven"], "eat": ["ate", "eaten"], "fall": ["fell", "fallen"], "feed": ["fed"],
    "feel": ["felt"], "fight": ["fought"], "find": ["found"], "fly": ["flew", "flown"],
    "forget": ["forgot", "forgotten"], "freeze": ["froze", "frozen"], "get": ["got", "gotten"],
    "give": ["gave", "given"], "go": ["went", "gone", "goes"], "grow": ["grew", "grown"], "hang": ["hung"],
    "hear": ["heard"], "hide": ["hid", "hidden"], "hold": ["held"], "keep": ["kept"],
    "know": ["knew", "known"], "lead": ["led"], "learn": ["learnt"], "leave": ["left"], "lend": ["lent"],
    "lie": ["lying", "lain"], "lose": ["lost"], "make": ["made"], "meet": ["met"], "pay": ["paid"],
    "ride": ["rode", "ridden"], "ring": ["rang", "rung"], "rise": ["risen"], "run": ["ran"],
    "say": ["said"], "see": ["saw", "seen"], "sell": ["sold"], "send": ["sent"], "shake": ["shook"],
    "shoot": ["shot"], "show": ["shown"], "sing": ["sang", "sung"], "sit": ["sat"], "sleep": ["slept"],
    "speak": ["spoke", "spoken"], "spend": ["spent"], "stand": ["stood"], "steal": ["stole", "stolen"],
    "swim": ["swam", "swum"], "take": ["took", "taken"], "teach": ["taught"], "tell": ["told"],
    "think": ["thought"], "throw": ["threw", "thrown"], "tie": ["tying"],
    "understand": ["understood"], "wake": ["woke", "woken"], "wear": ["wore", "worn"], "win": ["won"],
    "write": ["wrote", "written"],
    // Nouns.
    "child": ["children"], "foot": ["feet"], "half": ["halves"], "knife": ["knives"],
    "loaf": ["loaves"], "man": ["men"], "mouse": ["mice"], "person": ["people"],
    "shelf": ["shelves"], "tooth": ["teeth"], "wife": ["wives"], "wolf": ["wolves"], "woman": ["women"],
    // Months and days.
    "january": ["jan"], "february": ["feb"], "april": ["apr"], "june": ["jun"], "july": ["jul"],
    "august": ["aug"], "september": ["sep", "sept"], "october": ["oct"], "november": ["nov"],
    "december": ["dec"], "tuesday": ["tue", "tues"], "thursday": ["thu", "thurs"], "friday": ["fri"],
  ].reduce(into: [:]) { bases, entry in
    for form in entry.value { bases[form] = entry.key }
  }
}
