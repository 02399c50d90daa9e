/// Finds out what people put right, by how it is said in English, Japanese and Chinese: "no, my sister is called Mio,
/// not Mia".
///
/// It rather finds a contrast too many than misses a correction, but no refusal, such as "no, thanks", and no question.
package enum CorrectionRules {
  /// The sentences of a text that correct something, word for word.
  ///
  /// A sentence that only says that something is wrong brings the next one with it. Complexity: linear in the length of
  /// the text, of which the first 4,000 characters count.
  package static func corrections(in text: String) -> [String] {
    let sentences = sentences(of: text.prefix(longestText))
    var found: [String] = []
    var place = 0
    while place < sentences.count {
      let sentence = sentences[place]
      place += 1
      guard sentence.count <= UserCorrection.longest, isCorrection(sentence) else { continue }
      if isOnlyRefusal(sentence) {
        guard place < sentences.count, !Question.isAsked(in: sentences[place]) else { continue }
        let both = sentence + " " + sentences[place]
        place += 1
        if both.count <= UserCorrection.longest { found.append(both) }
      } else {
        found.append(sentence)
      }
    }
    return found
  }

  private static func isCorrection(_ sentence: String) -> Bool {
    let text = ComparedSentence(sentence)
    let isCorrection =
      switch WrittenLanguage(of: sentence) {
      case .english: isEnglish(text)
      case .japanese: isJapanese(text)
      case .chinese: isChinese(text)
      }
    return isCorrection && !Question.isAsked(in: sentence)
  }

  /// Whether a sentence says that something is wrong, and not what is right.
  private static func isOnlyRefusal(_ sentence: String) -> Bool {
    switch WrittenLanguage(of: sentence) {
    case .english: sentence.split { $0.isWhitespace }.count <= 3 && !sentence.contains(", not ")
    case .japanese, .chinese:
      sentence.count <= 8 && !(contrasts + chineseContrasts).contains { sentence.contains($0) }
    }
  }

  private static func isEnglish(_ text: ComparedSentence) -> Bool {
    if text.begins(with: refusals) { return false }
    return text.begins(with: openings) || text.contains(phrases) || isContrast(text)
  }

  /// Whether it says that something is one thing, not another.
  private static func isContrast(_ text: ComparedSentence) -> Bool {
    guard let not = text.first(", not "), text.upTo(not.lowerBound).contains(copulas) else { return false }
    return !text.from(not.upperBound).begins(with: emphases)
  }

  private static func isJapanese(_ text: ComparedSentence) -> Bool {
    if text.contains(politeness) { return false }
    if text.begins(with: japaneseOpenings) || text.contains(japanesePhrases) { return true }
    return contrasts.contains { contrast in
      var rest = text
      while let range = rest.first(contrast) {
        if !rest.upTo(range.lowerBound).ends(in: ["だけ", "のみ", "ばかり"]) { return true }
        rest = rest.from(range.upperBound)
      }
      return false
    }
  }

  private static func isChinese(_ text: ComparedSentence) -> Bool {
    if text.begins(with: ["不用", "不客气", "不了", "不,谢", "不，谢", "不谢"]) { return false }
    if text.begins(with: ["不对", "不,", "不，", "错了", "更正", "纠正"]) { return true }
    if text.contains(chinesePhrases) || text.contains(["而不是"]) { return true }
    guard let not = text.first("不是"), !text.upTo(not.lowerBound).ends(in: ["是"]) else { return false }
    // "不是 A,是 B", or the other way round.
    if text.from(not.upperBound).contains(chineseTurns) { return true }
    return text.upTo(not.lowerBound).ends(in: ["，", ","]) && text.begins(with: ["是"])
  }

  private static let chineseTurns = ["，", ",", "而", "、"].flatMap { mark in
    ["是", "叫", "而是", "而叫"].map { mark + $0 }
  }
  private static let longestText = 4_000

  private static let openings = [
    "no, ", "no. ", "no - ", "no – ", "no — ", "no.", "no!", "nope, ", "nope.", "wrong", "that's wrong",
    "correction:",
    "correction,", "not quite", "sorry, i mean", "wait, no", "actually, it", "actually, my", "actually, i am",
    "actually, i'm", "actually it's", "actually my", "actually, that", "actually, he", "actually, she",
    "actually, they", "actually, we",
  ]
  private static let refusals = [
    "no, thank", "no. thank", "no thank", "no, that's fine", "no, that's ok", "no, that is fine",
    "no, that's all",
    "no, that's it", "no, it's fine", "no, it's ok", "no, i'm fine", "no, i'm good", "no, not yet",
    "no, not really",
    "no, never mind", "no, nothing", "no, go ahead", "no, please", "no, sorry", "no, let's",
    "no, don't worry", "no problem",
    "no worries",
  ]
  private static let phrases = [
    "i meant ", "what i mean is", "that's wrong", "that is wrong", "that's not right", "that is not right",
    "that's not correct", "that is not correct", "that's incorrect", "that is incorrect", "you misunderstood",
    "you got that wrong", "you got it wrong", "you have it wrong", "not what i said", "i never said",
    "i didn't say",
    "i did not say", "you mixed up", "it should be ", "should have been ",
  ]
  private static let copulas = [
    " is ", " are ", " was ", " were ", "'s ", "'m ", " am ", "'re ", " named ", " called ", "call me ",
    " spelled ",
  ]
  private static let emphases = [
    "only", "just", "that ", "really", "sure", "yet", "even", "to mention", "at all", "bad", "necessarily",
    "too ",
  ]
  private static let politeness = ["大丈夫", "結構です", "けっこうです", "ありがと", "問題ない", "とんでもない"]
  private static let japaneseOpenings = [
    "違う", "違います", "違いま", "ちがう", "ちがいます", "いや、", "いや,", "いいえ、", "いいえ。", "いえ、", "訂正",
  ]
  private static let japanesePhrases = [
    "正しくは", "間違えてい", "間違ってい", "間違いで", "訂正します", "訂正です", "言い間違え", "勘違い", "そうじゃなくて", "そうではなく",
  ]
  private static let contrasts = ["じゃなくて", "ではなくて", "ではなく", "じゃなく"]
  private static let chinesePhrases = [
    "说错了", "搞错了", "弄错了", "记错了", "你错了", "写错了", "应该是", "我的意思是", "我是说", "我说的是", "更正一下", "纠正一下",
  ]
  private static let chineseContrasts = ["不是", "应该是", "我是说"]
}

