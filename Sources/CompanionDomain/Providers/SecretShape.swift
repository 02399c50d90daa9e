/// What keys look like, and the names under which people write them: to refuse them where they do not belong.
enum SecretShape {
  /// Whether a text is a key, by how those of well-known providers begin.
  static func isSecret(_ text: String) -> Bool {
    let words = text.split { !$0.isLetter && !$0.isNumber && !"-_".contains($0) }
    return words.contains { word in SecretPrefix.all.contains { word.hasPrefix($0) && word.count >= 16 } }
      || text.lowercased().hasPrefix("bearer ")
  }

  /// Whether a text that should be a secret's name is rather the secret: it is long, and has no order.
  static func isSecretInPlaceOfName(_ text: String) -> Bool {
    isSecret(text)
      || text.split { !$0.isLetter && !$0.isNumber }.contains { run in
        run.count >= 32 && run.contains(where: \.isNumber) && run.contains(where: \.isLetter)
      }
  }

  /// Whether a member or a parameter of this name would hold a secret.
  static func isSecretName(_ name: String) -> Bool {
    let letters = name.lowercased().filter(\.isLetter)
    return letters == "token" || suffixes.contains { letters.hasSuffix($0) }
      || parts.contains { letters.contains($0) }
  }

  /// Whether a name that nobody knows can be printed: it is short and plain, and no secret.
  static func isQuotable(_ name: String) -> Bool {
    (1...64).contains(name.utf8.count)
      && name.utf8.allSatisfy { byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"):
          true
        default: false
        }
      }
      && !isSecretInPlaceOfName(name)
  }

  private static let suffixes = ["key", "accesstoken", "authtoken", "apitoken", "bearertoken"]
  private static let parts = ["secret", "password", "passwd", "authorization", "credential"]
}
