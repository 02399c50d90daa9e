import CompanionDomain
import Testing

struct IdentifierTests {
  @Test(arguments: ["a", "kyoto-2026", "日本", String(repeating: "x", count: 128)])
  func `a printable string of up to 128 bytes is an identifier`(text: String) {
    #expect(SessionID(text)?.rawValue == text)
  }

  @Test(arguments: [
    "", " ", "a b", "a\n", "a\u{0}", "a\u{7F}", "　", "a\u{202E}b", "a\u{200B}",
    String(repeating: "x", count: 129),
  ])
  func `an empty, long, blank or unprintable string is none`(text: String) {
    #expect(SessionID(text) == nil)
  }

  @Test func `the order of identifiers is the order of their bits`() {
    let bits: [UInt128] = [0, 1, 31, 32, 1 << 64, (1 << 64) + 1, .max]
    let identifiers = bits.map { TaskID(bits: $0) }
    #expect(identifiers == identifiers.sorted())
    #expect(Set(identifiers).count == bits.count)
    #expect(identifiers.allSatisfy { $0.rawValue.utf8.count == 26 })
  }
}