extension CorrectionRules {
  /// The sentences of a text, each with its mark at the end.
  private static func sentences(of text: Substring) -> [String] {
    var sentences: [String] = []
    var start = text.startIndex
    var index = text.startIndex
    func take(to end: String.Index) {
      let sentence = text[start..<end].trimmed
      if sentence.contains(where: { $0.isLetter || $0.isNumber }) { sentences.append(sentence) }
      start = end
    }
    while index < text.endIndex {
      let next = text.index(after: index)
      let character = text[index]
      switch character {
      case "。", "！", "？": take(to: next)
      case ".", "!", "?": if next == text.endIndex || text[next].isWhitespace { take(to: next) }
      default: if character.isNewline { take(to: next) }
      }
      index = next
    }
    take(to: text.endIndex)
    return sentences
  }
}

/// A sentence as phrases are looked for in it: in small letters, with straight apostrophes.
private struct ComparedSentence {
  private let bytes: ArraySlice<UInt8>

  init(_ sentence: String) {
    var bytes: [UInt8] = []
    for byte in sentence.lowercased().utf8 {
      bytes.append(byte)
      guard byte == 0x99, bytes.suffix(3) == [0xe2, 0x80, 0x99] else { continue }
      bytes.removeLast(3)
      bytes.append(UInt8(ascii: "'"))
    }
    self.bytes = bytes[...]
  }

  private init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }

  func begins(with phrases: [String]) -> Bool { phrases.contains { bytes.starts(with: $0.utf8) } }

  func ends(in phrases: [String]) -> Bool {
    phrases.contains { bytes.suffix($0.utf8.count).elementsEqual($0.utf8) }
  }

  func contains(_ phrases: [String]) -> Bool { phrases.contains { first($0) != nil } }

  func upTo(_ place: Int) -> ComparedSentence { ComparedSentence(bytes[..<place]) }

  func from(_ place: Int) -> ComparedSentence { ComparedSentence(bytes[place...]) }

  /// Where a phrase stands for the first time.
  func first(_ phrase: String) -> Range<Int>? {
    let count = phrase.utf8.count
    guard let initial = phrase.utf8.first, bytes.count >= count else { return nil }
    for place in bytes.startIndex...bytes.endIndex - count
    where bytes[place] == initial && bytes[place..<place + count].elementsEqual(phrase.utf8) {
      return place..<place + count
    }
    return nil
  }
}

extension Substring {
  /// Without white space at both ends.
  fileprivate var trimmed: String {
    var text = self
    while text.first?.isWhitespace == true { text.removeFirst() }
    while text.last?.isWhitespace == true { text.removeLast() }
    return String(text)
  }
}
