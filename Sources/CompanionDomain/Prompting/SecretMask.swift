/// Masks secrets in texts that go into a prompt: keys of well-known providers, tokens, passwords that are named as such,
/// and blocks of private keys.
///
/// It rather misses a secret that has no sign of one than spoil what is none: hashes, UUIDs, names in source code and
/// ordinary words stay as they are. What is masked stays masked: a masked text comes out as it was.
package enum SecretMask {
  /// What stands in the place of a secret.
  package static let mark = "[secret]"

  /// A text without its secrets.
  ///
  /// Complexity: linear in the length of the text, whatever it is.
  package static func masked(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      var reader = SecretReader(bytes)
      reader.read()
      return reader.masked
    } ?? text
  }
}

/// Reads a text once, and notes where secrets are.
private struct SecretReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var secrets: [Range<Int>] = []
  /// The end of the last value that was looked at: the same for all places before it.
  private var valueEnd = 0
  /// From where on there is known to be no end of a block.
  private var noBlockEnd = Int.max

  init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// The text with its secrets masked; `nil` where there are none.
  var masked: String? {
    guard !secrets.isEmpty else { return nil }
    var masked: [UInt8] = []
    masked.reserveCapacity(bytes.count)
    var place = 0
    for secret in secrets {
      masked += bytes[place..<secret.lowerBound]
      masked += SecretMask.mark.utf8
      place = secret.upperBound
    }
    masked += bytes[place...]
    return String(decoding: masked, as: UTF8.self)
  }

  mutating func read() {
    var place = 0
    while place < bytes.count {
      let byte = bytes[place]
      if byte == UInt8(ascii: "-"), let end = keyBlock(at: place) {
        place = mask(place..<end)
      } else if byte == UInt8(ascii: ":"), let password = passwordInAddress(at: place) {
        place = mask(password)
      } else if SecretBytes.isWord(byte) {
        place = word(at: place)
      } else if byte >= 0x80, let length = SecretNames.unspacedName(in: bytes, at: place) {
        place += length
        if let value = value(behind: place, isSpoken: true) { place = mask(value) }
      } else {
        place += 1
      }
    }
  }

  private mutating func mask(_ range: Range<Int>) -> Int {
    secrets.append(range)
    return range.upperBound
  }

  /// Reads a word, and what it names if it is the name of a secret.
  ///
  /// - Returns: from where to go on.
  private mutating func word(at start: Int) -> Int {
    var end = start
    while end < bytes.count, SecretBytes.isWord(bytes[end]) { end += 1 }
    let word = bytes[start..<end]
    if SecretPrefix.isKey(word) || SecretPrefix.isCloudKey(word) {
      // A token may have several parts, such as the three of a JSON web token.
      return mask(start..<partsEnd(from: end))
    }
    if SecretPrefix.isDotted(word), let partEnd = randomPart(behind: end) {
      return mask(start..<partsEnd(from: partEnd))
    }
    if let isBasic = SecretNames.scheme(word), let value = token(behind: end, isStrict: isBasic) {
      return mask(value)
    }
    if SecretNames.isName(word), let value = value(behind: end, isSpoken: SecretNames.isSpoken(word)) {
      return mask(value)
    }
    return end
  }

  /// The end of what stands behind a full stop, if it is no word.
  private func randomPart(behind place: Int) -> Int? {
    guard place < bytes.count, bytes[place] == UInt8(ascii: ".") else { return nil }
    let part = bytes[(place + 1)...].prefix(SecretBytes.longestValue).prefix(while: SecretBytes.isWord)
    return SecretPrefix.hasRandomPart(part) ? part.endIndex : nil
  }

  private func partsEnd(from end: Int) -> Int {
    var end = end
    while end + 1 < bytes.count, bytes[end] == UInt8(ascii: "."), SecretBytes.isWord(bytes[end + 1]) {
      end += 1
      while end < bytes.count, SecretBytes.isWord(bytes[end]) { end += 1 }
    }
    return end
  }

  /// What stands behind `Bearer` or `Basic`, if it is long and not a word.
  private func token(behind place: Int, isStrict: Bool) -> Range<Int>? {
    guard place < bytes.count, bytes[place] == UInt8(ascii: " ") else { return nil }
    var end = place + 1
    while end < bytes.count, SecretBytes.isToken(bytes[end]) { end += 1 }
    let token = place + 1..<end
    let beginning = bytes[token].prefix(SecretBytes.longestValue)
    guard token.count >= 16, SecretBytes.isMixed(beginning) else { return nil }
    return !isStrict || SecretBytes.looksRandom(beginning) ? token : nil
  }

  /// What a name is followed by as its value: behind `=` or `:`, or, where people say it, behind "is".
  private mutating func value(behind place: Int, isSpoken: Bool) -> Range<Int>? {
    var place = place
    // A quotation mark that closes the name; in JSON that is written into a string, with a backslash before it.
    if place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"), SecretBytes.isQuote(bytes[place + 1]) {
      place += 1
    }
    if place < bytes.count, SecretBytes.isQuote(bytes[place]) { place += 1 }
    let nameEnd = place
    place = skipSpaces(from: place)
    guard place < bytes.count else { return nil }
    var isAssigned = false
    if bytes[place] == UInt8(ascii: "=") || bytes[place] == UInt8(ascii: ":") {
      isAssigned = true
      place += 1
      // `==` compares, `:=` assigns.
      if place < bytes.count, bytes[place] == UInt8(ascii: "=") {
        guard bytes[place - 1] == UInt8(ascii: ":") else { return nil }
        place += 1
      }
    } else if isSpoken, let length = SecretNames.verb(in: bytes, at: place) {
      place += length
    } else {
      return nil
    }
    let isTight = isAssigned && place == nameEnd + 1
    place = skipSpaces(from: place)
    if place + 1 < bytes.count, bytes[place] == UInt8(ascii: "\\"), SecretBytes.isQuote(bytes[place + 1]) {
      place += 1
    }
    if place < bytes.count, SecretBytes.isQuote(bytes[place]) {
      return quoted(from: place + 1, by: bytes[place])
    }
    return bare(from: place, isStrict: isAssigned && !isTight && !isSpoken)
  }

  private func quoted(from start: Int, by quote: UInt8) -> Range<Int>? {
    var end = start
    while end < bytes.count, bytes[end] != quote {
      guard bytes[end] > 0x20, bytes[end] != UInt8(ascii: "\\") else { break }
      end += 1
    }
    guard end < bytes.count, bytes[end] == quote || bytes[end] == UInt8(ascii: "\\") else { return nil }
    let value = start..<end
    return value.count >= 6 && SecretBytes.isMixed(bytes[value]) ? value : nil
  }

  /// - Parameter isStrict: whether it may well be source code: then only what looks like chance counts.
  private mutating func bare(from start: Int, isStrict: Bool) -> Range<Int>? {
    if start >= valueEnd {
      valueEnd = start
      while valueEnd < bytes.count, SecretBytes.isValue(bytes[valueEnd]) { valueEnd += 1 }
    }
    guard start < valueEnd else { return nil }
    var value = start..<valueEnd
    // A full stop that ends the sentence.
    while let last = bytes[value].last, last == UInt8(ascii: ".") || last == UInt8(ascii: "!") {
      value = value.lowerBound..<value.upperBound - 1
    }
    let beginning = bytes[value].prefix(SecretBytes.longestValue)
    let next = valueEnd < bytes.count ? bytes[valueEnd] : 0
    // A call or a member of something is source code.
    guard next != UInt8(ascii: "("), next != UInt8(ascii: "["), value.count >= 8 else { return nil }
    guard SecretBytes.isMixed(beginning) else { return nil }
    return !isStrict || SecretBytes.looksRandom(beginning) ? value : nil
  }

  private func skipSpaces(from place: Int) -> Int {
    var place = place
    while place < bytes.count, bytes[place] == 0x20 || bytes[place] == 0x09 { place += 1 }
    return place
  }

  /// The end of a block with a private key that begins at a place.
  private mutating func keyBlock(at place: Int) -> Int? {
    let opening = "-----BEGIN "
    guard SecretBytes.stands(opening, in: bytes, at: place) else { return nil }
    let title = bytes[(place + opening.utf8.count)...].prefix(64)
      .prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\\") }
    guard SecretBytes.contains("PRIVATE KEY", in: title) else { return nil }
    var search = place + opening.utf8.count
    while search < min(noBlockEnd, bytes.count) {
      if bytes[search] == UInt8(ascii: "-"), SecretBytes.stands("-----END ", in: bytes, at: search) {
        search += "-----END ".utf8.count
        // To the end of the line that ends it.
        while search < bytes.count, bytes[search] != UInt8(ascii: "-"), bytes[search] != 0x0a { search += 1 }
        while search < bytes.count, bytes[search] == UInt8(ascii: "-") { search += 1 }
        return search
      }
      search += 1
    }
    noBlockEnd = min(noBlockEnd, place)
    // Without an end it was cut: all that can belong to it goes.
    search = place + opening.utf8.count
    while search < bytes.count, SecretBytes.isOfBlock(bytes[search]) { search += 1 }
    return search
  }

  /// The password in `scheme://user:password@host`, the place being that of the first colon.
  private func passwordInAddress(at place: Int) -> Range<Int>? {
    guard SecretBytes.stands("://", in: bytes, at: place) else { return nil }
    var colon: Int?
    for index in (place + 3)..<min(bytes.count, place + 3 + SecretBytes.longestValue) {
      switch bytes[index] {
      case UInt8(ascii: "@"):
        guard let colon, index > colon + 1, !SecretBytes.stands(SecretMask.mark, in: bytes, at: colon + 1)
        else { return nil }
        return colon + 1..<index
      case UInt8(ascii: ":"): colon = colon ?? index
      case UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: "\""), 0...0x20, 0x80...: return nil
      default: continue
      }
    }
    return nil
  }
}
