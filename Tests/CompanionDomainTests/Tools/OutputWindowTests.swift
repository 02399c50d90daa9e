import CompanionDomain
import Testing

struct OutputWindowTests {
  @Test(arguments: [2, 3, 7, 8, 100]) func `whatever comes in whatever pieces, its two ends are kept`(
    limit: Int
  ) {
    let bytes = (0..<50).map { UInt8(ascii: "a") + UInt8($0 % 26) }
    for size in 1...51 {
      var window = OutputWindow(limit: limit)
      var rest = bytes[...]
      while !rest.isEmpty {
        window.append(rest.prefix(size))
        rest = rest.dropFirst(size)
      }
      let half = max(1, limit / 2)
      #expect(window.total == 50)
      #expect(window.isCut == (half * 2 < 50))
      let text = String(decoding: bytes, as: UTF8.self)
      let expected =
        half * 2 >= 50
        ? text : "\(text.prefix(half))\n[… \(50 - half * 2) bytes left out …]\n\(text.suffix(half))"
      #expect(window.text == expected)
    }
  }

  @Test func `no character is cut in two`() {
    for limit in 2...40 {
      var window = OutputWindow(limit: limit)
      window.append(Array(String(repeating: "猫🙂é", count: 20).utf8))
      #expect(!window.text.unicodeScalars.contains("\u{FFFD}"))
    }
  }
}
