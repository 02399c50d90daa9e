/// How keys of well-known providers begin.
enum SecretPrefix {
  /// Whether a word is a key: one of these beginnings, and behind it something that is no word.
  static func isKey(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard word.count >= 16, let first = word.first, let candidates = byFirstByte[first] else { return false }
    return candidates.contains { prefix in
      word.starts(with: prefix) && hasRandomPart(word.dropFirst(prefix.count))
    }
  }

  /// Whether a word is the public half of a cloud's key pair: its form is fixed.
  static func isCloudKey(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    guard word.count == 20, word.starts(with: Array("AKIA".utf8)) || word.starts(with: Array("ASIA".utf8))
    else { return false }
    return word.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5a).contains($0) }
  }

  /// Whether a word begins a key if a full stop and something that is no word stand behind it.
  static func isDotted(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    dotted.contains { word.elementsEqual($0) }
  }

  /// Whether one of the parts between hyphens and underscores is long and mixed.
  static func hasRandomPart(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    word.prefix(SecretBytes.longestValue).split { $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") }
      .contains { part in part.count >= 16 && SecretBytes.isMixed(part) }
  }

  static let all = [
    "sk-", "sk_", "rk_live_", "rk_test_", "gsk_", "xai-", "hf_", "AIza", "pplx-", "nvapi-", "r8_", "ghp_",
    "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-",
    "xapp-", "npm_", "pypi-", "dop_v1_", "shpat_", "lin_api_", "eyJ", "whsec_", "ntn_",
    "glsa_", "dckr_pat_", "PMAK-", "sntrys_", "xoxe-",
  ]

  private static let dotted = ["SG", "ya29", "hvs", "hvb", "hvr"].map { Array($0.utf8) }

  private static let byFirstByte = Dictionary(grouping: all.map { Array($0.utf8) }) { $0.first ?? 0 }
}

/// Under which names people write secrets.
enum SecretNames {
  /// Whether a word names a secret: it ends in one of the names, whatever its letters and its signs between words.
  static func isName(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    // Most words end in other letters than all of them.
    guard let ending = ending(of: word), endings.contains(ending) else { return false }
    return names.contains { ends(word, in: $0, isAll: false) } || ends(word, in: token, isAll: true)
  }

  private static let endings = Set((names + [token]).compactMap { ending(of: $0) })

  /// The last two letters of a word, without regard to capitals, hyphens and underscores.
  private static func ending(of word: some BidirectionalCollection<UInt8>) -> UInt16? {
    var last: UInt8?
    for byte in word.suffix(longestName).reversed()
    where byte != UInt8(ascii: "_") && byte != UInt8(ascii: "-") {
      guard let last else {
        last = byte | 0x20
        continue
      }
      return UInt16(byte | 0x20) << 8 | UInt16(last)
    }
    return nil
  }

  /// Whether a word is one by which people say a secret in a sentence.
  static func isSpoken(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    spoken.contains { ends(word, in: $0, isAll: true) }
  }

  /// Whether a word that says that a token follows is also a common word; `nil` for one that says nothing.
  static func scheme(_ word: Slice<UnsafeBufferPointer<UInt8>>) -> Bool? {
    guard word.count == 6 || word.count == 5 else { return nil }
    return ends(word, in: bearer, isAll: true) ? false : ends(word, in: basic, isAll: true) ? true : nil
  }

  /// The length of a name that is written without spaces around it.
  static func unspacedName(in bytes: UnsafeBufferPointer<UInt8>, at place: Int) -> Int? {
    guard place + 2 < bytes.count,
      unspacedBeginnings.contains(beginning(bytes[place], bytes[place + 1], bytes[place + 2]))
    else { return nil }
    return unspaced.first { SecretBytes.stands($0, in: bytes, at: place) }?.utf8.count
  }

