import CompanionDomain
import CompanionProviders
import CompanionTesting
import FoundationEssentials
import Testing

struct ServerSentEventParserTests {
  /// What each of the rules turns on: line ends, comments, fields with and without a colon, texts of several
  /// bytes a character, an event without data, one without an end.
  static let document = """
    \u{feff}: a comment\r
    data: first\r
    data:second\r
    data\r
    \r
    event: greeting
    id: 7
    data: héllo 🌱

    event: dropped

    retry: 1500\rdata:  two spaces\r\runknown: x
    dataset: no
    data: {"a":1}\r\n\r\n:\n\ndata: [DONE]
    """

  static let expected = [
    ServerSentEvent(data: Data("first\nsecond\n".utf8)),
    ServerSentEvent(type: "greeting", data: Data("héllo 🌱".utf8), lastEventID: "7"),
    ServerSentEvent(data: Data(" two spaces".utf8), lastEventID: "7"),
    ServerSentEvent(data: Data("{\"a\":1}".utf8), lastEventID: "7"),
    ServerSentEvent(data: Data("[DONE]".utf8), lastEventID: "7"),
  ]

  private func events(
    _ pieces: [Data], maximumEventSize: Int = 1 << 20
  ) throws(ServerSentEventFailure) -> [ServerSentEvent] {
    var parser = ServerSentEventParser(maximumEventSize: maximumEventSize)
    var events: [ServerSentEvent] = []
    for piece in pieces {
      parser.append(piece)
      while let event = try parser.next() { events.append(event) }
    }
    while let event = try parser.finish() { events.append(event) }
    return events
  }

  @Test func `the rules are followed`() throws {
    #expect(try events([Data(Self.document.utf8)]) == Self.expected)
  }

  @Test func `where the stream is split changes nothing`() throws {
    let bytes = Data(Self.document.utf8)
    for first in 0...bytes.count {
      #expect(try events([bytes.prefix(first), bytes.dropFirst(first)]) == Self.expected)
    }
    #expect(try events(bytes.map { Data([$0]) }) == Self.expected)
  }

  @Test func `no split into any number of pieces changes anything`() throws {
    var random = SplitMix64(seed: 1)
    for _ in 0..<2_000 {
      var rest = Data(Self.document.utf8)
      var pieces: [Data] = []
      while !rest.isEmpty {
        let length = Int.random(in: 0...12, using: &random)
        pieces.append(rest.prefix(length))
        rest = rest.dropFirst(length)
      }
      #expect(try events(pieces) == Self.expected)
    }
  }

  @Test func `whatever the bytes are, every split gives the same events`() throws {
    var random = SplitMix64(seed: 2)
    let alphabet: [UInt8] = [0, 0x0a, 0x0d, 0x20, 0x3a, 0x64, 0x61, 0x74, 0xef, 0xbb, 0xbf, 0xff]
    let words: [[UInt8]] =
      alphabet.map { [$0] } + ["data", "event:", "id:", "retry: 9"].map { [UInt8]($0.utf8) }
    for _ in 0..<5_000 {
      let bytes = Data((0..<24).flatMap { _ in words[Int.random(in: 0..<words.count, using: &random)] })
      let cut = Int.random(in: 0...bytes.count, using: &random)
      #expect(try events([bytes]) == events([bytes.prefix(cut), bytes.dropFirst(cut)]))
      #expect(try events([bytes]) == events(bytes.map { Data([$0]) }))
    }
  }

  @Test func `an event is there as soon as its empty line is, even when that ends with CR`() throws {
    var parser = ServerSentEventParser()
    parser.append(Data("data: x\r\r".utf8))
    #expect(try parser.next()?.data == Data("x".utf8))
    parser.append(Data("\ndata: y\n\n".utf8))
    #expect(try parser.next()?.data == Data("y".utf8))
    #expect(try parser.next() == nil)
  }

  @Test func `an event that the stream ends within is delivered once`() throws {
    var parser = ServerSentEventParser()
    parser.append(Data("data: last".utf8))
    #expect(try parser.next() == nil)
    #expect(try parser.finish()?.data == Data("last".utf8))
    #expect(try parser.finish() == nil)
  }

  @Test func `an empty data field is an event, no data field is none`() throws {
    #expect(try events([Data("data\n\n".utf8)]) == [ServerSentEvent(data: Data())])
    #expect(try events([Data("event: x\n\n".utf8)]) == [])
    #expect(try events([Data("\n\n\r\r\n".utf8)]) == [])
  }

  @Test func `an identifier with a zero byte is ignored`() throws {
    #expect(try events([Data("id: 1\nid: 2\u{0}\ndata: x\n\n".utf8)]).map(\.lastEventID) == ["1"])
  }

  @Test func `only digits are a reconnection time`() throws {
    var parser = ServerSentEventParser()
    parser.append(Data("retry: soon\n\n".utf8))
    _ = try parser.next()
    #expect(parser.reconnectionTime == nil)
    parser.append(Data("retry: 1500\n\n".utf8))
    _ = try parser.next()
    #expect(parser.reconnectionTime == .milliseconds(1500))
    parser.append(Data("retry: 99999999999999999999\n\n".utf8))
    _ = try parser.next()
  }

  @Test func `an event is bounded, in one line and in many`() throws {
    let line = Data(String(repeating: "data: 0123456789\n", count: 20).utf8)
    #expect(throws: ServerSentEventFailure.tooLong(limit: 100)) { try events([line], maximumEventSize: 100) }
    let long = Data(repeating: 0x78, count: 200)
    #expect(throws: ServerSentEventFailure.tooLong(limit: 100)) { try events([long], maximumEventSize: 100) }
    let many = Data(String(repeating: "data: 0123456789\n\n", count: 100).utf8)
    #expect(try events([many], maximumEventSize: 100).count == 100)
  }
}
