/// The beginning and the end of bytes of which there may be any number; the middle is counted.
public struct OutputWindow: Hashable, Sendable {
  /// How many bytes there were.
  public private(set) var total = 0

  private let half: Int
  private var head: [UInt8] = []
  /// A ring, full from the time when as many bytes have come as it holds.
  private var tail: [UInt8] = []
  private var next = 0

  /// - Parameter limit: the most bytes that are kept, half of them of the beginning; at least 2, less counts as that.
  public init(limit: Int) { half = max(1, limit / 2) }

  /// Whether some bytes are not kept.
  public var isCut: Bool { total > head.count + tail.count }

  /// Takes what comes next.
  ///
  /// Complexity: linear in the number of bytes.
  public mutating func append(_ bytes: some Collection<UInt8>) {
    total += bytes.count
    let first = bytes.prefix(half - head.count)
    head += first
    let rest = bytes.dropFirst(first.count)
    for byte in rest.suffix(half) {
      if tail.count < half {
        tail.append(byte)
      } else {
        tail[next] = byte
        next = (next + 1) % half
      }
    }
  }

  /// The bytes as text in UTF-8, with a note where the middle is missing. What is no UTF-8 is replaced; a character
  /// that was cut in two goes.
  public var text: String {
    let end = tail[next...] + tail[..<next]
    guard isCut else { return String(decoding: head + end, as: UTF8.self) }
    let isContinuation = { (byte: UInt8) in byte & 0xC0 == 0x80 }
    let start = head.prefix(head.count - Self.unfinished(head))
    let rest = end.drop(while: isContinuation)
    return String(decoding: start, as: UTF8.self)
      + "\n[… \(total - start.count - rest.count) bytes left out …]\n" + String(decoding: rest, as: UTF8.self)
  }

  /// How many bytes at the end are the beginning of a character whose rest is missing.
  private static func unfinished(_ bytes: [UInt8]) -> Int {
    for length in 1...3 where length <= bytes.count {
      let byte = bytes[bytes.count - length]
      if byte & 0xC0 == 0x80 { continue }
      let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
      return needed > length ? length : 0
    }
    return 0
  }
}
