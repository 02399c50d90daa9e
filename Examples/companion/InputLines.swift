/// Bytes that were read, line by line. What is no UTF-8 is replaced.
struct InputLines {
  private var bytes: [UInt8] = []
  /// The first byte that was not given out.
  private var start = 0
  /// The end of the first line; `nil` while there is none.
  private var end: Int?

  /// Whether a whole line is there.
  var hasLine: Bool { end != nil }

  mutating func add(_ more: [UInt8]) {
    let place = bytes.count
    bytes += more
    if end == nil { end = bytes[place...].firstIndex(of: UInt8(ascii: "\n")) }
  }

  /// The next line without its end; `nil` where none is whole.
  mutating func next() -> String? {
    guard let end else { return nil }
    let line = text(to: end)
    start = end + 1
    self.end = bytes[start...].firstIndex(of: UInt8(ascii: "\n"))
    if self.end == nil {
      bytes.removeFirst(start)
      start = 0
    }
    return line
  }

  /// What stands behind the last line; `nil` for nothing.
  mutating func rest() -> String? {
    guard start < bytes.count else { return nil }
    defer { (bytes, start) = ([], 0) }
    return text(to: bytes.count)
  }

  private func text(to end: Int) -> String {
    var line = bytes[start..<end]
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    return String(decoding: line, as: UTF8.self)
  }
}
