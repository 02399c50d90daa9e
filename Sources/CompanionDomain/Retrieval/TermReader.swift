/// Reads text byte by byte, and collects its terms; see ``TextAnalysis``.
struct TermReader {
  private(set) var terms: [String] = []
  /// Where in the terms each stretch begins: a row of characters of one script that parts no words. A pair of
  /// two scripts is in the stretch of its second character, unless that alone is hiragana.
  private(set) var stretches: [Int] = []

  /// The word that is being read; its ASCII letters still have their case.
  private var word: [UInt8] = []
  /// Whether the word may be made of several: its case changes inside, or letters and digits meet.
  private var isCompound = false
  /// What stands directly before, where that joins with a character of a script that parts no words.
  private var neighbour = Neighbour.none
  private var script = Script.others

  /// Of the characters that are no words: hiragana are mostly endings and particles of what they follow.
  private enum Script { case ideographs, hiragana, others }

  private enum Neighbour {
    case none
    /// A number, which counts what is behind it: 5月, 3回.
    case number(String)
    /// The place of its bytes, and whether it is a term already.
    case character(Range<Int>, isTerm: Bool)
  }

  /// What is longer is cut: it is no word.
  private static let longestWord = 64
  /// Longer numbers count nothing.
  private static let longestCount = 12
  /// What has more parts is no compound, but a hash or a key.
  private static let mostParts = 4

  mutating func read(_ text: String) {
    var normalized = Normalization.normalized(text) ?? text
    normalized.withUTF8 { bytes in
      terms.reserveCapacity(bytes.count / 8)
      word.reserveCapacity(Self.longestWord)
      var place = 0
      while place < bytes.count { read(bytes, at: &place) }
      endWord()
      endCharacters(bytes)
    }
  }

  private mutating func read(_ bytes: UnsafeBufferPointer<UInt8>, at place: inout Int) {
    let byte = bytes[place]
    if byte.isDigit, word.isEmpty, let date = DateInText(bytes, at: place) {
      endCharacters(bytes)
      terms += date.terms
      place += date.length
      return
    }
    guard byte >= 0x80 else {
      place += 1
      if byte == UInt8(ascii: "'") {
        skipEnding(bytes, at: &place)
      } else if byte != UInt8(ascii: ",") || !isComma(ofThousands: bytes, before: place) {
        read(byte, in: bytes)
      }
      return
    }
    let start = place
    let scalar = bytes.scalar(at: &place)
    // Full-width forms are ASCII in another place.
    if (0xFF01...0xFF5E).contains(scalar.value) {
      read(UInt8(scalar.value - 0xFEE0), in: bytes)
    } else if scalar == "\u{2019}" {
      skipEnding(bytes, at: &place)
    } else {
      read(scalar, at: start..<place, in: bytes)
    }
  }

  /// Reads an ASCII character.
  private mutating func read(_ byte: UInt8, in bytes: UnsafeBufferPointer<UInt8>) {
    guard byte.isLetter || byte.isDigit else {
      endWord()
      endCharacters(bytes)
      return
    }
    if let last = word.last {
      if byte.isDigit != last.isDigit || (byte.isCapital && !last.isCapital)
        || (word.count > 1 && last.isCapital && !byte.isCapital)
      {
        isCompound = true
      }
    } else {
      endCharacters(bytes)
    }
    if word.count < Self.longestWord { word.append(byte) }
  }

