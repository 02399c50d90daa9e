import CompanionDomain

/// Takes a secret out of what a server says.
///
/// Some servers repeat a key that they refuse, in full or with its middle left out.
struct SecretRedaction {
  private let secret: String

  /// - Parameter secret: `nil` when nothing secret was sent.
  init(_ secret: String?) { self.secret = secret ?? "" }

  /// The same details without the secret. To be done before a failure shortens their message, and may cut the
  /// secret in two.
  func callAsFunction(_ details: ProviderErrorDetails) -> ProviderErrorDetails {
    ProviderErrorDetails(
      codes: details.codes.map(redacted), status: details.status, message: redacted(details.message))
  }

  /// The same text without the secret.
  ///
  /// A word goes when it has eight characters in a row from the secret, or all of a shorter one, or masks
  /// something itself.
  func redacted(_ text: String) -> String {
    guard !secret.isEmpty else { return text }
    let pieces = Set(Self.windows(of: secret))
    let width = min(8, secret.utf8.count)
    var result = ""
    var word = ""
    for character in text + "\n" {
      guard character.isWhitespace else {
        word.append(character)
        continue
      }
      let isTold =
        word.contains("***") || Self.windows(of: word, width: width).contains(where: pieces.contains)
      result += isTold ? "[key]" : word
      result.append(character)
      word = ""
    }
    return String(result.dropLast())
  }

  private static func windows(of text: String, width: Int? = nil) -> [ArraySlice<UInt8>] {
    let bytes = Array(text.utf8)
    let width = width ?? min(8, bytes.count)
    guard bytes.count >= width else { return [] }
    return (0...bytes.count - width).map { bytes[$0..<$0 + width] }
  }
}
