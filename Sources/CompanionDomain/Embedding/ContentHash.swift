/// Tells whether two texts are the same without keeping them: 128 bits, the same for all time and everywhere.
///
/// It is FNV-1a with 128 bits over the bytes of UTF-8 (RFC 9923, https://www.rfc-editor.org/rfc/rfc9923). Two
/// texts that happen to differ never have the same; whoever tries can make two that do, so that it decides
/// nothing but whether work is done again. Texts that only look alike, written in other scalars, differ.
public struct ContentHash: Hashable, Sendable {
  /// The 128 bits, the first of their digits the highest.
  public let rawValue: UInt128

  /// A hash that has been stored.
  public init(rawValue: UInt128) { self.rawValue = rawValue }

  /// The hash of a text. Complexity: linear in its length.
  public init(of text: String) {
    var hash: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    for byte in text.utf8 { hash = (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b }
    rawValue = hash
  }
}

extension ContentHash: LosslessStringConvertible {
  /// 32 hexadecimal digits in small letters.
  public var description: String {
    let digits = String(rawValue, radix: 16)
    return String(repeating: "0", count: 32 - digits.utf8.count) + digits
  }

  /// The hash that 32 hexadecimal digits are; `nil` for anything else.
  public init?(_ description: String) {
    guard description.utf8.count == 32, description.utf8.first != UInt8(ascii: "+"),
      let rawValue = UInt128(description, radix: 16)
    else { return nil }
    self.init(rawValue: rawValue)
  }
}

extension ContentHash: Codable {
  /// Decodes 32 hexadecimal digits.
  ///
  /// - Throws: `DecodingError` for anything else.
  public init(from decoder: any Decoder) throws {
    let text = try decoder.singleValueContainer().decode(String.self)
    guard let hash = Self(text) else {
      throw DecodingError.dataCorrupted(
        DecodingError.Context(
          codingPath: decoder.codingPath, debugDescription: "This is not 32 hexadecimal digits."))
    }
    self = hash
  }

  /// Encodes 32 hexadecimal digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