  /// Reads a character beyond ASCII.
  private mutating func read(
    _ scalar: Unicode.Scalar, at range: Range<Int>, in bytes: UnsafeBufferPointer<UInt8>
  ) {
    let kind = CharacterClass(scalar.value)
    switch kind {
    case .ideograph, .syllable:
      endWord()
      let before = script
      script = kind == .ideograph ? .ideographs : TextAnalysis.isHiragana(scalar) ? .hiragana : .others
      let isJoined = if case .character = neighbour { true } else { false }
      let isBegun = isJoined && script == before
      let endsPair = isJoined && script == .hiragana
      if !isBegun, !endsPair { stretches.append(terms.count) }
      defer { if !isBegun, endsPair { stretches.append(terms.count) } }
      if kind == .ideograph { terms.append(bytes.text(range)) }
      var isTerm = kind == .ideograph
      switch neighbour {
      case .none: break
      case .number(let number): if kind == .ideograph { terms.append(number + bytes.text(range)) }
      case .character(let before, _):
        let isAdjacent = before.upperBound == range.lowerBound
        terms.append(
          isAdjacent
            ? bytes.text(before.lowerBound..<range.upperBound) : bytes.text(before) + bytes.text(range))
        isTerm = true
      }
      neighbour = .character(range, isTerm: isTerm)
    case .letter:
      // The mark of a Latin letter that Unicode has in no other form.
      if (0x300...0x36F).contains(scalar.value), let last = word.last, last < 0x80 { return }
      if word.isEmpty { endCharacters(bytes) }
      let folded = Normalization.folded(scalar)
      if word.count + folded.count <= Self.longestWord { word += folded }
    case .emoji:
      endWord()
      endCharacters(bytes)
      terms.append(String(scalar))
    case .ignored: break
    case .separator:
      endWord()
      endCharacters(bytes)
    }
  }

  /// Ends a row of characters. One of a syllable that stands alone is a term, since it is in no pair.
  private mutating func endCharacters(_ bytes: UnsafeBufferPointer<UInt8>) {
    if case .character(let range, isTerm: false) = neighbour { terms.append(bytes.text(range)) }
    neighbour = .none
  }

  /// Whether a comma parts thousands: 1,000, yet not 1,2 nor 1,0000.
  private func isComma(ofThousands bytes: UnsafeBufferPointer<UInt8>, before place: Int) -> Bool {
    guard let last = word.last, last.isDigit, !isCompound, place + 3 <= bytes.count else { return false }
    return (0..<3).allSatisfy { bytes[place + $0].isDigit }
      && (place + 3 == bytes.count || !bytes[place + 3].isDigit)
  }

  /// Skips what is behind an apostrophe where it is an ending: Anna's, I'll, don't. Elsewhere the apostrophe
  /// counts for nothing: O'Neill.
  private mutating func skipEnding(_ bytes: UnsafeBufferPointer<UInt8>, at place: inout Int) {
    guard !word.isEmpty else { return }
    var end = place
    while end < bytes.count, end < place + 3, bytes[end].isLetter { end += 1 }
    let ending = bytes[place..<end].map { $0 | 0x20 }
    guard end == bytes.count || bytes[end].isSeparator, Self.endings.contains(ending) else { return }
    if ending == [UInt8(ascii: "t")], let last = word.last, last | 0x20 == UInt8(ascii: "n") {
      word.removeLast()
    }
    place = end
    endWord()
  }

  private static let endings = Set(["s", "t", "d", "m", "ll", "re", "ve"].map { [UInt8]($0.utf8) })

  private mutating func endWord() {
    guard !word.isEmpty else { return }
    defer {
      word.removeAll(keepingCapacity: true)
      isCompound = false
    }
    if isCompound {
      let parts = compoundParts
      append(word[...])
      if parts.count <= Self.mostParts {
        for part in parts { append(word[part]) }
      }
    } else {
      append(word[...])
      if word.count <= Self.longestCount, word.allSatisfy(\.isDigit), let number = terms.last {
        neighbour = .number(number)
      }
    }
  }

  /// The words that a word is made of, where they are several: of `JSONValue2` they are JSON, Value and 2. An
  /// ordinal number is one.
  private var compoundParts: [Range<Int>] {
    var parts: [Range<Int>] = []
    var start = 0
    for place in word.indices.dropFirst() {
      let (last, byte) = (word[place - 1], word[place])
      if byte.isDigit != last.isDigit || (byte.isCapital && !last.isCapital) {
        parts.append(start..<place)
        start = place
      } else if last.isCapital, !byte.isCapital, place - 1 > start {
        // The last of several capitals belongs to what is behind it.
        parts.append(start..<(place - 1))
        start = place - 1
      }
    }
    let ending = String(decoding: word[start...], as: UTF8.self).lowercased()
    let isOrdinal = parts.count == 1 && word[0].isDigit && EnglishWords.ordinalEndings.contains(ending)
    return parts.isEmpty || isOrdinal ? [] : parts + [start..<word.count]
  }

