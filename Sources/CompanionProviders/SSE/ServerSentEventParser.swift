public import FoundationEssentials

/// Finds the events in a stream of bytes.
///
/// It follows the rules of the WHATWG: lines end with CR, LF or CRLF, an event with an empty line; comments
/// and unknown fields are passed over; a byte-order mark at the beginning is not data. The stream may be
/// split anywhere. In one point it goes further: ``finish()`` delivers an event that the stream ends
/// within, since providers do not all end their last one. Its time is linear in the bytes, whatever their
/// split.
///
/// Source: https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream
public struct ServerSentEventParser: Sendable {
  /// How long the server asks to wait before a lost stream is asked for again.
  public private(set) var reconnectionTime: Duration?

  private let maximumEventSize: Int
  private var buffer: [UInt8] = []
  /// Where the line that is being read begins.
  private var lineStart = 0
  /// What lies before this holds no line end.
  private var searched = 0
  /// The next CR at or behind `searched`; the buffer's end where there is none.
  private var nextReturn = 0
  private var isAtBeginning = true
  /// A line has ended with a CR: a line feed right behind it belongs to it.
  private var skipsLineFeed = false

  private var type = ""
  private var data: [UInt8] = []
  private var hasData = false
  private var lastEventID = ""

  /// - Parameter maximumEventSize: the most bytes of one event.
  public init(maximumEventSize: Int = 16 << 20) { self.maximumEventSize = maximumEventSize }

  /// Takes the next bytes of the stream.
  public mutating func append(_ bytes: Data) {
    if lineStart > 0 {
      buffer.removeSubrange(..<lineStart)
      searched -= lineStart
      lineStart = 0
    }
    unsafe bytes.withUnsafeBytes { unsafe buffer.append(contentsOf: $0) }
    findNextReturn()
  }

  /// The next event; `nil` when more bytes are needed.
  ///
  /// - Throws: ``ServerSentEventFailure/tooLong(limit:)``; the stream cannot be read on then.
  public mutating func next() throws(ServerSentEventFailure) -> ServerSentEvent? {
    skipByteOrderMark()
    if let event = nextPlainEvent() { return event }
    while let line = nextLine() {
      if line.isEmpty {
        if let event = takeEvent() { return event }
      } else {
        read(line)
      }
      try checkSize()
    }
    try checkSize()
    return nil
  }

  /// The last event, when the stream has ended without ending it.
  public mutating func finish() throws(ServerSentEventFailure) -> ServerSentEvent? {
    if let event = try next() { return event }
    if lineStart < buffer.count { read(lineStart..<buffer.count) }
    buffer.removeAll()
    (lineStart, searched, nextReturn) = (0, 0, 0)
    return takeEvent()
  }

  private mutating func findNextReturn() {
    let start = searched
    nextReturn = unsafe buffer.withUnsafeBytes {
      unsafe ByteSearch.firstIndex(of: .carriageReturn, in: $0, from: start, to: $0.count)
    }
  }

  private func checkSize() throws(ServerSentEventFailure) {
    guard data.count + (searched - lineStart) <= maximumEventSize else {
      throw .tooLong(limit: maximumEventSize)
    }
  }

  private mutating func skipByteOrderMark() {
    guard isAtBeginning, !buffer.isEmpty else { return }
    let mark: [UInt8] = [0xef, 0xbb, 0xbf]
    guard buffer.count >= mark.count || !mark.starts(with: buffer) else { return }
    isAtBeginning = false
    if buffer.starts(with: mark) {
      lineStart = mark.count
      searched = mark.count
    }
  }

  /// The next event, when it is one line of data between line feeds and is here as a whole. Nearly every
  /// event of a provider is; none of its bytes is then copied but into the event.
  private mutating func nextPlainEvent() -> ServerSentEvent? {
    guard !isAtBeginning, !skipsLineFeed, !hasData, type.isEmpty, nextReturn >= searched else { return nil }
    let (lineStart, searched, nextReturn) = (lineStart, searched, nextReturn)
    let plain: (end: Int, data: Data)? = unsafe buffer.withUnsafeBytes { bytes in
      let dataStart = lineStart + Self.plainPrefix.utf8CodeUnitCount
      guard dataStart < bytes.count, unsafe Self.isPlain(bytes, at: lineStart) else { return nil }
      let end = unsafe ByteSearch.firstIndex(
        of: .lineFeed, in: bytes, from: max(searched, dataStart), to: nextReturn)
      guard end < nextReturn, end + 1 < bytes.count, unsafe bytes[end + 1] == .lineFeed,
        end - lineStart <= maximumEventSize
      else { return nil }
      return unsafe (end, Data(UnsafeRawBufferPointer(rebasing: bytes[dataStart..<end])))
    }
    guard let plain else { return nil }
    self.lineStart = plain.end + 2
    self.searched = plain.end + 2
    return ServerSentEvent(data: plain.data, lastEventID: lastEventID)
  }

