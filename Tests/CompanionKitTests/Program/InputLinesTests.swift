import Testing

@testable import companion

struct InputLinesTests {
  @Test func `lines come out as they were read, however they arrive`() {
    let text = "one\r\n\ntwo 日本\nthree\nlast"
    for size in 1...text.utf8.count {
      var lines = InputLines()
      var read: [String] = []
      var bytes = Array(text.utf8)[...]
      while !bytes.isEmpty {
        lines.add(Array(bytes.prefix(size)))
        bytes = bytes.dropFirst(size)
        while lines.hasLine, let line = lines.next() { read.append(line) }
        #expect(lines.next() == nil)
      }
      if let rest = lines.rest() { read.append(rest) }
      #expect(read == ["one", "", "two 日本", "three", "last"])
      #expect(lines.rest() == nil)
    }
  }

  @Test func `what is no UTF-8 is replaced, and an empty end is no line`() {
    var lines = InputLines()
    lines.add([0x61, 0xff, 0x0a])
    #expect(lines.next() == "a\u{FFFD}")
    #expect(lines.rest() == nil)
  }
}