  /// Adds the term of a word.
  private mutating func append(_ word: ArraySlice<UInt8>) {
    var lowercase = [UInt8](word)
    for place in lowercase.indices where lowercase[place].isCapital { lowercase[place] |= 0x20 }
    if lowercase[0].isDigit {
      let number = lowercase.drop { $0 == UInt8(ascii: "0") }
      let ordinal = number.prefix { $0.isDigit }
      let ending = String(decoding: number.dropFirst(ordinal.count), as: UTF8.self)
      let isOrdinal = EnglishWords.ordinalEndings.contains(ending)
      terms.append(ordinal.isEmpty ? "0" : String(decoding: isOrdinal ? ordinal : number, as: UTF8.self))
    } else if let term = EnglishWords.term(of: lowercase) {
      terms.append(term)
    }
  }
}

/// A date as `2023-05-07`, `2023/5/7` or `2023.05.07`, at the start of a time or alone.
private struct DateInText {
  /// Its numbers, its month in English, and its month and day as in Japanese and Chinese.
  let terms: [String]
  let length: Int

  init?(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) {
    var place = start
    guard let year = Self.number(bytes, at: &place, digits: 4...4), place < bytes.count else { return nil }
    let separator = bytes[place]
    guard separator == UInt8(ascii: "-") || separator == UInt8(ascii: "/") || separator == UInt8(ascii: ".")
    else { return nil }
    place += 1
    guard let month = Self.number(bytes, at: &place, digits: 1...2), (1...12).contains(month),
      place < bytes.count, bytes[place] == separator
    else { return nil }
    place += 1
    guard let day = Self.number(bytes, at: &place, digits: 1...2), (1...31).contains(day) else { return nil }
    // The T of 2023-05-07T12:00.
    if place + 1 < bytes.count, bytes[place] | 0x20 == UInt8(ascii: "t"), bytes[place + 1].isDigit {
      place += 1
    }
    length = place - start
    let name = EnglishWords.term(of: [UInt8](EnglishWords.months[month - 1].utf8))
    terms = ["\(year)", name, "\(month)", "\(day)", "\(month)月", "\(day)日"].compactMap(\.self)
  }

  /// A number of so many digits that has no more.
  private static func number(
    _ bytes: UnsafeBufferPointer<UInt8>, at place: inout Int, digits: ClosedRange<Int>
  ) -> Int? {
    var number = 0
    let start = place
    while place < bytes.count, bytes[place].isDigit, place - start <= digits.upperBound {
      number = number * 10 + Int(bytes[place] - UInt8(ascii: "0"))
      place += 1
    }
    return digits.contains(place - start) ? number : nil
  }
}

extension UInt8 {
  fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
  fileprivate var isCapital: Bool { self &- UInt8(ascii: "A") < 26 }
  fileprivate var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 }
  /// Whether it is of ASCII, yet of no word.
  fileprivate var isSeparator: Bool { self < 0x80 && !isLetter && !isDigit }
}

extension UnsafeBufferPointer<UInt8> {
  fileprivate func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: self[range]), as: UTF8.self)
  }

  /// The scalar at a place that is not ASCII, in valid UTF-8; the place moves behind it.
  fileprivate func scalar(at place: inout Int) -> Unicode.Scalar {
    let first = UInt32(self[place])
    let length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    var value = first & (0x7F >> UInt32(length))
    for offset in 1..<length { value = value << 6 | UInt32(self[place + offset] & 0x3F) }
    place += length
    return Unicode.Scalar(value) ?? "\u{FFFD}"
  }
}