  private static let plainPrefix: StaticString = "data: "

  private static func isPlain(_ bytes: UnsafeRawBufferPointer, at start: Int) -> Bool {
    plainPrefix.withUTF8Buffer { prefix in
      for offset in prefix.indices where unsafe bytes[start + offset] != prefix[offset] { return false }
      return true
    }
  }

  /// The next whole line, without its end.
  private mutating func nextLine() -> Range<Int>? {
    guard !isAtBeginning else { return nil }
    if skipsLineFeed, lineStart < buffer.count {
      skipsLineFeed = false
      if buffer[lineStart] == .lineFeed { lineStart += 1 }
      searched = max(searched, lineStart)
    }
    // Most streams hold no CR at all: then each byte is looked at once for LF and once for CR.
    if nextReturn < searched {
      findNextReturn()
    }
    let (start, limit) = (searched, nextReturn)
    let nextFeed = unsafe buffer.withUnsafeBytes {
      unsafe ByteSearch.firstIndex(of: .lineFeed, in: $0, from: start, to: limit)
    }
    let end = min(nextFeed, nextReturn)
    searched = end
    guard end < buffer.count else { return nil }
    skipsLineFeed = end == nextReturn
    defer {
      lineStart = end + 1
      searched = lineStart
    }
    return lineStart..<end
  }

  private mutating func takeEvent() -> ServerSentEvent? {
    defer {
      type = ""
      data.removeAll(keepingCapacity: true)
      hasData = false
    }
    guard hasData else { return nil }
    return ServerSentEvent(
      type: type.isEmpty ? "message" : type, data: Data(data), lastEventID: lastEventID)
  }

  private mutating func read(_ line: Range<Int>) {
    // By far the most lines are data.
    if buffer[line.lowerBound] == UInt8(ascii: "d"), starts(line, with: "data") {
      let value = value(of: line, nameLength: 4)
      guard let value else { return }
      if hasData { data.append(.lineFeed) }
      hasData = true
      data.append(contentsOf: buffer[value])
    } else if starts(line, with: "event"), let value = value(of: line, nameLength: 5) {
      type = String(decoding: buffer[value], as: UTF8.self)
    } else if starts(line, with: "id"), let value = value(of: line, nameLength: 2) {
      if !buffer[value].contains(0) { lastEventID = String(decoding: buffer[value], as: UTF8.self) }
    } else if starts(line, with: "retry"), let value = value(of: line, nameLength: 5) {
      let digits = buffer[value]
      guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return }
      reconnectionTime = Int(String(decoding: digits, as: UTF8.self)).map { .milliseconds($0) }
    }
  }

  private func starts(_ line: Range<Int>, with name: StaticString) -> Bool {
    guard line.count >= name.utf8CodeUnitCount else { return false }
    return name.withUTF8Buffer { name in
      for offset in name.indices where unsafe buffer[line.lowerBound + offset] != name[offset] {
        return false
      }
      return true
    }
  }

  /// What stands behind a field's name; `nil` when the name goes on.
  private func value(of line: Range<Int>, nameLength: Int) -> Range<Int>? {
    var start = line.lowerBound + nameLength
    guard start < line.upperBound else { return start..<start }
    guard buffer[start] == UInt8(ascii: ":") else { return nil }
    start += 1
    if start < line.upperBound, buffer[start] == UInt8(ascii: " ") { start += 1 }
    return start..<line.upperBound
  }
}

extension UInt8 {
  fileprivate static let lineFeed = UInt8(ascii: "\n")
  fileprivate static let carriageReturn = UInt8(ascii: "\r")
}
