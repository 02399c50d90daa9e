import CompanionDomain
import FoundationEssentials
import Testing

struct ContentHashTests {
  /// The first from the authors' page (http://www.isthe.com/chongo/tech/comp/fnv/), which RFC 9923 repeats.
  @Test(arguments: [
    ("", "6c62272e07bb014262b821756295c58d"), ("a", "d228cb696f1a8caf78912b704e4a8964"),
    ("foobar", "343e1662793c64bf6f0d3597ba446f18"),
  ])
  func `it is FNV-1a with 128 bits`(text: String, digits: String) {
    #expect(ContentHash(of: text).description == digits)
  }

  @Test func `it is of bytes, not of what looks alike`() {
    #expect(ContentHash(of: "e\u{301}") != ContentHash(of: "\u{e9}"))
    #expect(ContentHash(of: "a\0") != ContentHash(of: "a"))
  }

  @Test(arguments: [0, 1, 0xff << 64, .max] as [UInt128])
  func `it is written as 32 digits, and read from them`(bits: UInt128) throws {
    let hash = ContentHash(rawValue: bits)
    #expect(hash.description.utf8.count == 32)
    #expect(ContentHash(hash.description) == hash)
    let json = try JSONEncoder().encode([hash])
    #expect(String(decoding: json, as: UTF8.self) == "[\"\(hash)\"]")
    #expect(try JSONDecoder().decode([ContentHash].self, from: json) == [hash])
  }

  @Test(
    arguments: [
      "", "0", "6c62272e07bb014262b821756295c58", "6c62272e07bb014262b821756295c58d0",
      "+c62272e07bb014262b821756295c58d", "-c62272e07bb014262b821756295c58d",
      "6c62272e07bb014262b821756295c58g",
      " 62272e07bb014262b821756295c58d ", "６c62272e07bb014262b821756295c5",
    ])
  func `nothing else is one`(text: String) {
    #expect(ContentHash(text) == nil)
    #expect(throws: DecodingError.self) {
      let _ = try JSONDecoder().decode([ContentHash].self, from: try JSONEncoder().encode([text]))
    }
  }

  @Test func `texts that differ in little have hashes that differ in much`() {
    let hashes = (0..<2_000).map { ContentHash(of: "message \($0)").rawValue }
    #expect(Set(hashes).count == hashes.count)
    #expect(Set(hashes.map { $0 >> 64 }).count == hashes.count)
    #expect(Set(hashes.map { UInt64(truncatingIfNeeded: $0) }).count == hashes.count)
  }
}