  private static func beginning(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> UInt32 {
    UInt32(first) << 16 | UInt32(second) << 8 | UInt32(third)
  }

  private static let unspacedBeginnings: [UInt32] = unspaced.compactMap { name in
    let bytes = Array(name.utf8)
    return bytes.count > 2 ? beginning(bytes[0], bytes[1], bytes[2]) : nil
  }

  /// The length of a word between a name and its value, with the spaces behind it.
  static func verb(in bytes: UnsafeBufferPointer<UInt8>, at place: Int) -> Int? {
    guard let verb = verbs.first(where: { SecretBytes.stands($0, in: bytes, at: place) }) else { return nil }
    return verb.utf8.count
  }

  /// Whether a word ends in a name, or is one, without regard to capitals, hyphens and underscores.
  private static func ends(_ word: Slice<UnsafeBufferPointer<UInt8>>, in name: [UInt8], isAll: Bool) -> Bool {
    var place = name.count
    for byte in word.suffix(longestName).reversed() {
      if byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-") { continue }
      guard place > 0 else { return !isAll }
      place -= 1
      guard byte | 0x20 == name[place] else { return false }
    }
    return place == 0 && (!isAll || word.count <= longestName)
  }

  private static let longestName = 32
  private static let token = Array("token".utf8)
  private static let bearer = Array("bearer".utf8)
  private static let basic = Array("basic".utf8)
  private static let names = [
    "password", "passwd", "pwd", "passphrase", "secret", "secretkey", "apikey", "accesskey", "accountkey",
    "privatekey", "signingkey", "encryptionkey", "authkey", "accesstoken", "authtoken", "apitoken",
    "bearertoken",
    "refreshtoken", "sessiontoken", "credential", "credentials",
  ].map { Array($0.utf8) }
  private static let spoken = ["password", "passphrase", "passwd", "secret", "token"].map { Array($0.utf8) }
  private static let unspaced = ["パスワード", "暗証番号", "合言葉", "密码", "密碼", "口令", "密钥", "キー", "アクセスキー"]
  private static let verbs = ["is ", "was ", "は", "为", "為", "是", "：", "「", "『"]
}

/// What bytes of texts are.
enum SecretBytes {
  /// What is longer is judged by its beginning.
  static let longestValue = 256

  static func isWord(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || byte == 0x5f || byte == 0x2d
  }

  static func isLetter(_ byte: UInt8) -> Bool { (0x61...0x7a).contains(byte | 0x20) }

  static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

  static func isQuote(_ byte: UInt8) -> Bool { byte == 0x22 || byte == 0x27 || byte == 0x60 }

  /// Of what a token behind `Bearer` consists.
  static func isToken(_ byte: UInt8) -> Bool { isWord(byte) || "._~+/=".utf8.contains(byte) }

  /// Of what a value without quotation marks consists: whatever can be seen, but for what ends it.
  static func isValue(_ byte: UInt8) -> Bool {
    (0x21...0x7e).contains(byte) && !"\"'`,;()[]{}<>\\".utf8.contains(byte)
  }

  /// Of what a block of a private key consists, its line breaks and those that are written as `\n` included.
  static func isOfBlock(_ byte: UInt8) -> Bool {
    isLetter(byte) || isDigit(byte) || "+/=\\:,- \r\n".utf8.contains(byte)
  }

  /// Whether there is a letter and a digit.
  static func isMixed(_ bytes: some Sequence<UInt8>) -> Bool {
    var (hasLetter, hasDigit) = (false, false)
    for byte in bytes {
      hasLetter = hasLetter || isLetter(byte)
      hasDigit = hasDigit || isDigit(byte)
      if hasLetter && hasDigit { return true }
    }
    return false
  }

  /// Whether it is long, and letters and digits take turns as they do by chance alone.
  static func looksRandom(_ bytes: some Sequence<UInt8>) -> Bool {
    var (count, digits, turns) = (0, 0, 0)
    var last: Bool?
    for byte in bytes where isLetter(byte) || isDigit(byte) {
      let isDigit = isDigit(byte)
      count += 1
      digits += isDigit ? 1 : 0
      if let last, last != isDigit { turns += 1 }
      last = isDigit
    }
    return count >= 16 && digits >= 3 && turns >= 4
  }

  static func stands(_ text: String, in bytes: UnsafeBufferPointer<UInt8>, at place: Int) -> Bool {
    guard bytes.count - place >= text.utf8.count else { return false }
    var place = place
    for byte in text.utf8 {
      guard bytes[place] == byte else { return false }
      place += 1
    }
    return true
  }

  static func contains(_ text: String, in bytes: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
    let wanted = Array(text.utf8)
    return bytes.indices.contains { bytes[$0...].starts(with: wanted) }
  }
}
