import FoundationEssentials

extension String {
  /// The text with every byte as `%XX` that is not a letter, a digit or one of `-._~`: one component of a path,
  /// or one value of a query.
  ///
  /// Source: RFC 3986, 2.3.
  var percentEncoded: String { percentEncoded(keeping: Self.isUnreserved) }

  /// The text as the value of a header field: what is not visible ASCII, and `%` itself, is written as `%XX`.
  var headerValue: String {
    percentEncoded { (0x21...0x7e).contains($0) && $0 != UInt8(ascii: "%") }
  }

  private func percentEncoded(keeping isKept: (UInt8) -> Bool) -> String {
    var encoded: [UInt8] = []
    let digits = [UInt8]("0123456789ABCDEF".utf8)
    for byte in utf8 {
      if isKept(byte) {
        encoded.append(byte)
      } else {
        encoded += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: encoded, as: UTF8.self)
  }

  private static func isUnreserved(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: "-._~".utf8.contains(byte)
    }
  }
}

extension URLComponents {
  /// Adds to the query, and leaves what is in it as it is written.
  mutating func addQueryItem(_ name: String, _ value: String) {
    let item = "\(name.percentEncoded)=\(value.percentEncoded)"
    percentEncodedQuery = [percentEncodedQuery, item].compactMap(\.self).filter { !$0.isEmpty }
      .joined(separator: "&")
  }
}
